/** A request body handed over inside one process: the writer waits when the reader does not keep up. */

import { type BodyStream, iterateBody } from '../http/body.ts';
import type { BodyDigest } from '../http/body-digest.ts';
import { ClientDisconnect } from '../http/errors.ts';

/** Bytes that may lie in the queue before the writer has to wait. */
const HIGH_WATER_BYTES = 256 * 1024;

interface Deferred<T> {
  resolve: (value: T) => void;
  reject: (error: Error) => void;
}

interface Taker {
  readonly take: (chunk: Uint8Array) => boolean;
  readonly done: () => void;
}

/** Marks the end of one stream of chunks; another may follow. */
const END = null;

export class QueuedBody implements BodyStream {
  readonly digest: BodyDigest | undefined;
  readonly #queue: (Uint8Array | typeof END)[] = [];
  readonly #beforeFirstRead: () => void;
  #queuedBytes = 0;
  #asked = false;
  #ended = false;
  #atEnd = false;
  #closed = false;
  #failure: Error | undefined;
  #reader: Deferred<Uint8Array | null> | undefined;
  /** Takes chunks as they are written; see `pass`. */
  #taker: Taker | undefined;
  /** The reader may still use the memory of a chunk. */
  #isHeld = false;
  #writers: Deferred<void>[] = [];

  /** `beforeFirstRead` sends 100 Continue. */
  constructor(beforeFirstRead: () => void, digest?: BodyDigest) {
    this.digest = digest;
    this.#beforeFirstRead = beforeFirstRead;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#atEnd || this.#closed) return null;
    if (!this.#asked) {
      this.#asked = true;
      this.#beforeFirstRead();
    }
    if (this.#queue.length > 0) return this.#take();
    if (this.#failure !== undefined) throw this.#failure;
    return new Promise((resolve, reject) => {
      this.#reader = { resolve, reject };
    });
  }

  /** Hands chunks on in the writer's own call, so that it can use their memory again. */
  pass(take: (chunk: Uint8Array) => boolean, isFree: boolean = false): Promise<void> {
    if (isFree) this.#isHeld = false;
    return new Promise((done) => {
      this.#taker = { take, done };
      while (this.#taker !== undefined && this.#queue[0] instanceof Uint8Array) this.#pass(this.#take() as Uint8Array);
      if (this.#queue.length > 0 || this.#atEnd || this.#closed || this.#failure !== undefined) this.#endPassing();
    });
  }

  /** For the writer: nothing refers to the memory of what was written. */
  get flushed(): boolean {
    return !this.#isHeld && this.#queue.length === 0;
  }

  /** Lets `read` go on with another stream of chunks after the end of one (two-phase commit). */
  nextStream(): void {
    this.#atEnd = false;
  }

  /** The reader gives up the rest: what is written from now on goes nowhere. */
  close(): void {
    this.#closed = true;
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#reader?.resolve(null);
    this.#reader = undefined;
    this.#endPassing();
    this.#releaseWriters();
  }

  /** For the writer. A promise when the queue is full: resolved once there is room again, rejected when the body fails. */
  push(chunk: Uint8Array): void | Promise<void> {
    if (this.#closed || this.#failure !== undefined || chunk.length === 0) return undefined;
    this.#ended = false;
    if (this.#taker !== undefined) {
      this.#pass(chunk);
      return undefined;
    }
    if (this.#reader !== undefined) {
      this.#handOver(chunk);
      return undefined;
    }
    this.#queue.push(chunk);
    this.#queuedBytes += chunk.length;
    if (this.#queuedBytes <= HIGH_WATER_BYTES) return undefined;
    return new Promise((resolve, reject) => {
      this.#writers.push({ resolve, reject });
    });
  }

  /** For the writer: the end of this stream of chunks. */
  end(): void {
    if (this.#closed || this.#failure !== undefined || this.#ended) return;
    this.#ended = true;
    if (this.#reader !== undefined) {
      this.#handOver(END);
      return;
    }
    this.#queue.push(END);
    this.#endPassing();
  }

  /** For the writer: it goes away. Unless the body was complete, its reader sees a client that disconnected. */
  abandon(): void {
    if (this.#ended || this.#failure !== undefined) return;
    this.#failure = new ClientDisconnect();
    this.#queue.length = 0;
    this.#queuedBytes = 0;
    this.#reader?.reject(this.#failure);
    this.#reader = undefined;
    this.#endPassing();
    this.#releaseWriters();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  #take(): Uint8Array | null {
    const item = this.#queue.shift() as Uint8Array | typeof END;
    if (item === END) {
      this.#atEnd = true;
      return null;
    }
    this.#isHeld = true;
    this.#queuedBytes -= item.length;
    if (this.#queuedBytes <= HIGH_WATER_BYTES) this.#releaseWriters();
    return item;
  }

  #handOver(item: Uint8Array | typeof END): void {
    const reader = this.#reader;
    this.#reader = undefined;
    if (item === END) this.#atEnd = true;
    else this.#isHeld = true;
    reader?.resolve(item);
  }

  #pass(chunk: Uint8Array): void {
    this.#isHeld = this.#taker?.take(chunk) !== true;
    if (this.#isHeld) this.#endPassing();
  }

  #endPassing(): void {
    this.#taker?.done();
    this.#taker = undefined;
  }

  #releaseWriters(): void {
    if (this.#writers.length === 0) return;
    for (const writer of this.#writers.splice(0)) writer.resolve();
  }
}
