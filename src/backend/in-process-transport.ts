/**
 * The way to storage servers that live in this process: no sockets, no parsing. A whole cluster that is started by one command talks
 * through it. Who uses it sees what a socket would show: 100 Continue at the first read of a body, early final answers,
 * back-pressure, time-outs, and a server that sees its client disconnect.
 */

import { type BodyStream, bodyStream, iterateBody } from '../http/body.ts';
import type { Logger } from '../common/host.ts';
import { RunningWork } from '../common/running-work.ts';
import type { Handler } from '../http/contract.ts';
import { Headers } from '../http/headers.ts';
import { SwiftRequest } from '../http/request.ts';
import { HttpError, type SwiftResponse, textResponse } from '../http/response.ts';
import { reasonOf } from '../http/status.ts';
import { QueuedBody } from './queued-body.ts';
import {
  BackendError,
  type BackendExchange,
  type BackendHead,
  type BackendRequest,
  type BackendTransport,
} from './transport.ts';

export class InProcessTransport implements BackendTransport {
  readonly #servers = new Map<string, { handler: Handler; log: Logger }>();
  readonly #running = new RunningWork();

  /** Makes `handler` answer at `ip:port`; returns what takes it away again. */
  register(ip: string, port: number, handler: Handler, log: Logger): () => void {
    const address = `${ip}:${port}`;
    const server = { handler, log };
    this.#servers.set(address, server);
    return () => {
      if (this.#servers.get(address) === server) this.#servers.delete(address);
    };
  }

  open(request: BackendRequest): Promise<BackendExchange> {
    const address = `${request.ip}:${request.port}`;
    const server = this.#servers.get(address);
    if (server === undefined) {
      return Promise.reject(new BackendError('connect', `connect ECONNREFUSED ${address}`));
    }
    if (request.signal?.aborted === true)
      return Promise.reject(new BackendError('aborted', 'the request was given up'));
    const exchange = new InProcessExchange(request);
    this.#running.add(exchange.run(server.handler, server.log));
    return Promise.resolve(exchange);
  }

  /** Resolves when no server works on a request any more. */
  close(): Promise<void> {
    return this.#running.idle();
  }
}

type HeadWaiter = (head: BackendHead | BackendError) => void;

class InProcessExchange implements BackendExchange {
  readonly #request: BackendRequest;
  readonly #body: QueuedBody | null;
  readonly #expectsContinue: boolean;
  readonly #heads: BackendHead[] = [];
  #waiter: HeadWaiter | undefined;
  #response: SwiftResponse | undefined;
  #failure: BackendError | undefined;
  #clientGone: AbortController | undefined;
  #closed = false;
  #bodyTaken = false;
  #settled = false;
  /** The whole answer was read. */
  #complete = false;
  #sentBytes = 0;
  readonly #onAbort = (): void => {
    this.#fail(new BackendError('aborted', 'the request was given up'));
    this.close();
  };

  constructor(request: BackendRequest) {
    this.#request = request;
    this.#expectsContinue = request.headers.get('expect')?.toLowerCase() === '100-continue';
    this.#body = request.body === 'none' ? null : new QueuedBody(() => this.#sendContinue(), request.digest);
    request.signal?.addEventListener('abort', this.#onAbort);
  }

  /** Has the server answer. Never rejects. */
  async run(handler: Handler, log: Logger): Promise<void> {
    let response: SwiftResponse;
    try {
      response = await handler(this.#serverRequest(log));
    } catch (error) {
      response = faultResponse(error, log);
    }
    // What the server did not read of the body goes nowhere.
    this.#body?.close();
    if (this.#closed) {
      await this.#drop(response);
      return;
    }
    this.#response = response;
    this.#settleLength(response);
    this.#deliver({
      status: response.status,
      reason: response.reason ?? reasonOf(response.status),
      headers: response.headers,
    });
  }

  async head(timeoutMs: number): Promise<BackendHead> {
    const ready = this.#heads.shift();
    if (ready !== undefined) return ready;
    if (this.#failure !== undefined) throw this.#failure;
    if (this.#closed) throw new BackendError('lost', 'the exchange is closed');
    const result = await new Promise<BackendHead | BackendError>((resolve) => {
      const timer = setTimeout(() => {
        this.#waiter = undefined;
        resolve(new BackendError('timeout', `no answer within ${timeoutMs} ms`));
      }, timeoutMs);
      this.#waiter = (head) => {
        clearTimeout(timer);
        resolve(head);
      };
    });
    if (result instanceof BackendError) throw result;
    return result;
  }

  write(chunk: Uint8Array, timeoutMs: number): void | Promise<void> {
    if (this.#failure !== undefined) throw this.#failure;
    const room = this.#body?.push(chunk);
    return room === undefined ? undefined : this.#room(room, timeoutMs);
  }

  get flushed(): boolean {
    return this.#body === null || this.#body.flushed;
  }

  end(): void {
    this.#body?.end();
  }

  body(timeoutMs: number): BodyStream {
    const response = this.#response;
    if (response === undefined || this.#bodyTaken) throw new Error('the body can be read once, after the final head');
    this.#bodyTaken = true;
    const hasBody = this.#request.method !== 'HEAD' && response.status !== 204 && response.status !== 304;
    return new AnswerBody(hasBody ? bodyStream(response.body) : bodyStream(null), {
      timeoutMs,
      count: (bytes) => {
        this.#sentBytes += bytes;
      },
      failure: () => this.#failure,
      finish: (atEnd) => {
        this.#complete ||= atEnd;
        this.close();
      },
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#request.signal?.removeEventListener('abort', this.#onAbort);
    this.#body?.abandon();
    if (!this.#complete) this.#clientGone?.abort();
    if (this.#response !== undefined) void this.#drop(this.#response);
    this.#waiter?.(new BackendError('lost', 'the exchange is closed'));
    this.#waiter = undefined;
  }

  #serverRequest(log: Logger): SwiftRequest {
    const { method, target, headers: given, body } = this.#request;
    const headers = new Headers(given);
    if (typeof body === 'number') headers.set('content-length', body);
    else headers.delete('content-length');
    if (body === 'chunked') headers.set('transfer-encoding', 'chunked');
    else headers.delete('transfer-encoding');
    return new SwiftRequest({
      method,
      target,
      headers,
      body: this.#body,
      log,
      remoteAddress: '127.0.0.1',
      connection: {
        sendContinue: (continueHeaders) => this.#sendContinue(continueHeaders),
        signal: () => this.#goneSignal(),
      },
    });
  }

  #goneSignal(): AbortSignal {
    this.#clientGone ??= new AbortController();
    if (this.#closed) this.#clientGone.abort();
    return this.#clientGone.signal;
  }

  #sendContinue(headers?: Headers): void {
    if (!this.#expectsContinue || this.#response !== undefined || this.#closed) return;
    this.#deliver({ status: 100, reason: reasonOf(100), headers: headers ?? new Headers() });
  }

  #deliver(head: BackendHead): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#heads.push(head);
    else waiter(head);
  }

  #fail(error: BackendError): void {
    this.#failure ??= error;
    const waiter = this.#waiter;
    this.#waiter = undefined;
    waiter?.(error);
  }

  /** A socket's server tells the length of what it sends; so does this one. */
  #settleLength(response: SwiftResponse): void {
    const { headers, body } = response;
    if (headers.has('content-length') || headers.has('transfer-encoding')) return;
    if (body === null) headers.set('content-length', 0);
    else if (body instanceof Uint8Array) headers.set('content-length', body.length);
  }

  async #room(room: Promise<void>, timeoutMs: number): Promise<void> {
    await bounded(room, timeoutMs);
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** Ends the answer, read or not, and tells its listeners. Never rejects. */
  async #drop(response: SwiftResponse): Promise<void> {
    if (this.#settled) return;
    this.#settled = true;
    const length = response.contentLength;
    response.sent({
      status: response.status,
      bodyBytes: this.#sentBytes,
      firstByteTime: undefined,
      complete: this.#request.method === 'HEAD' || length === null || length === this.#sentBytes,
    });
    try {
      await response.close();
    } catch {
      // The answer is of no use to anybody any more, and neither is the reason why it could not be closed.
    }
  }
}

function faultResponse(error: unknown, log: Logger): SwiftResponse {
  if (error instanceof HttpError) return error.toResponse();
  log.error('ERROR a storage server failed', error);
  return textResponse(500, 'An error occurred');
}

/** Rejects with a time-out when `promise` takes longer. */
async function bounded<T>(promise: Promise<T>, timeoutMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new BackendError('timeout', `nothing within ${timeoutMs} ms`)), timeoutMs);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}

interface AnswerBodyOptions {
  timeoutMs: number;
  count: (bytes: number) => void;
  failure: () => BackendError | undefined;
  /** Called at the end of the body and when it is closed. */
  finish: (atEnd: boolean) => void;
}

/** The body of an answer, with the time-outs of a socket and its errors. */
class AnswerBody implements BodyStream {
  readonly #source: BodyStream;
  readonly #options: AnswerBodyOptions;

  constructor(source: BodyStream, options: AnswerBodyOptions) {
    this.#source = source;
    this.#options = options;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const failure = this.#options.failure();
    if (failure !== undefined) throw failure;
    let next: Uint8Array | null | Promise<Uint8Array | null>;
    try {
      next = this.#source.read();
    } catch (error) {
      throw this.#lost(error);
    }
    return next instanceof Promise ? this.#await(next) : this.#passOn(next);
  }

  async pass(take: (chunk: Uint8Array) => boolean, isFree?: boolean): Promise<void> {
    try {
      await this.#source.pass?.((chunk) => {
        this.#options.count(chunk.length);
        return take(chunk) && this.#options.failure() === undefined;
      }, isFree);
    } catch (error) {
      throw this.#options.failure() ?? this.#lost(error);
    }
  }

  close(): void {
    this.#options.finish(false);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  async #await(next: Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    try {
      return this.#passOn(await bounded(next, this.#options.timeoutMs));
    } catch (error) {
      throw this.#options.failure() ?? this.#lost(error);
    }
  }

  #passOn(chunk: Uint8Array | null): Uint8Array | null {
    if (chunk === null) this.#options.finish(true);
    else this.#options.count(chunk.length);
    return chunk;
  }

  #lost(error: unknown): BackendError {
    return error instanceof BackendError
      ? error
      : new BackendError('lost', 'the node broke off its answer', { cause: error });
  }
}
