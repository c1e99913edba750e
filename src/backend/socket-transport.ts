/** Storage nodes over sockets: connections are kept and used again unless a request says `Connection: close`. */

import type { BodyStream } from '../http/body.ts';
import { ClientConnection, type ClientFault, isBodiless, openSocket } from '../http/client.ts';
import { hasToken } from '../http/head-parser.ts';
import type { ResponseHead } from '../http/response-head.ts';
import { headerLines, requestLine } from '../http/serializer.ts';
import { IdleConnections } from './idle-connections.ts';
import {
  BackendError,
  type BackendExchange,
  type BackendHead,
  type BackendRequest,
  type BackendTransport,
} from './transport.ts';

export interface SocketTransportOptions {
  /** How long a connection may idle before it is closed; shorter than the servers' own limit. Default 4000. */
  idleTimeoutMs?: number | undefined;
  /** Idle connections kept for one address. Default 64. */
  maxIdlePerAddress?: number | undefined;
}

const fault = (kind: ClientFault, message: string, cause?: unknown): BackendError =>
  new BackendError(kind, message, cause === undefined ? undefined : { cause });

export class SocketTransport implements BackendTransport {
  readonly #idle: IdleConnections;

  constructor(options: SocketTransportOptions = {}) {
    this.#idle = new IdleConnections(options.idleTimeoutMs ?? 4000, options.maxIdlePerAddress ?? 64);
  }

  async open(request: BackendRequest): Promise<BackendExchange> {
    if (request.signal?.aborted === true) throw fault('aborted', 'the request was given up');
    const head = headText(request);
    const wantsClose = hasToken(request.headers.get('connection'), 'close');
    const idle = wantsClose || !isRepeatable(request) ? undefined : this.#idle.take(`${request.ip}:${request.port}`);
    const connection = idle ?? (await this.#connect(request));
    return new SocketExchange(this, request, head, connection, idle !== undefined, !wantsClose);
  }

  close(): void {
    this.#idle.close();
  }

  /** Connections that wait to be used again. */
  get idleCount(): number {
    return this.#idle.count;
  }

  /** For an exchange whose reused connection turned out to be dead. */
  reconnect(request: BackendRequest): Promise<ClientConnection> {
    return this.#connect(request);
  }

  /** Takes back a connection whose answer was read to its end. */
  release(address: string, connection: ClientConnection): void {
    this.#idle.keep(address, connection);
  }

  async #connect(request: BackendRequest): Promise<ClientConnection> {
    return new ClientConnection(await openSocket(request, request.connectTimeoutMs, fault, request.signal), fault);
  }
}

/** A kept connection may turn out dead with the request on its way: only one that can be sent anew goes on such. */
function isRepeatable(request: BackendRequest): boolean {
  return request.body === 'none' || request.body === 0 || request.headers.has('expect');
}

function headText(request: BackendRequest): string {
  const { method, target, headers, body, ip, port } = request;
  try {
    let text = requestLine(method, target);
    if (!headers.has('host')) text += `Host: ${ip.includes(':') ? `[${ip}]` : ip}:${port}\r\n`;
    text += headerLines(headers, ['content-length', 'transfer-encoding']);
    if (body === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
    else if (body !== 'none') text += `Content-Length: ${body}\r\n`;
    return `${text}\r\n`;
  } catch (error) {
    throw fault('protocol', (error as Error).message, error);
  }
}

class SocketExchange implements BackendExchange {
  readonly #transport: SocketTransport;
  readonly #request: BackendRequest;
  readonly #address: string;
  readonly #headText: string;
  readonly #mayReuse: boolean;
  #connection: ClientConnection;
  /** The connection has served another request before and this one has no sign that it still works. */
  #unproven: boolean;
  /** The head while it waits to go out together with the first bytes of the body. */
  #unsentHead: string;
  /** Bytes of the body still to be written; for a chunked body, 1 inside a stream of chunks. */
  #bodyLeft: number;
  #bodyBegun = false;
  #finalHead: ResponseHead | null = null;
  #bodyTaken = false;
  #sawContinue = false;
  #state: 'open' | 'done' | 'closed' = 'open';
  #aborted = false;

  constructor(
    transport: SocketTransport,
    request: BackendRequest,
    headText: string,
    connection: ClientConnection,
    reused: boolean,
    mayReuse: boolean,
  ) {
    this.#transport = transport;
    this.#request = request;
    this.#address = `${request.ip}:${request.port}`;
    this.#headText = headText;
    this.#connection = connection;
    this.#unproven = reused;
    this.#mayReuse = mayReuse;
    this.#bodyLeft = request.body === 'none' ? 0 : request.body === 'chunked' ? 1 : request.body;
    this.#unsentHead = headText;
    connection.answerBegun = false;
    // With a body to follow, its first bytes go out in the same write when they are at hand in this turn of the loop.
    if (this.#bodyLeft > 0 && !request.headers.has('expect')) setImmediate(() => this.#sendHead());
    else this.#sendHead();
    request.signal?.addEventListener('abort', this.#onAbort);
  }

  async head(timeoutMs: number): Promise<BackendHead> {
    this.#check();
    this.#sendHead();
    let head: ResponseHead;
    try {
      head = await this.#connection.head(timeoutMs);
    } catch (error) {
      if (!this.#mayRetry(error)) throw this.#failed(error);
      head = await this.#retry(timeoutMs);
    }
    this.#unproven = false;
    if (head.status < 200) {
      if (head.status === 100) this.#sawContinue = true;
      else if (head.status === 101) throw this.#failed(fault('protocol', 'the node wants to change protocols'));
    } else {
      this.#finalHead = head;
    }
    return { status: head.status, reason: head.reason, headers: head.headers };
  }

  write(chunk: Uint8Array, timeoutMs: number): void | Promise<void> {
    this.#check();
    if (chunk.length === 0) return undefined;
    const { out } = this.#connection;
    if (out.gone) throw this.#failed(this.#connection.lost());
    this.#bodyBegun = true;
    const head = this.#unsentHead;
    this.#unsentHead = '';
    let flowing: boolean;
    if (this.#request.body === 'chunked') {
      this.#bodyLeft = 1;
      flowing = out.writeParts(`${head}${chunk.length.toString(16)}\r\n`, chunk, '\r\n');
    } else {
      if (chunk.length > this.#bodyLeft)
        throw this.#failed(fault('protocol', 'body is longer than its Content-Length'));
      this.#bodyLeft -= chunk.length;
      flowing = out.writeParts(head, chunk, '');
    }
    return flowing ? undefined : this.#drained(timeoutMs);
  }

  get flushed(): boolean {
    return this.#connection.out.flushed;
  }

  end(): void {
    this.#check();
    this.#sendHead();
    if (this.#request.body === 'chunked') {
      this.#bodyBegun = true;
      this.#bodyLeft = 0;
      this.#connection.out.writeText('0\r\n\r\n');
    } else if (this.#bodyLeft > 0) {
      throw this.#failed(fault('protocol', 'body is shorter than its Content-Length'));
    }
  }

  body(timeoutMs: number): BodyStream {
    this.#check();
    const head = this.#finalHead;
    if (head === null) throw fault('protocol', 'there is no final answer yet');
    this.#bodyTaken = true;
    return this.#connection.body(
      head,
      this.#request.method,
      timeoutMs,
      () => this.#finish(),
      (error) => {
        if (error !== null) return this.#failed(error);
        this.close();
        return null;
      },
    );
  }

  close(): void {
    if (this.#state !== 'open') return;
    if (this.#finalHead !== null && this.#skipBody(this.#finalHead)) this.#finish();
    else this.#abandon();
  }

  readonly #onAbort = (): void => {
    if (this.#state !== 'open') return;
    this.#aborted = true;
    this.#abandon();
  };

  #sendHead(): void {
    if (this.#unsentHead === '' || this.#state !== 'open') return;
    this.#connection.out.writeText(this.#unsentHead);
    this.#unsentHead = '';
  }

  async #drained(timeoutMs: number): Promise<void> {
    const outcome = await this.#connection.out.waitDrain(timeoutMs);
    if (outcome === 'drained') return;
    if (outcome === 'timeout') throw this.#failed(fault('timeout', `the node took no bytes for ${timeoutMs} ms`));
    throw this.#failed(this.#connection.lost());
  }

  /** A server may close an idle connection just as it is used again: nothing was begun then, and the request is sent anew. */
  #mayRetry(error: unknown): boolean {
    const lost = error instanceof BackendError && error.fault === 'lost';
    return lost && this.#unproven && !this.#bodyBegun && !this.#connection.answerBegun && this.#state === 'open';
  }

  async #retry(timeoutMs: number): Promise<ResponseHead> {
    this.#connection.out.destroy();
    this.#unproven = false;
    try {
      this.#connection = await this.#transport.reconnect(this.#request);
      if (this.#state !== 'open') {
        this.#connection.out.destroy();
        this.#check();
      }
      this.#connection.out.writeText(this.#headText);
      return await this.#connection.head(timeoutMs);
    } catch (error) {
      throw this.#failed(error);
    }
  }

  /** Drops a body that nobody reads. True when all of it had come, as a short page does together with its head. */
  #skipBody(head: ResponseHead): boolean {
    const { contentLength } = head.framing;
    if (contentLength === 0 || isBodiless(head, this.#request.method)) return true;
    const { input } = this.#connection.out;
    if (this.#bodyTaken || contentLength !== input.length) return false;
    input.clear();
    return true;
  }

  /** The answer was read: keeps the connection when the next request can be sent on it. */
  #finish(): void {
    if (this.#state !== 'open') return;
    this.#state = 'done';
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    const refusedUnasked = this.#request.headers.has('expect') && !this.#sawContinue;
    if (this.#mayReuse && this.#finalHead?.keepAlive === true && this.#bodyLeft === 0 && !refusedUnasked) {
      this.#transport.release(this.#address, this.#connection);
    } else {
      this.#connection.out.destroy();
    }
  }

  #abandon(): void {
    this.#state = 'closed';
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#connection.out.destroy();
  }

  #failed(error: unknown): BackendError {
    if (this.#state === 'open') this.#abandon();
    if (this.#aborted) return fault('aborted', 'the request was given up');
    return error instanceof BackendError ? error : fault('lost', String(error), error);
  }

  #check(): void {
    if (this.#aborted) throw fault('aborted', 'the request was given up');
    if (this.#state === 'closed') throw fault('lost', 'the exchange is closed');
  }
}
