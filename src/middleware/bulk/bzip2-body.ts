/**
 * A bzip2 body, decompressed in a thread of its own: it takes a tenth of a second for each megabyte. Anybody may send one, so there are
 * only so many threads, and who comes later waits.
 */

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import { type BodyStream, iterateBody } from '../../middleware-api.ts';
import type { FromBzip2Worker, ToBzip2Worker } from './bzip2-worker.ts';
import type { Places } from './places.ts';
import { TarError } from './tar-header.ts';

const THREAD = new URL(import.meta.url.endsWith('.ts') ? './bzip2-worker.ts' : './bzip2-worker.js', import.meta.url);

export class Bzip2Body implements BodyStream {
  readonly #source: BodyStream;
  readonly #places: Places;
  readonly #signal: AbortSignal;
  readonly #answered = new Int32Array(new SharedArrayBuffer(4));
  #thread: Worker | undefined;
  #leavePlace: (() => void) | undefined;
  /** Read before there was a place for the thread. */
  #first: Uint8Array | null = null;
  #waitsForUse = false;
  #hasBegun = false;
  #ended = false;

  /** `signal` ends the wait for a place. */
  constructor(source: BodyStream, places: Places, signal: AbortSignal) {
    this.#source = source;
    this.#places = places;
    this.#signal = signal;
  }

  /** Throws TarError when the data is damaged or cut off. */
  async read(): Promise<Uint8Array | null> {
    if (this.#ended) return null;
    this.#thread ??= await this.#begin();
    if (this.#thread === undefined) return null;
    if (this.#waitsForUse) this.#answer(null);
    this.#waitsForUse = false;
    for (;;) {
      const message = await this.#message(this.#thread);
      switch (message.kind) {
        case 'more':
          this.#answer(this.#first ?? (await this.#source.read()));
          this.#first = null;
          break;
        case 'piece':
          this.#waitsForUse = true;
          this.#hasBegun = true;
          return message.piece;
        case 'end':
          this.#ended = true;
          return null;
        case 'damaged':
          throw new TarError('invalid compressed data');
        case 'truncated':
          this.#ended = true;
          // What was cut off before anything came of it is empty.
          if (!this.#hasBegun) return null;
          throw new TarError('unexpected end of data');
      }
    }
  }

  async close(): Promise<void> {
    this.#ended = true;
    await this.#thread?.terminate();
    this.#leavePlace?.();
    await this.#source.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  /** Undefined for an empty body. The client is asked for the body before anything is waited for that may take long. */
  async #begin(): Promise<Worker | undefined> {
    this.#first = await this.#source.read();
    this.#ended = this.#first === null;
    if (this.#ended) return undefined;
    this.#leavePlace = await this.#places.take(this.#signal);
    return new Worker(THREAD, { workerData: this.#answered });
  }

  async #message(thread: Worker): Promise<FromBzip2Worker> {
    const ended = new AbortController();
    const gone = once(thread, 'exit', { signal: ended.signal }).then(() => {
      throw new Error('the thread that decompresses is gone');
    });
    gone.catch(() => undefined);
    try {
      const [message] = (await Promise.race([once(thread, 'message', { signal: ended.signal }), gone])) as [
        FromBzip2Worker,
      ];
      return message;
    } finally {
      ended.abort();
    }
  }

  #answer(piece: Uint8Array | null): void {
    // A copy, of which the other thread becomes the owner.
    const message: ToBzip2Worker = piece === null ? null : new Uint8Array(piece);
    this.#thread?.postMessage(message, message === null ? [] : [message.buffer]);
    Atomics.store(this.#answered, 0, 1);
    Atomics.notify(this.#answered, 0);
  }
}
