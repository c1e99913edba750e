/**
 * Bytes that have arrived on a connection and were not yet consumed. Whoever parses them takes what is there without promises and
 * waits only when there is nothing.
 */

import { Deadline } from './deadline.ts';

/** Bytes held before the sender is made to wait. */
const HIGH_WATER_BYTES = 128 * 1024;
const LOW_WATER_BYTES = 64 * 1024;

export class ByteInput {
  /** The peer will send no more. */
  ended = false;
  /** Why the peer will send no more, when it is not that it said so. */
  error: Error | null = null;
  /** Called with true when so much is held that the peer should wait, with false when it may go on. */
  onFlow: ((stop: boolean) => void) | null = null;
  #chunks: Buffer[] = [];
  #first = 0;
  #offset = 0;
  #length = 0;
  #stopped = false;
  #settle: ((arrived: boolean) => void) | null = null;
  #pass: ((chunk: Buffer) => boolean) | null = null;
  #passTimeoutMs = 0;
  readonly #deadline = new Deadline(() => this.#settled(false));

  /** Bytes held. */
  get length(): number {
    return this.#length;
  }

  push(chunk: Buffer): void {
    if (chunk.length === 0 || this.ended) return;
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    if (!this.#stopped && this.#length > HIGH_WATER_BYTES) {
      this.#stopped = true;
      this.onFlow?.(true);
    }
    this.#settled(true);
  }

  /** No more will come. What is held can still be taken. */
  end(error: Error | null = null): void {
    if (this.ended) return;
    this.ended = true;
    this.error = error;
    this.#settled(true);
    this.#deadline.stop();
  }

  /** The contiguous bytes at the front, not consumed; undefined when there are none. */
  front(): Buffer | undefined {
    const chunk = this.#chunks[this.#first];
    return chunk === undefined || this.#offset === 0 ? chunk : chunk.subarray(this.#offset);
  }

  /** Consumes `count` bytes of the front. */
  skip(count: number): void {
    this.#offset += count;
    if (this.#offset === (this.#chunks[this.#first] as Buffer).length) this.#drop();
    this.#consumed(count);
  }

  /** Takes up to `maxBytes` bytes as they lie in memory; undefined when there are none. */
  take(maxBytes: number): Buffer | undefined {
    const chunk = this.front();
    if (chunk === undefined) return undefined;
    const taken = chunk.length <= maxBytes ? chunk : chunk.subarray(0, maxBytes);
    this.skip(taken.length);
    return taken;
  }

  /** Takes one byte; -1 when there is none. */
  takeByte(): number {
    const chunk = this.#chunks[this.#first];
    if (chunk === undefined) return -1;
    const byte = chunk[this.#offset] as number;
    this.skip(1);
    return byte;
  }

  /** Drops all that is held. */
  clear(): void {
    const held = this.#length;
    this.#chunks = [];
    this.#first = 0;
    this.#offset = 0;
    if (held > 0) this.#consumed(held);
  }

  /** True once more bytes have arrived or none will; false after `timeoutMs`. A second wait ends the first. */
  wait(timeoutMs: number): Promise<boolean> {
    if (this.ended) return Promise.resolve(true);
    this.#settled(true);
    this.#deadline.begin(timeoutMs);
    return new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  /**
   * Hands bytes to `take` as they arrive, without holding them, until it answers false. Resolves as `wait` does: false when nothing came
   * for `timeoutMs`. To be called when nothing is held.
   */
  pass(timeoutMs: number, take: (chunk: Buffer) => boolean): Promise<boolean> {
    const over = this.wait(timeoutMs);
    if (!this.ended) {
      this.#pass = take;
      this.#passTimeoutMs = timeoutMs;
    }
    return over;
  }

  /** Bytes that arrive are handed on. */
  get passing(): boolean {
    return this.#pass !== null;
  }

  /** For who reads the connection, while `passing`: hands bytes on; true when their memory may be used again. */
  passOn(chunk: Buffer): boolean {
    const free = this.#pass?.(chunk) === true;
    if (!free) this.#settled(true);
    else if (this.passing) this.#deadline.begin(this.#passTimeoutMs);
    return free;
  }

  /** Ends a wait in progress as if something had arrived. */
  wake(): void {
    this.#settled(true);
  }

  #settled(arrived: boolean): void {
    const settle = this.#settle;
    if (settle === null) return;
    this.#settle = this.#pass = null;
    this.#deadline.end();
    settle(arrived);
  }

  #drop(): void {
    this.#offset = 0;
    this.#first++;
    if (this.#first === this.#chunks.length) {
      this.#chunks.length = 0;
      this.#first = 0;
    } else if (this.#first > 64) {
      this.#chunks.splice(0, this.#first);
      this.#first = 0;
    }
  }

  #consumed(count: number): void {
    this.#length -= count;
    if (this.#stopped && this.#length <= LOW_WATER_BYTES) {
      this.#stopped = false;
      this.onFlow?.(false);
    }
  }
}
