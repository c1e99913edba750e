/** HTTP/1.1 client side of one connection: one exchange after another, each with interim answers and streams of chunks. */

import { connect, type Socket } from 'node:net';
import { iterateBody, type BodyStream } from './body.ts';
import { type BodyDecoder, ChunkedDecoder, FixedDecoder, passBody, UntilCloseDecoder } from './body-decoder.ts';
import { DEFAULT_HEAD_LIMITS, type HeadLimits } from './head-parser.ts';
import { HttpSocket } from './http-socket.ts';
import { type ResponseHead, ResponseHeadParser } from './response-head.ts';
import { SocketReader } from './socket-reader.ts';

export type ClientFault = 'connect-timeout' | 'connect' | 'timeout' | 'lost' | 'protocol' | 'aborted';

/** Makes the error that the user of a connection throws. */
export type FaultMaker = (fault: ClientFault, message: string, cause?: unknown) => Error;

/** Heads from servers that this installation runs may be longer than what clients may send. */
const RESPONSE_LIMITS: HeadLimits = {
  ...DEFAULT_HEAD_LIMITS,
  maxStartLine: 65536,
  maxHeaderLine: 65536,
  maxHeaderCount: 1000,
  maxHeaderBytes: 1 << 20,
};

/** Opens a connection. Rejects with 'connect-timeout', 'connect' or 'aborted'. */
export function openSocket(
  address: { ip: string; port: number },
  timeoutMs: number,
  fault: FaultMaker,
  signal?: AbortSignal,
): Promise<{ socket: Socket; reader: SocketReader }> {
  return new Promise((resolve, reject) => {
    const where = `${address.ip}:${address.port}`;
    const reader = new SocketReader();
    const socket = connect({ host: address.ip, port: address.port, noDelay: true, onread: reader.onread });
    const settle = (error: Error | null): void => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', onAbort);
      socket.removeListener('connect', onConnect);
      socket.removeListener('error', onError);
      if (error === null) {
        resolve({ socket, reader });
      } else {
        socket.on('error', () => undefined);
        socket.destroy();
        reject(error);
      }
    };
    const onConnect = (): void => settle(null);
    const onError = (error: Error): void =>
      settle(fault('connect', `cannot connect to ${where}: ${error.message}`, error));
    const onAbort = (): void => settle(fault('aborted', `connecting to ${where} was given up`));
    const timer = setTimeout(() => {
      settle(fault('connect-timeout', `no connection to ${where} within ${timeoutMs} ms`));
    }, timeoutMs);
    socket.on('connect', onConnect);
    socket.on('error', onError);
    signal?.addEventListener('abort', onAbort);
    if (signal?.aborted === true) onAbort();
  });
}

/** A connection to a server and what it says. */
export class ClientConnection {
  readonly socket: Socket;
  readonly out: HttpSocket;
  readonly #parser: ResponseHeadParser = new ResponseHeadParser(RESPONSE_LIMITS, true);
  readonly #fault: FaultMaker;
  /** Bytes of an answer have arrived since `beginExchange`. */
  answerBegun = false;

  constructor({ socket, reader }: { socket: Socket; reader: SocketReader }, fault: FaultMaker) {
    this.socket = socket;
    this.out = new HttpSocket(socket, reader);
    this.#fault = fault;
  }

  /** The next head. Rejects with 'timeout', 'lost' or 'protocol'. */
  async head(timeoutMs: number): Promise<ResponseHead> {
    const { input } = this.out;
    const deadline = performance.now() + timeoutMs;
    for (;;) {
      if (input.length > 0) this.answerBegun = true;
      const head = this.#poll();
      if (head !== undefined) return head;
      if (input.ended) throw this.lost();
      if (!(await input.wait(Math.max(0, deadline - performance.now())))) {
        throw this.#fault('timeout', `no answer within ${timeoutMs} ms`);
      }
    }
  }

  /**
   * Body of the answer with this head. `onEnd` is called once it was read to its end; `onBroken` when it was closed before, or
   * failed: what it returns is thrown in place of the error.
   */
  body(
    head: ResponseHead,
    method: string,
    timeoutMs: number,
    onEnd: () => void,
    onBroken: (error: Error | null) => Error | null,
  ): BodyStream {
    return new AnswerBody(this.out, bodyDecoder(head, method), timeoutMs, this.#fault, onEnd, onBroken);
  }

  /** Why nothing more comes. */
  lost(): Error {
    const { error } = this.out.input;
    return this.#fault('lost', `connection lost: ${error?.message ?? 'closed by the server'}`, error ?? undefined);
  }

  #poll(): ResponseHead | undefined {
    try {
      return this.#parser.poll(this.out.input);
    } catch (error) {
      throw this.#fault('protocol', `malformed answer: ${(error as Error).message}`, error);
    }
  }
}

/** True when an answer has no body whatever its headers say. */
export function isBodiless(head: ResponseHead, method: string): boolean {
  return method === 'HEAD' || head.status < 200 || head.status === 204 || head.status === 304;
}

function bodyDecoder(head: ResponseHead, method: string): BodyDecoder {
  if (isBodiless(head, method)) return new FixedDecoder(0);
  if (head.framing.chunked) return new ChunkedDecoder();
  return head.framing.contentLength === null ? new UntilCloseDecoder() : new FixedDecoder(head.framing.contentLength);
}

class AnswerBody implements BodyStream {
  readonly #out: HttpSocket;
  readonly #decoder: BodyDecoder;
  readonly #timeoutMs: number;
  readonly #fault: FaultMaker;
  readonly #onEnd: () => void;
  readonly #onBroken: (error: Error | null) => Error | null;
  #state: 'reading' | 'ended' | 'closed' = 'reading';
  #failure: Error | null = null;

  constructor(
    out: HttpSocket,
    decoder: BodyDecoder,
    timeoutMs: number,
    fault: FaultMaker,
    onEnd: () => void,
    onBroken: (error: Error | null) => Error | null,
  ) {
    this.#out = out;
    this.#decoder = decoder;
    this.#timeoutMs = timeoutMs;
    this.#fault = fault;
    this.#onEnd = onEnd;
    this.#onBroken = onBroken;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#state !== 'reading') return null;
    const chunk = this.#poll();
    return chunk === undefined ? this.#wait() : chunk;
  }

  async pass(take: (chunk: Uint8Array) => boolean): Promise<void> {
    if (this.#state !== 'reading') return;
    const inTime = await passBody(this.#out.input, this.#decoder, this.#timeoutMs, take);
    if (!inTime) this.#broken(this.#timedOut());
    else if (this.#decoder.remainingBytes === 0) this.#ended();
  }

  /** Before the end, closes the connection. */
  close(): void {
    if (this.#state !== 'reading') return;
    this.#state = 'closed';
    this.#onBroken(null);
    this.#out.input.wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  async #wait(): Promise<Uint8Array | null> {
    for (;;) {
      if (!(await this.#out.input.wait(this.#timeoutMs))) {
        throw this.#broken(this.#timedOut());
      }
      if (this.#state === 'closed') return null;
      const chunk = this.#poll();
      if (chunk !== undefined) return chunk;
    }
  }

  #poll(): Uint8Array | null | undefined {
    const { input } = this.#out;
    let chunk: Uint8Array | null | undefined;
    try {
      chunk = this.#decoder.poll(input);
    } catch (error) {
      throw this.#broken(this.#fault('protocol', `malformed body: ${(error as Error).message}`, error));
    }
    if (chunk === undefined && input.ended) {
      throw this.#broken(this.#fault('lost', 'connection lost inside the body', input.error ?? undefined));
    }
    if (this.#decoder.remainingBytes === 0) this.#ended();
    return chunk;
  }

  #ended(): void {
    if (this.#state !== 'reading') return;
    this.#state = 'ended';
    this.#onEnd();
  }

  #timedOut(): Error {
    return this.#fault('timeout', `no byte of the body within ${this.#timeoutMs} ms`);
  }

  #broken(error: Error): Error {
    this.#state = 'closed';
    this.#failure = this.#onBroken(error) ?? error;
    return this.#failure;
  }
}
