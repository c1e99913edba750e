import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Handler } from '../../../src/http/contract.ts';
import { HttpServer, type HttpServerOptions } from '../../../src/http/server.ts';
import { silentLog } from './silent-log.ts';

/** A server on a free port of 127.0.0.1, closed when the test is over. */
export async function startServer(handler: Handler, options: Partial<HttpServerOptions> = {}): Promise<HttpServer> {
  const server = new HttpServer({
    handler,
    log: silentLog,
    clientTimeoutMs: 5000,
    keepAliveTimeoutMs: 5000,
    maxRequestLine: 8192,
    maxHeaderLine: 8192,
    maxHeaderCount: 126,
    ...options,
  });
  await server.listen({ host: '127.0.0.1', port: 0 });
  onTestFinished(() => server.close());
  return server;
}

/** A client that sees and sends bytes. Text is latin-1. */
export class RawClient {
  readonly socket: Socket;
  received = '';
  /** The server ended or cut the connection. */
  closed = false;
  #notify: (() => void) | null = null;

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk) => {
      this.received += chunk.toString('latin1');
      this.#notify?.();
    });
    const closed = (): void => {
      this.closed = true;
      this.#notify?.();
    };
    socket.on('end', closed);
    socket.on('close', closed);
    socket.on('error', closed);
  }

  static async open(port: number): Promise<RawClient> {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true });
    await new Promise((resolve, reject) => socket.once('connect', resolve).once('error', reject));
    onTestFinished(() => void socket.destroy());
    return new RawClient(socket);
  }

  send(text: string): this {
    this.socket.write(text, 'latin1');
    return this;
  }

  /** Waits until what was received fulfils `enough`; throws when the connection ends before. */
  async until(enough: (received: string) => boolean): Promise<string> {
    while (!enough(this.received)) {
      if (this.closed) throw new Error(`closed after ${JSON.stringify(this.received)}`);
      await this.#change();
    }
    return this.received;
  }

  /** Waits for the text and returns all that came, forgetting it. */
  async take(end: string): Promise<string> {
    await this.until((received) => received.includes(end));
    const at = this.received.indexOf(end) + end.length;
    const taken = this.received.slice(0, at);
    this.received = this.received.slice(at);
    return taken;
  }

  /** All that came until the server closed. */
  async rest(): Promise<string> {
    while (!this.closed) await this.#change();
    return this.received;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => {
      this.#notify = () => {
        this.#notify = null;
        resolve();
      };
    });
  }
}

/** Sends `raw` on a connection of its own and returns all that came until the server closed. */
export async function exchange(port: number, raw: string): Promise<string> {
  return (await RawClient.open(port)).send(raw).rest();
}

/** Statuses of the answers in `text`. */
export function statuses(text: string): number[] {
  return [...text.matchAll(/HTTP\/1\.1 (\d{3}) /g)].map((match) => Number(match[1]));
}

/** Without the Date header, whose value changes. */
export function withoutDate(text: string): string {
  return text.replace(/Date: [^\r]*\r\n/g, '');
}
