import { createHash, type Hash } from 'node:crypto';
import { read, readSync } from 'node:fs';
import { iterateBody, type BodyStream } from '../http/body.ts';
import { dropCache } from '../common/system-calls.ts';
import type { DevicePace } from '../common/device-pace.ts';

/** An open file that closes once, and not while a read is under way: its number could be another file's by then. */
export interface SharedDescriptor {
  readonly fd: number;
  /** Every read is told of, so that closing waits for it. */
  begin(): void;
  end(): void;
}

export interface DiskBodyOptions {
  readonly file: SharedDescriptor;
  readonly start: number;
  readonly end: number;
  readonly chunkBytes: number;
  /** MD5 in hex that all bytes must have, when they are read as a whole. */
  readonly expectedMd5: string | undefined;
  /** Pages that were read are dropped from the kernel's cache. */
  readonly dropsCache: boolean;
  readonly pace: DevicePace;
  readonly onDamage: (reason: string) => void;
}

const DROP_BYTES = 1 << 20;
/** After so many bytes of plain reads the loop gets its turn: hashed as they are, they take about a millisecond. */
const TURN_BYTES = 1 << 18;

/**
 * A large object, or a part of it: with plain reads while its device answers at once, else through the pool one chunk ahead of the
 * reader.
 */
export class DiskBody implements BodyStream {
  readonly #options: DiskBodyOptions;
  readonly #md5: Hash | undefined;
  #position: number;
  #dropped: number;
  #ahead: Promise<Uint8Array> | undefined;
  #bytesOfTurn = 0;
  /** Memory for chunks that pass, filled again and again. */
  #own: Buffer | undefined;
  #isClosed = false;

  constructor(options: DiskBodyOptions) {
    this.#options = options;
    this.#position = options.start;
    this.#dropped = options.start;
    this.#md5 = options.expectedMd5 === undefined ? undefined : createHash('md5');
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#isInTurn && this.#isPlain) {
      const length = this.#nextLength();
      return length <= 0 ? null : this.#readNow(Buffer.allocUnsafeSlow(length));
    }
    this.#bytesOfTurn = 0;
    return this.#readThroughPool();
  }

  /** While plain reads do; the rest is for `read`. */
  async pass(take: (chunk: Uint8Array) => boolean, isFree: boolean = false): Promise<void> {
    if (!isFree) this.#own = undefined;
    for (;;) {
      if (!this.#isInTurn) {
        await new Promise((resolve) => setImmediate(resolve));
        this.#bytesOfTurn = 0;
        if (!this.#isInTurn) return;
      }
      const length = this.#nextLength();
      if (length <= 0 || !this.#isPlain) return;
      this.#own ??= Buffer.allocUnsafeSlow(this.#options.chunkBytes);
      if (!take(this.#readNow(this.#own.subarray(0, length)))) return;
    }
  }

  get #isInTurn(): boolean {
    return this.#bytesOfTurn + this.#options.chunkBytes <= TURN_BYTES;
  }

  get #isPlain(): boolean {
    return this.#ahead === undefined && this.#options.pace.isFast;
  }

  #readNow(chunk: Buffer): Buffer {
    const { file, pace } = this.#options;
    const { length } = chunk;
    pace.beginReading();
    for (let at = 0; at < length;) {
      const count = readSync(file.fd, chunk, at, length - at, this.#position + at);
      if (count === 0) throw this.#cutShort(this.#position + at);
      at += count;
    }
    pace.endReading();
    this.#position += length;
    this.#bytesOfTurn += length;
    this.#took(chunk);
    return chunk;
  }

  async #readThroughPool(): Promise<Uint8Array | null> {
    const next = this.#ahead ?? this.#readNext();
    this.#ahead = undefined;
    if (next === undefined) return null;
    const chunk = await next;
    if (this.#isClosed) return null;
    this.#took(chunk);
    if (!this.#options.pace.isFast) {
      this.#ahead = this.#readNext();
      // The reader may never come back for it; its failure is told when it does.
      this.#ahead?.catch(() => undefined);
    }
    return chunk;
  }

  /** `#position` is the chunk's end. */
  #took(chunk: Uint8Array): void {
    this.#md5?.update(chunk);
    this.#dropRead();
    if (this.#position >= this.#options.end) this.#check();
  }

  close(): void {
    this.#isClosed = true;
    this.#ahead = undefined;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  #nextLength(): number {
    return this.#isClosed ? 0 : Math.min(this.#options.chunkBytes, this.#options.end - this.#position);
  }

  #cutShort(position: number): Error {
    this.#options.onDamage(`file ends at ${position}, before its length`);
    return new Error('object file is cut short');
  }

  #readNext(): Promise<Uint8Array> | undefined {
    const length = this.#nextLength();
    if (length <= 0) return undefined;
    const position = this.#position;
    this.#position += length;
    return this.#readFully(Buffer.allocUnsafeSlow(length), position);
  }

  async #readFully(into: Buffer, position: number): Promise<Uint8Array> {
    const { file } = this.#options;
    file.begin();
    try {
      for (let at = 0; at < into.length;) {
        const count = await readSome(file.fd, into, at, position + at);
        if (count === 0) throw this.#cutShort(position + at);
        at += count;
      }
      return into;
    } finally {
      file.end();
    }
  }

  #check(): void {
    const { expectedMd5, onDamage } = this.#options;
    if (this.#md5 === undefined) return;
    const md5 = this.#md5.digest('hex');
    if (md5 !== expectedMd5) onDamage(`ETag ${expectedMd5} and file's md5 ${md5} do not match`);
  }

  #dropRead(): void {
    const { dropsCache, file, end } = this.#options;
    if (!dropsCache || (this.#position - this.#dropped < DROP_BYTES && this.#position < end)) return;
    dropCache(file.fd, this.#dropped, this.#position - this.#dropped);
    this.#dropped = this.#position;
  }
}

function readSome(fd: number, into: Buffer, at: number, position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    read(fd, into, at, into.length - at, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}
