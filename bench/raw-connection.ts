/** A client's connection of bare HTTP/1.1, one request at a time; bodies are made and dropped as they pass, so memory stays flat. */

import { connect, type Socket } from 'node:net';

export interface RawRequest {
  method: string;
  path: string;
  token: string;
  /** Bytes to send as its body. */
  bodyBytes?: number;
  /** Further lines of the head. */
  headers?: readonly string[];
}

export interface RawAnswer {
  status: number;
  bodyBytes: number;
}

const FILLER = Buffer.alloc(1 << 18, 'x');
const READ_BYTES = 1 << 18;
const HEAD_END = Buffer.from('\r\n\r\n');

export class RawConnection {
  readonly #port: number;
  #socket: Socket | undefined;
  #method = '';
  /** Of the answer's head, until it is whole. */
  #head: Buffer = Buffer.alloc(0);
  #status = 0;
  #length = 0;
  #received = 0;
  /** Tells a body that waits that the socket takes more, or is gone. */
  #wake: (() => void) | undefined;
  #settle: { resolve: (answer: RawAnswer) => void; reject: (error: Error) => void } | undefined;

  constructor(port: number) {
    this.#port = port;
  }

  /** Resolves once the answer is there to its last byte. Rejects when the connection breaks. */
  async send(request: RawRequest): Promise<RawAnswer> {
    const socket = (this.#socket ??= this.#open());
    const answer = new Promise<RawAnswer>((resolve, reject) => (this.#settle = { resolve, reject }));
    this.#method = request.method;
    this.#head = Buffer.alloc(0);
    this.#status = 0;
    this.#received = 0;
    const length = request.bodyBytes === undefined ? '' : `Content-Length: ${request.bodyBytes}\r\n`;
    const lines = [
      `${request.method} ${request.path} HTTP/1.1`,
      'Host: 127.0.0.1',
      `X-Auth-Token: ${request.token}`,
      ...(request.headers ?? []),
    ];
    socket.write(`${lines.join('\r\n')}\r\n${length}\r\n`);
    const [result] = await Promise.all([answer, this.#sendBody(socket, request.bodyBytes ?? 0)]);
    return result;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #open(): Socket {
    const buffer = Buffer.alloc(READ_BYTES);
    const onread = {
      buffer,
      callback: (count: number): boolean => {
        this.#read(buffer.subarray(0, count));
        return true;
      },
    };
    const socket = connect({ host: '127.0.0.1', port: this.#port, noDelay: true, onread });
    socket.on('drain', () => this.#wake?.());
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the server closed the connection')));
    return socket;
  }

  #fail(error: Error): void {
    this.#socket = undefined;
    this.#settle?.reject(error);
    this.#settle = undefined;
    this.#wake?.();
  }

  async #sendBody(socket: Socket, bytes: number): Promise<void> {
    for (let left = bytes; left > 0 && this.#settle !== undefined; left -= FILLER.length) {
      if (socket.write(FILLER.subarray(0, Math.min(left, FILLER.length)))) continue;
      await new Promise<void>((resolve) => (this.#wake = resolve));
    }
  }

  #read(chunk: Buffer): void {
    if (this.#status !== 0) return this.#take(chunk.length);
    this.#head = Buffer.concat([this.#head, chunk]);
    const end = this.#head.indexOf(HEAD_END);
    if (end < 0) return;
    const head = this.#head.toString('latin1', 0, end);
    this.#status = Number(head.slice(9, 12));
    const hasBody = this.#method !== 'HEAD' && this.#status !== 204;
    this.#length = hasBody ? Number(/^content-length: *(\d+)/im.exec(head)?.[1] ?? 0) : 0;
    this.#take(this.#head.length - end - HEAD_END.length);
  }

  #take(bytes: number): void {
    this.#received += bytes;
    if (this.#received < this.#length) return;
    this.#settle?.resolve({ status: this.#status, bodyBytes: this.#received });
    this.#settle = undefined;
  }
}
