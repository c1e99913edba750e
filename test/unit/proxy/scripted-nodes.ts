/** Storage nodes that answer by script, for tests of the proxy: what they are sent is kept, faults are injected. */

import {
  BackendError,
  type BackendExchange,
  type BackendHead,
  type BackendRequest,
  type BackendTransport,
} from '../../../src/backend/transport.ts';
import { type BodyStream, iterateBody } from '../../../src/http/body.ts';
import { type HeaderInit, Headers } from '../../../src/http/headers.ts';
import { reasonOf } from '../../../src/http/status.ts';

export interface ScriptedAnswer {
  /** The connection fails. */
  refuse?: boolean;
  /** 100 Continue before the answer, with these headers. */
  interim?: HeaderInit | true;
  /** No head ever comes: it times out. `final`: only the one after 100. */
  silent?: boolean | 'final';
  status?: number;
  reason?: string;
  headers?: HeaderInit;
  body?: Uint8Array | string;
  /** The body of the answer breaks off after so many bytes. */
  breakAfterBytes?: number;
  /** Size of the pieces that the body comes in. */
  chunkBytes?: number;
  /** Writes fail once so many bytes were taken. */
  failWriteAfterBytes?: number;
  /** Writes are waited for. */
  slow?: boolean;
  /** Held back until this resolves. */
  after?: Promise<unknown>;
}

export interface RecordedRequest extends BackendRequest {
  /** First segment of the target. */
  device: string;
  received: Buffer;
  /** How often the body was ended. */
  ends: number;
  closed: boolean;
  /** The answer was read to its end. */
  finished: boolean;
}

export type NodeScript = (request: RecordedRequest) => ScriptedAnswer;

/** Answers every request by `script`; refuses to go on when a connection was neither read to its end nor closed. */
export class ScriptedNodes implements BackendTransport {
  readonly requests: RecordedRequest[] = [];
  script: NodeScript;

  constructor(script: NodeScript) {
    this.script = script;
  }

  async open(request: BackendRequest): Promise<BackendExchange> {
    const record: RecordedRequest = {
      ...request,
      headers: new Headers(request.headers),
      device: decodeURIComponent(request.target.split('/')[1] ?? ''),
      received: Buffer.alloc(0),
      ends: 0,
      closed: false,
      finished: false,
    };
    this.requests.push(record);
    const answer = this.script(record);
    if (answer.refuse === true) {
      record.closed = true;
      throw new BackendError('connect', 'ECONNREFUSED');
    }
    return new ScriptedExchange(record, answer);
  }

  close(): void {
    // Nothing is kept open.
  }

  /** Devices in the order in which they were asked. */
  get devices(): string[] {
    return this.requests.map(({ device }) => device);
  }

  /** Connections that somebody forgot. */
  get leaked(): string[] {
    return this.requests.filter(({ closed, finished }) => !closed && !finished).map(({ device }) => device);
  }
}

class ScriptedExchange implements BackendExchange {
  readonly #record: RecordedRequest;
  readonly #answer: ScriptedAnswer;
  #saidContinue = false;

  constructor(record: RecordedRequest, answer: ScriptedAnswer) {
    this.#record = record;
    this.#answer = answer;
  }

  async head(timeoutMs: number): Promise<BackendHead> {
    const { interim, silent, status = 200, after } = this.#answer;
    this.#check();
    if (silent === true) throw new BackendError('timeout', `no answer in ${timeoutMs} ms`);
    if (interim !== undefined && !this.#saidContinue) {
      this.#saidContinue = true;
      return { status: 100, reason: 'Continue', headers: new Headers(interim === true ? {} : interim) };
    }
    if (silent === 'final') throw new BackendError('timeout', `no answer in ${timeoutMs} ms`);
    if (after !== undefined) await unlessAborted(after, this.#record.signal);
    const headers = new Headers(this.#answer.headers);
    if (this.#answer.body !== undefined) headers.setDefault('content-length', Buffer.from(this.#answer.body).length);
    return { status, reason: this.#answer.reason ?? reasonOf(status), headers };
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.#check();
    const limit = this.#answer.failWriteAfterBytes;
    if (limit !== undefined && this.#record.received.length + chunk.length > limit) {
      const error = new BackendError('lost', 'EPIPE');
      if (this.#answer.slow === true) return Promise.reject(error);
      throw error;
    }
    this.#record.received = Buffer.concat([this.#record.received, chunk]);
    if (this.#answer.slow === true) return new Promise((resolve) => setImmediate(resolve));
  }

  end(): void {
    this.#check();
    this.#record.ends += 1;
  }

  body(): BodyStream {
    const bytes = this.#record.method === 'HEAD' ? Buffer.alloc(0) : Buffer.from(this.#answer.body ?? '');
    const { breakAfterBytes, chunkBytes = 7 } = this.#answer;
    const record = this.#record;
    let at = 0;
    let waits = false;
    const next = (): Uint8Array | null => {
      const limit = Math.min(breakAfterBytes ?? Infinity, bytes.length);
      if (at >= limit) {
        if (breakAfterBytes !== undefined && breakAfterBytes <= bytes.length && at >= breakAfterBytes) {
          throw new BackendError('lost', 'ECONNRESET');
        }
        record.finished = true;
        return null;
      }
      const chunk = bytes.subarray(at, Math.min(at + chunkBytes, limit));
      at += chunk.length;
      return chunk;
    };
    const stream: BodyStream = {
      read: () => {
        this.#check();
        // Both ways of reading occur: at hand, and waited for.
        waits = !waits;
        return waits ? next() : new Promise((resolve) => setImmediate(resolve)).then(next);
      },
      close: () => this.close(),
      [Symbol.asyncIterator]: () => iterateBody(stream),
    };
    return stream;
  }

  close(): void {
    this.#record.closed = true;
  }

  #check(): void {
    if (this.#record.closed) throw new BackendError('lost', 'the exchange is closed');
  }
}

/** Waits for `after`; rejects as soon as the request is given up. */
async function unlessAborted(after: Promise<unknown>, signal: AbortSignal | undefined): Promise<void> {
  if (signal === undefined) {
    await after;
    return;
  }
  const aborted = Promise.withResolvers<never>();
  const onAbort = (): void => aborted.reject(new BackendError('aborted', 'the request was given up'));
  signal.addEventListener('abort', onAbort);
  try {
    await Promise.race([after, aborted.promise]);
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
