/** A body for an answer that takes long to work out: blanks go out meanwhile, so that nobody between takes the connection for dead. */

import { setTimeout as delay } from 'node:timers/promises';
import { type BodyStream, iterateBody } from './body.ts';

/** Waits; ends early, by throwing, when the signal aborts. */
export type Wait = (seconds: number, signal: AbortSignal) => Promise<void>;

export interface KeepAliveOptions {
  /** Aborts when the client goes (`req.signal`). */
  readonly signal: AbortSignal;
  /** A blank goes out whenever so many seconds have passed. Below 0.1 it is taken for 0.1. */
  readonly everySec: number;
  /** What goes out in place of the first blank: an XML document must begin with its declaration. Default a blank. */
  readonly opening?: string | undefined;
  /** The first blank goes out before anything is waited for. */
  readonly beginsAtOnce?: boolean | undefined;
  /** For tests; by default real time. */
  readonly wait?: Wait | undefined;
}

export const waitInRealTime: Wait = async (seconds, signal) => {
  await delay(seconds * 1000, undefined, { signal });
};

const SHORTEST_SEC = 0.1;
const BLANK = Buffer.from(' ');
/** Between the blanks and what they were sent for. */
const SEPARATOR = Buffer.from('\r\n\r\n');

/**
 * Begins `work` and resolves with a body once its first bytes are known: what `work` returned or, when that takes longer than
 * `everySec`, a blank. An answer made then has not begun before the request's body was asked for. The signal given to `work`
 * aborts when the client goes or the body is closed; closing waits for `work` to end. Throws what `work` throws so early; later
 * the body breaks with it.
 */
export async function keepAliveBody(
  work: (signal: AbortSignal) => Promise<Uint8Array>,
  options: KeepAliveOptions,
): Promise<BodyStream> {
  const body = new KeepAliveBody(work, options);
  await body.prepare();
  return body;
}

type Outcome = { readonly result: Uint8Array } | { readonly error: unknown };

class KeepAliveBody implements BodyStream {
  readonly #options: KeepAliveOptions;
  readonly #closing = new AbortController();
  readonly #work: Promise<Outcome>;
  #prepared: Promise<Uint8Array> | undefined;
  #blanks = 0;
  #done = false;

  constructor(work: (signal: AbortSignal) => Promise<Uint8Array>, options: KeepAliveOptions) {
    this.#options = options;
    this.#work = work(AbortSignal.any([options.signal, this.#closing.signal])).then(
      (result) => ({ result }),
      (error: unknown) => ({ error }),
    );
  }

  async prepare(): Promise<void> {
    if (this.#options.beginsAtOnce === true) {
      this.#prepared = Promise.resolve(this.#blank());
      return;
    }
    this.#prepared = Promise.resolve(await this.#next());
  }

  async read(): Promise<Uint8Array | null> {
    const prepared = this.#prepared;
    this.#prepared = undefined;
    if (prepared !== undefined) return prepared;
    return this.#done ? null : this.#next();
  }

  async close(): Promise<void> {
    this.#done = true;
    this.#closing.abort();
    await this.#work;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  async #next(): Promise<Uint8Array> {
    const outcome = await this.#outcomeInTime();
    if (outcome === undefined) return this.#blank();
    this.#done = true;
    if ('error' in outcome) throw outcome.error;
    return this.#blanks === 0 ? outcome.result : Buffer.concat([SEPARATOR, outcome.result]);
  }

  #blank(): Uint8Array {
    this.#blanks += 1;
    const { opening } = this.#options;
    return this.#blanks === 1 && opening !== undefined ? Buffer.from(opening) : BLANK;
  }

  /** Undefined when the time for a blank comes first. */
  async #outcomeInTime(): Promise<Outcome | undefined> {
    const { everySec, wait = waitInRealTime } = this.#options;
    const timer = new AbortController();
    const due = wait(Math.max(everySec, SHORTEST_SEC), timer.signal).then(
      () => undefined,
      (error: unknown): Outcome | undefined => (timer.signal.aborted ? undefined : { error }),
    );
    try {
      return await Promise.race([this.#work, due]);
    } finally {
      timer.abort();
    }
  }
}
