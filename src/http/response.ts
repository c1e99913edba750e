import { type Body, type BodyStream, bodyStream, closeBody, iterateBody, readAll } from './body.ts';
import { type HeaderInit, Headers } from './headers.ts';
import { defaultPage, reasonOf } from './status.ts';

/** What became of an answer once it was sent, or once its client was gone. */
export interface SentInfo {
  status: number;
  /** Bytes of body that went out. */
  bodyBytes: number;
  /** Seconds since 1970 when the first byte of the answer went out; undefined when none did. */
  firstByteTime: number | undefined;
  /** False when the client went away or the body broke. */
  complete: boolean;
}

/** An answer. It is a value: filters may change status, headers and body after the fact. */
export class SwiftResponse {
  status: number;
  /** Reason phrase; undefined stands for the usual one. */
  reason: string | undefined;
  headers: Headers;
  #body: Body;
  /** The body this response was made with; closed even when wrappers around it were never started. */
  #innermost: Body;
  #onSent: ((info: SentInfo) => void)[] | undefined;

  constructor(status: number, headers?: HeaderInit, body: Body = null, reason?: string) {
    this.status = status;
    this.reason = reason;
    this.headers = headers instanceof Headers ? headers : new Headers(headers);
    this.#body = body;
    this.#innermost = body;
    this.#onSent = undefined;
  }

  get body(): Body {
    return this.#body;
  }

  /** Replaces the body without closing the old one: for a caller that has read or closed it. Content-Length is the caller's. */
  set body(body: Body) {
    this.#body = body;
    this.#innermost = body;
  }

  /** `404 Not Found` */
  get statusLine(): string {
    return `${this.status} ${this.reason ?? reasonOf(this.status)}`;
  }

  /** 2 for 204. */
  get statusClass(): number {
    return Math.floor(this.status / 100);
  }

  get isSuccess(): boolean {
    return this.status >= 200 && this.status < 300;
  }

  /** Value of Content-Length, or null. */
  get contentLength(): number | null {
    const value = this.headers.get('content-length');
    return value === undefined ? null : Number(value);
  }

  /**
   * Passes the body through `transform`, one chunk in memory at a time; returns this response. Content-Length stays as it is, so a
   * transform that changes the length deletes or corrects the header.
   */
  withBody(transform: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>): this {
    this.#body = new TransformedBody(this.#body, transform);
    return this;
  }

  /** Asks to be told when the answer was sent or lost. */
  onSent(listener: (info: SentInfo) => void): this {
    (this.#onSent ??= []).push(listener);
    return this;
  }

  /** For the server and for who turns one response into another: tells the listeners. */
  sent(info: SentInfo): void {
    if (this.#onSent !== undefined) for (const listener of this.#onSent) listener(info);
  }

  /** Makes the listeners of `other` listen to this response too. */
  inheritListeners(other: SwiftResponse): this {
    if (other.#onSent !== undefined) for (const listener of other.#onSent) this.onSent(listener);
    return this;
  }

  /** Drops the answer: closes the body and what it was made from. */
  async close(): Promise<void> {
    const body = this.#body;
    const innermost = this.#innermost;
    await closeBody(body);
    if (innermost !== body) await closeBody(innermost);
  }

  /** Reads the whole body. */
  async bytes(limitBytes?: number): Promise<Buffer> {
    return readAll(this.#body, limitBytes);
  }

  /** Reads the whole body as UTF-8. */
  async text(): Promise<string> {
    return (await this.bytes()).toString('utf8');
  }
}

/** A body seen through a generator. Closing it before the first read closes what lies beneath. */
class TransformedBody implements BodyStream {
  #source: BodyStream;
  #iterator: AsyncIterator<Uint8Array>;
  #started = false;

  constructor(source: Body, transform: (chunks: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>) {
    this.#source = bodyStream(source);
    this.#iterator = transform(this.#source)[Symbol.asyncIterator]();
  }

  async read(): Promise<Uint8Array | null> {
    this.#started = true;
    for (;;) {
      const { value, done } = await this.#iterator.next();
      if (done === true) return null;
      if (value.length > 0) return value;
    }
  }

  async close(): Promise<void> {
    if (this.#started) await this.#iterator.return?.();
    await this.#source.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

/** An answer in text/plain. */
export function textResponse(status: number, text: string, headers?: HeaderInit): SwiftResponse {
  const body = Buffer.from(text, 'utf8');
  const all = new Headers(headers);
  all.setDefault('content-type', 'text/plain; charset=UTF-8').set('content-length', body.length);
  return new SwiftResponse(status, all, body);
}

/** Swift's page for a status: an HTML sentence, or nothing for a status that has none. */
export function errorResponse(status: number, headers?: HeaderInit): SwiftResponse {
  const body = Buffer.from(defaultPage(status), 'utf8');
  const all = new Headers(headers);
  all.setDefault('content-type', 'text/html; charset=UTF-8').set('content-length', body.length);
  return new SwiftResponse(status, all, body);
}

const PAGE_START = Buffer.from('<html><h1>');

/** True for an answer whose body is one of Swift's pages: a HEAD is told no length of it, for none is made when no body is sent. */
export function isDefaultPage(res: SwiftResponse): boolean {
  const { body } = res;
  return body instanceof Uint8Array && body.length < 1024 && PAGE_START.every((byte, at) => body[at] === byte);
}

/** A fault that is an answer: turned into one where a handler is called from outside. Without text it is Swift's page. */
export class HttpError extends Error {
  readonly status: number;
  readonly text: string | undefined;
  readonly headers: HeaderInit | undefined;

  constructor(status: number, text?: string, headers?: HeaderInit) {
    super(text ?? reasonOf(status));
    this.name = new.target.name;
    this.status = status;
    this.text = text;
    this.headers = headers;
  }

  toResponse(): SwiftResponse {
    return this.text === undefined
      ? errorResponse(this.status, this.headers)
      : textResponse(this.status, this.text, this.headers);
  }
}
