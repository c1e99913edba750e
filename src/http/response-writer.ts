/** Sends one answer on a connection, its body as fast as the client takes it. */

import { bodyStream, type BodyStream } from './body.ts';
import type { HttpSocket } from './http-socket.ts';
import { isDefaultPage, type SwiftResponse } from './response.ts';
import { headerLines, httpDate, statusLine, UnsendableHeader } from './serializer.ts';

export interface SendOptions {
  /** Method of the request. */
  method: string;
  httpVersion: '1.0' | '1.1';
  /** False makes the answer say `Connection: close`. */
  keepAlive: boolean;
  /** Makes an answer that does not close say `Connection: keep-alive`. */
  keepAliveAsked?: boolean | undefined;
  /** How long the client may take nothing. */
  stallTimeoutMs: number;
  /** Value of the Server header, when the answer has none. */
  serverHeader?: string | undefined;
}

export interface SendOutcome {
  bodyBytes: number;
  firstByteTime: number | undefined;
  /** The whole answer went out. */
  complete: boolean;
  /** The connection may be used again. */
  keepAlive: boolean;
  /** What broke the body, when it was not the client. */
  error?: unknown;
}

/** Pieces in which a large buffer goes out, so that a client that takes some of it is seen to. */
const PIECE_BYTES = 65536;
const MANAGED = ['connection', 'transfer-encoding', 'keep-alive'];

/**
 * Sends `response` and closes its body. Throws only when no byte of it went out: an UnsendableHeader, or what the body threw before
 * its first chunk. A body that breaks later, or is shorter than promised, ends the connection.
 */
export function sendResponse(out: HttpSocket, response: SwiftResponse, options: SendOptions): Promise<SendOutcome> {
  return new ResponseWriter(out, response, options).send();
}

class ResponseWriter {
  readonly #out: HttpSocket;
  readonly #response: SwiftResponse;
  readonly #options: SendOptions;
  readonly #outcome: SendOutcome;
  /** The head while it has not gone out. */
  #head = '';
  #chunked = false;
  /** Bytes of body promised and not yet sent; Infinity when nothing was promised. */
  #left = Infinity;

  constructor(out: HttpSocket, response: SwiftResponse, options: SendOptions) {
    this.#out = out;
    this.#response = response;
    this.#options = options;
    this.#outcome = { bodyBytes: 0, firstByteTime: undefined, complete: false, keepAlive: options.keepAlive };
  }

  async send(): Promise<SendOutcome> {
    const response = this.#response;
    const { status, body } = response;
    const bodiless = this.#options.method === 'HEAD' || status === 204 || status === 304;
    this.#prepareHead(bodiless);
    try {
      if (bodiless) {
        this.#flushHead();
        this.#outcome.complete = await this.#taken();
      } else if (body === null || body instanceof Uint8Array) {
        await this.#sendBytes(body);
      } else {
        await this.#sendStream(bodyStream(body));
      }
    } catch (error) {
      await this.#closeBody();
      if (this.#head !== '' && !this.#out.gone) throw error;
      this.#fail(error);
      return this.#outcome;
    }
    // Bytes own nothing that must be freed.
    if (body !== null && !(body instanceof Uint8Array)) await this.#closeBody();
    return this.#outcome;
  }

  /** Sets the head and how the body is marked off. */
  #prepareHead(bodiless: boolean): void {
    const { headers, status, reason, body } = this.#response;
    const { httpVersion, serverHeader } = this.#options;
    const outcome = this.#outcome;
    headers.setDefault('content-type', 'text/html; charset=UTF-8');
    if (this.#options.method === 'HEAD' && isDefaultPage(this.#response)) headers.set('content-length', 0);
    const promised = headers.get('content-length');
    let framing = '';
    if (promised !== undefined) {
      if (!/^\d+$/.test(promised)) throw new UnsendableHeader('content-length');
      this.#left = Number(promised);
    } else if (body === null || body instanceof Uint8Array) {
      this.#left = body === null ? 0 : body.length;
      framing = `Content-Length: ${this.#left}\r\n`;
    } else if (!bodiless && httpVersion === '1.1') {
      this.#chunked = true;
      framing = 'Transfer-Encoding: chunked\r\n';
    } else if (!bodiless) {
      outcome.keepAlive = false;
    }
    let head = statusLine(status, reason) + headerLines(headers, MANAGED);
    if (serverHeader !== undefined && !headers.has('server')) head += `Server: ${serverHeader}\r\n`;
    if (!headers.has('date')) head += `Date: ${httpDate()}\r\n`;
    head += framing;
    if (!outcome.keepAlive) head += 'Connection: close\r\n';
    else if (this.#options.keepAliveAsked === true) head += 'Connection: keep-alive\r\n';
    this.#head = `${head}\r\n`;
  }

  async #sendBytes(body: Uint8Array | null): Promise<void> {
    const length = body === null ? 0 : body.length;
    if (length > this.#left) this.#outcome.keepAlive = false;
    const end = Math.min(length, this.#left);
    if (body === null || end === 0) {
      this.#flushHead();
    } else {
      for (let at = 0; at < end && !this.#out.gone; at += PIECE_BYTES) {
        const stop = Math.min(end, at + PIECE_BYTES);
        const flowing = this.#write(at === 0 && stop === length ? body : body.subarray(at, stop));
        if (!flowing && stop < end && !(await this.#taken())) return;
      }
    }
    this.#outcome.complete = (await this.#taken()) && this.#left === 0;
    if (this.#left > 0) this.#fail(new Error('body is shorter than its Content-Length'));
  }

  async #sendStream(stream: BodyStream): Promise<void> {
    const out = this.#out;
    out.onGone = wrapGone(out.onGone, stream);
    for (;;) {
      let chunk = stream.read();
      if (chunk instanceof Promise) chunk = await this.#awaitChunk(chunk);
      if (out.gone) return;
      if (chunk === null) break;
      if (chunk.length === 0) continue;
      if (chunk.length > this.#left) {
        this.#overflow(chunk);
        break;
      }
      for (let at = 0; at < chunk.length; at += PIECE_BYTES) {
        const piece = chunk.length <= PIECE_BYTES ? chunk : chunk.subarray(at, at + PIECE_BYTES);
        if (!this.#write(piece) && !(await this.#taken())) return;
      }
      if (!this.#chunked && stream.pass !== undefined && !(await this.#passAll(stream))) return;
    }
    if (this.#left > 0 && this.#left !== Infinity) throw new Error('body is shorter than its Content-Length');
    if (this.#chunked) this.#writeEnd();
    else this.#flushHead();
    this.#outcome.complete = await this.#taken();
  }

  /** Sends what can be passed on, as fast as the client takes it. False when the client is gone. */
  async #passAll(stream: BodyStream): Promise<boolean> {
    let [hasStopped, isFree] = [true, false];
    while (hasStopped) {
      hasStopped = false;
      await stream.pass?.((bytes) => {
        hasStopped = !this.#passOn(bytes);
        return !hasStopped;
      }, isFree);
      if (!(await this.#taken())) return false;
      isFree = this.#out.flushed;
      hasStopped &&= isFree;
    }
    return true;
  }

  /** Sends bytes on as they come. False when the system has not taken all of them yet. */
  #passOn(bytes: Uint8Array): boolean {
    if (bytes.length <= this.#left) this.#write(bytes);
    else this.#overflow(bytes);
    return this.#out.flushed;
  }

  /** A body longer than its Content-Length: what is too much is not sent, and the connection ends. */
  #overflow(bytes: Uint8Array): void {
    this.#outcome.keepAlive = false;
    if (this.#left > 0) this.#write(bytes.subarray(0, this.#left));
  }

  /** Waits for a chunk. The head goes out before, unless the chunk is there within this turn of the loop. */
  async #awaitChunk(promise: Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    if (this.#head === '') return promise;
    const timer = setImmediate(() => this.#flushHead());
    try {
      return await promise;
    } finally {
      clearImmediate(timer);
    }
  }

  /** Queues bytes of body, with the head when it is still here. False when the client must be waited for. */
  #write(bytes: Uint8Array): boolean {
    const head = this.#head;
    if (head !== '') this.#headOut();
    this.#outcome.bodyBytes += bytes.length;
    this.#left -= bytes.length;
    return this.#chunked
      ? this.#out.writeParts(`${head}${bytes.length.toString(16)}\r\n`, bytes, '\r\n')
      : this.#out.writeParts(head, bytes, '');
  }

  #writeEnd(): void {
    const head = this.#head;
    if (head !== '') this.#headOut();
    this.#out.writeText(`${head}0\r\n\r\n`);
  }

  #flushHead(): void {
    if (this.#head === '') return;
    const head = this.#head;
    this.#headOut();
    this.#out.writeText(head);
  }

  #headOut(): void {
    this.#head = '';
    if (!this.#out.gone) this.#outcome.firstByteTime = Date.now() / 1000;
  }

  /** True once the client has room again, false when it is gone or does not take what was sent. */
  #taken(): boolean | Promise<boolean> {
    return this.#out.needsDrain ? this.#drained() : !this.#out.gone;
  }

  async #drained(): Promise<boolean> {
    if ((await this.#out.waitDrain(this.#options.stallTimeoutMs)) === 'drained') return true;
    this.#out.destroy();
    return false;
  }

  /** What was sent is no whole answer: the client learns it from the connection's end. */
  #fail(error: unknown): void {
    if (!this.#out.gone) this.#outcome.error = error;
    this.#outcome.complete = false;
    this.#outcome.keepAlive = false;
    this.#out.destroy();
  }

  async #closeBody(): Promise<void> {
    try {
      await this.#response.close();
    } catch (error) {
      this.#outcome.error ??= error;
    }
  }
}

/** A client that goes ends the body too, so that a read in progress does not keep it open. */
function wrapGone(before: (() => void) | null, stream: BodyStream): () => void {
  return () => {
    before?.();
    void Promise.resolve()
      .then(() => stream.close())
      .catch(() => undefined);
  };
}
