/** Bodies as they stand in an input: a number of bytes, chunks, or all until the end of the connection. */

import type { ByteInput } from './byte-input.ts';
import { ChunkReadError } from './errors.ts';

export interface BodyDecoder {
  /** Some bytes of the body, null at its end, undefined when nothing has arrived. Throws ChunkReadError. */
  poll(input: ByteInput): Buffer | null | undefined;
  /** Bytes that are still to come, Infinity when that is not known, 0 once the end was seen. */
  readonly remainingBytes: number;
}

export class FixedDecoder implements BodyDecoder {
  remainingBytes: number;

  constructor(length: number) {
    this.remainingBytes = length;
  }

  poll(input: ByteInput): Buffer | null | undefined {
    if (this.remainingBytes === 0) return null;
    const chunk = input.take(this.remainingBytes);
    if (chunk !== undefined) this.remainingBytes -= chunk.length;
    return chunk;
  }

  /** As much of bytes that came by another way as belongs to the body. */
  accept(bytes: Buffer): Buffer {
    const chunk = bytes.length <= this.remainingBytes ? bytes : bytes.subarray(0, this.remainingBytes);
    this.remainingBytes -= chunk.length;
    return chunk;
  }
}

/**
 * BodyStream's `pass` for a body that stands in `input`. Only one of known length passes, once nothing of it is held. False when nothing
 * came for `timeoutMs`.
 */
export function passBody(
  input: ByteInput,
  decoder: BodyDecoder,
  timeoutMs: number,
  take: (chunk: Uint8Array) => boolean,
): boolean | Promise<boolean> {
  if (!(decoder instanceof FixedDecoder) || decoder.remainingBytes === 0 || input.length > 0) return true;
  return input.pass(timeoutMs, (bytes) => {
    const chunk = decoder.accept(bytes);
    if (chunk.length < bytes.length) input.push(Buffer.from(bytes.subarray(chunk.length)));
    else if (decoder.remainingBytes === 0) input.wake();
    return take(chunk);
  });
}

export class UntilCloseDecoder implements BodyDecoder {
  remainingBytes: number = Infinity;

  poll(input: ByteInput): Buffer | null | undefined {
    const chunk = input.take(Infinity);
    if (chunk !== undefined || !input.ended) return chunk;
    if (input.error !== null) return undefined;
    this.remainingBytes = 0;
    return null;
  }
}

const SIZE_START = 0;
const SIZE = 1;
const EXTENSION = 2;
const SIZE_FEED = 3;
const DATA = 4;
const DATA_RETURN = 5;
const DATA_FEED = 6;
const TRAILER_START = 7;
const TRAILER = 8;
const TRAILER_FEED = 9;
const END_FEED = 10;
const DONE = 11;

const RETURN = 13;
const FEED = 10;
const SEMICOLON = 0x3b;
const TAB = 9;
const MAX_SIZE_DIGITS = 13;
const MAX_EXTENSION_BYTES = 256;
const MAX_TRAILER_BYTES = 8192;

/** Chunked transfer. Extensions and trailers are checked, bounded and dropped. */
export class ChunkedDecoder implements BodyDecoder {
  #state = SIZE_START;
  /** Bytes left of the chunk, and while its size is read, the size so far. */
  #size = 0;
  /** Size digits, extension bytes or trailer bytes so far. */
  #count = 0;

  get remainingBytes(): number {
    return this.#state === DONE ? 0 : Infinity;
  }

  /** True while no byte of a stream of chunks was seen, or its end was. */
  get betweenStreams(): boolean {
    return this.#state === DONE || (this.#state === SIZE_START && this.#count === 0);
  }

  /** After the end, begins another stream of chunks. */
  restart(): void {
    this.#state = SIZE_START;
    this.#count = 0;
  }

  poll(input: ByteInput): Buffer | null | undefined {
    for (;;) {
      if (this.#state === DATA) {
        const chunk = input.take(this.#size);
        if (chunk === undefined) return undefined;
        this.#size -= chunk.length;
        if (this.#size === 0) this.#state = DATA_RETURN;
        return chunk;
      }
      if (this.#state === DONE) return null;
      const byte = input.takeByte();
      if (byte < 0) return undefined;
      this.#step(byte);
    }
  }

  #step(byte: number): void {
    switch (this.#state) {
      case SIZE_START:
      case SIZE:
        return this.#sizeByte(byte);
      case EXTENSION:
        if (byte === RETURN) this.#state = SIZE_FEED;
        else this.#ignored(byte, MAX_EXTENSION_BYTES, 'extension');
        return;
      case SIZE_FEED:
        expect(byte, FEED);
        this.#count = 0;
        this.#state = this.#size === 0 ? TRAILER_START : DATA;
        return;
      case DATA_RETURN:
        expect(byte, RETURN);
        this.#state = DATA_FEED;
        return;
      case DATA_FEED:
        expect(byte, FEED);
        this.#count = 0;
        this.#state = SIZE_START;
        return;
      case TRAILER_START:
      case TRAILER:
        return this.#trailerByte(byte);
      case TRAILER_FEED:
        expect(byte, FEED);
        this.#state = TRAILER_START;
        return;
      default: // END_FEED
        expect(byte, FEED);
        this.#count = 0;
        this.#state = DONE;
    }
  }

  #sizeByte(byte: number): void {
    const digit = hexValue(byte);
    if (digit >= 0) {
      if (this.#state === SIZE_START) this.#size = 0;
      this.#state = SIZE;
      this.#size = this.#size * 16 + digit;
      if (++this.#count > MAX_SIZE_DIGITS) throw new ChunkReadError('chunk size too long');
    } else if (this.#state === SIZE && byte === RETURN) {
      this.#state = SIZE_FEED;
    } else if (this.#state === SIZE && byte === SEMICOLON) {
      this.#count = 0;
      this.#state = EXTENSION;
    } else {
      throw new ChunkReadError('chunk size');
    }
  }

  #trailerByte(byte: number): void {
    if (byte === RETURN) {
      this.#state = this.#state === TRAILER_START ? END_FEED : TRAILER_FEED;
      return;
    }
    this.#ignored(byte, MAX_TRAILER_BYTES, 'trailer');
    this.#state = TRAILER;
  }

  #ignored(byte: number, limit: number, what: string): void {
    if (++this.#count > limit) throw new ChunkReadError(`${what} too long`);
    if ((byte < 0x20 && byte !== TAB) || byte === 0x7f) throw new ChunkReadError(`control byte in ${what}`);
  }
}

function expect(byte: number, wanted: number): void {
  if (byte !== wanted) throw new ChunkReadError('CR LF missing');
}

function hexValue(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
