/** One client connection: requests in the order they come, answers in the same order, one at a time. */

import type { Duplex } from 'node:stream';
import type { Logger } from '../common/host.ts';
import { ChunkedDecoder, FixedDecoder } from './body-decoder.ts';
import type { Handler } from './contract.ts';
import type { HeadLimits } from './head-parser.ts';
import { HttpSocket } from './http-socket.ts';
import type { Headers } from './headers.ts';
import { IncomingBody } from './incoming-body.ts';
import { type RequestHead, RequestHeadParser } from './request-head.ts';
import { type RequestConnection, SwiftRequest } from './request.ts';
import { errorResponse, HttpError, SwiftResponse } from './response.ts';
import { sendResponse, type SendOptions, type SendOutcome } from './response-writer.ts';
import { headerLines, statusLine } from './serializer.ts';
import { readAccepted } from './socket-reader.ts';

export interface ConnectionOptions {
  handler: Handler;
  log: Logger;
  clientTimeoutMs: number;
  keepAliveTimeoutMs: number;
  limits: HeadLimits;
  serverHeader?: string | undefined;
  scheme: 'http' | 'https';
  /** Told of what a handler threw that is no HttpError, and of what broke an answer's body. */
  onHandlerError?: ((error: unknown, req: SwiftRequest | undefined) => void) | undefined;
  /** Told when a request begins and when its answer is done. */
  onActive: (connection: ServerConnection, active: boolean) => void;
}

/** A net.Socket or tls.TLSSocket, as far as it matters. */
export type ClientSocket = Duplex & { remoteAddress?: string | undefined; remotePort?: number | undefined };

/** Unread bytes of a request that are dropped to keep its connection. */
const DRAIN_BYTES = 65536;
const DRAIN_TIMEOUT_MS = 2000;
/** How long a connection that is closed with bytes unread stays open for the client to read its answer. */
const LINGER_MS = 2000;

export class ServerConnection {
  readonly #options: ConnectionOptions;
  readonly #out: HttpSocket;
  readonly #parser: RequestHeadParser;
  readonly #remoteAddress: string;
  readonly #remotePort: number;
  #waitingForRequest = false;
  /** Once the server drains: when an idle connection is closed at the latest. */
  #lastIdleTime: number | undefined;
  #served = false;
  /** The client may still be sending what nobody will read. */
  #unread = false;

  /** `accepted`: nothing was read from it yet. */
  constructor(accepted: ClientSocket, options: ConnectionOptions) {
    const { socket, reader } = readAccepted(accepted);
    this.#options = options;
    this.#out = new HttpSocket(socket, reader);
    this.#parser = new RequestHeadParser(options.limits);
    this.#remoteAddress = socket.remoteAddress ?? '';
    this.#remotePort = socket.remotePort ?? 0;
  }

  /** No byte of a request has come since the last answer. */
  get idle(): boolean {
    return this.#waitingForRequest && this.#parser.idle && this.#out.input.length === 0;
  }

  /** Idle after at least one answer: its client can do without it. */
  get spare(): boolean {
    return this.#served && this.idle;
  }

  /**
   * Answers say from now on that the connection closes. One that waits for its client's next request is closed after `idleMs` without
   * any: a client that sends one just now would see it lost.
   */
  finish(idleMs: number): void {
    this.#lastIdleTime = Math.min(this.#lastIdleTime ?? Infinity, performance.now() + idleMs);
    if (this.idle) this.#out.input.wake();
  }

  destroy(): void {
    this.#out.destroy();
  }

  /** Serves until the connection ends. Never throws. */
  async run(): Promise<void> {
    try {
      let idleTimeoutMs = this.#options.clientTimeoutMs;
      for (;;) {
        const head = await this.#nextHead(idleTimeoutMs);
        if (head === null || !(await this.#serve(head))) break;
        idleTimeoutMs = this.#options.keepAliveTimeoutMs;
      }
      await this.#leave();
    } catch (error) {
      this.#options.onHandlerError?.(error, undefined);
    }
    this.#out.destroy();
  }

  /** The next request's head; null when none will come, a refusal having been sent where one is due. */
  async #nextHead(idleTimeoutMs: number): Promise<RequestHead | null> {
    const { input } = this.#out;
    let deadline = 0;
    for (;;) {
      let head: RequestHead | undefined;
      try {
        head = this.#parser.poll(input);
      } catch (error) {
        await this.#refuse(error instanceof HttpError ? error : new HttpError(400));
        return null;
      }
      if (head !== undefined) return head;
      const { idle } = this.#parser;
      if (input.ended || this.#out.gone) return null;
      let timeoutMs = idleTimeoutMs;
      if (idle) {
        if (this.#lastIdleTime !== undefined) timeoutMs = Math.min(timeoutMs, this.#lastIdleTime - performance.now());
        if (timeoutMs <= 0) return null;
      } else {
        if (deadline === 0) deadline = performance.now() + this.#options.clientTimeoutMs;
        timeoutMs = Math.max(0, deadline - performance.now());
      }
      this.#waitingForRequest = true;
      const arrived = await input.wait(timeoutMs);
      this.#waitingForRequest = false;
      if (!arrived) {
        if (!idle) await this.#refuse(new HttpError(408));
        return null;
      }
    }
  }

  /** Answers what is no request. Nothing behind it is looked at. */
  async #refuse(error: HttpError): Promise<void> {
    this.#unread = true;
    const response = error.toResponse();
    await this.#send(response, { method: 'GET', httpVersion: '1.1', keepAlive: false });
  }

  /** Serves one request. True when the connection may be used again. */
  async #serve(head: RequestHead): Promise<boolean> {
    const exchange = new ServerExchange(this.#out, head, this.#options.clientTimeoutMs);
    this.#options.onActive(this, true);
    try {
      const req = new SwiftRequest({
        method: head.method,
        target: head.target,
        headers: head.headers,
        body: exchange.body,
        log: this.#options.log,
        connection: exchange,
        remoteAddress: this.#remoteAddress,
        remotePort: this.#remotePort,
        scheme: this.#options.scheme,
        httpVersion: head.httpVersion,
      });
      const response = await this.#answer(req);
      exchange.answered = true;
      const keepAlive = head.keepAlive && this.#lastIdleTime === undefined && exchange.mayStay(response);
      const { method, httpVersion, keepAliveAsked } = head;
      const outcome = await this.#send(response, { method, httpVersion, keepAlive, keepAliveAsked }, req);
      if (!outcome.complete) return false;
      // A client that was not asked for its body may send it all the same after a while.
      this.#unread = exchange.waitsForContinue || !(await exchange.finish());
      return outcome.keepAlive && !this.#unread;
    } finally {
      exchange.end();
      this.#served = true;
      this.#options.onActive(this, false);
    }
  }

  async #answer(req: SwiftRequest): Promise<SwiftResponse> {
    try {
      return await this.#options.handler(req);
    } catch (error) {
      if (error instanceof HttpError) return error.toResponse();
      this.#options.onHandlerError?.(error, req);
      return errorResponse(500);
    }
  }

  async #send(
    response: SwiftResponse,
    to: Pick<SendOptions, 'method' | 'httpVersion' | 'keepAlive' | 'keepAliveAsked'>,
    req?: SwiftRequest,
  ): Promise<SendOutcome> {
    const { clientTimeoutMs: stallTimeoutMs, serverHeader } = this.#options;
    const options = { ...to, stallTimeoutMs, serverHeader };
    let outcome: SendOutcome;
    let sent = response;
    try {
      outcome = await sendResponse(this.#out, response, options);
    } catch (error) {
      // Nothing went out yet: there is room for another answer.
      this.#options.onHandlerError?.(error, req);
      await response.close().catch(() => undefined);
      sent = error instanceof HttpError ? error.toResponse() : errorResponse(500);
      outcome = await sendResponse(this.#out, sent, { ...options, keepAlive: false });
    }
    if (outcome.error !== undefined) this.#options.onHandlerError?.(outcome.error, req);
    const { bodyBytes, firstByteTime, complete } = outcome;
    try {
      response.sent({ status: sent.status, bodyBytes, firstByteTime, complete });
    } catch (error) {
      this.#options.onHandlerError?.(error, req);
    }
    return outcome;
  }

  /**
   * Ends the connection so that the client can read the last answer: with bytes unread, closing at once would make the kernel
   * reset the connection and throw the answer away.
   */
  async #leave(): Promise<void> {
    const { socket, input } = this.#out;
    if (this.#out.gone) return;
    const { promise: flushed, resolve } = Promise.withResolvers<void>();
    this.#out.onGone = resolve;
    socket.end(resolve);
    if (!this.#unread && input.length === 0) return flushed;
    const deadline = performance.now() + LINGER_MS;
    while (!input.ended) {
      input.clear();
      const left = deadline - performance.now();
      if (left <= 0 || !(await input.wait(left))) return;
    }
  }
}

/** The connection's side of one request. */
class ServerExchange implements RequestConnection {
  readonly body: IncomingBody | null;
  /** A final answer has begun. */
  answered = false;
  readonly #out: HttpSocket;
  readonly #expectsContinue: boolean;
  #continued = false;
  #aborter: AbortController | undefined;
  #lost = false;

  constructor(out: HttpSocket, head: RequestHead, stallTimeoutMs: number) {
    this.#out = out;
    this.#expectsContinue = head.expectContinue;
    const { contentLength, chunked } = head.framing;
    if (chunked || contentLength !== null || head.expectContinue) {
      const decoder = chunked ? new ChunkedDecoder() : new FixedDecoder(contentLength ?? 0);
      this.body = new IncomingBody(out.input, decoder, stallTimeoutMs, {
        onFirstRead: () => {
          if (this.#expectsContinue && !this.#continued) this.sendContinue();
        },
        onCut: () => this.#abort(),
      });
    } else {
      this.body = null;
    }
    out.onGone = () => this.#abort();
    out.onEnd = () => {
      // A client may close its side when it has sent all; before that it means that it gave up. Of chunks only their reader can tell.
      const remaining = this.body?.remainingBytes ?? 0;
      if (remaining !== Infinity && remaining > out.input.length) this.#abort();
    };
  }

  sendContinue(headers?: Headers): void {
    if (this.answered) return;
    this.#continued = true;
    this.#out.writeText(`${statusLine(100, undefined)}${headers === undefined ? '' : headerLines(headers)}\r\n`);
  }

  signal(): AbortSignal {
    this.#aborter ??= new AbortController();
    if (this.#lost) this.#aborter.abort();
    return this.#aborter.signal;
  }

  /** The client was never asked for the body it offered. */
  get waitsForContinue(): boolean {
    return this.#expectsContinue && !this.#continued;
  }

  /** True when, as far as can be told before the answer, the next request can be found behind this one's body. */
  mayStay(response: SwiftResponse): boolean {
    const { body } = this;
    if (response.headers.get('connection')?.toLowerCase() === 'close') return false;
    if (body === null) return true;
    if (body.failure !== null || this.waitsForContinue) return false;
    const { remainingBytes } = body;
    return remainingBytes === Infinity || remainingBytes <= DRAIN_BYTES || isStreaming(response);
  }

  /** After the answer: reads what is left of the body, within bounds. True when the connection may be used again. */
  finish(): boolean | Promise<boolean> {
    return this.body === null || this.body.drain(DRAIN_BYTES, DRAIN_TIMEOUT_MS);
  }

  /** The request is over. */
  end(): void {
    this.#out.onGone = null;
    this.#out.onEnd = null;
    this.body?.close();
  }

  #abort(): void {
    this.#lost = true;
    this.#aborter?.abort();
  }
}

/** Such an answer may go on reading the request while it is sent. */
function isStreaming(response: SwiftResponse): boolean {
  return response.body !== null && !(response.body instanceof Uint8Array);
}
