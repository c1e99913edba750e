/** Reads the body of an answer with several ranges (multipart/byteranges): the bytes of its parts, one after another. */

import { type BodyStream, iterateBody } from './body.ts';
import { type ByteRange, parseContentRange } from './range.ts';

/** Headers of a part are a few lines; whoever sends more is not talking multipart. */
const MAX_PART_HEAD_BYTES = 16384;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** True for the Content-Type of an answer with several ranges. */
export function isMultipartByteRanges(contentType: string | undefined): boolean {
  return /^\s*multipart\/byteranges\s*(;|$)/i.test(contentType ?? '');
}

/**
 * The parts' bytes without what stands between them. Each part must be the range that was asked for in its place: data is counted,
 * never searched for a boundary. Throws RangeError when it is not so.
 */
export class ByteRangesReader implements BodyStream {
  readonly #source: BodyStream;
  readonly #ranges: readonly ByteRange[];
  #next = 0;
  /** Bytes of the present part that are to come. */
  #leftBytes = 0;
  #rest: Uint8Array | null = null;

  constructor(source: BodyStream, ranges: readonly ByteRange[]) {
    this.#source = source;
    this.#ranges = ranges;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#leftBytes === 0) return this.#nextPart();
    const rest = this.#rest;
    if (rest !== null) return this.#cut(rest);
    const chunk = this.#source.read();
    return chunk instanceof Promise ? chunk.then((read) => this.#cut(read)) : this.#cut(chunk);
  }

  close(): void | Promise<void> {
    return this.#source.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  #cut(chunk: Uint8Array | null): Uint8Array {
    if (chunk === null) throw new RangeError('the answer ended within a part');
    const own = chunk.length > this.#leftBytes ? chunk.subarray(0, this.#leftBytes) : chunk;
    this.#rest = own.length < chunk.length ? chunk.subarray(own.length) : null;
    this.#leftBytes -= own.length;
    return own;
  }

  async #nextPart(): Promise<Uint8Array | null> {
    const range = this.#ranges[this.#next];
    if (range === undefined) return this.#drain();
    this.#next += 1;
    const head = await this.#readHead();
    const given = parseContentRange(/^content-range:(.*)$/im.exec(head)?.[1]);
    if (given?.start !== range.start || given.end !== range.end) {
      throw new RangeError(`a part is not the bytes ${range.start}-${range.end - 1} that were asked for`);
    }
    this.#leftBytes = range.end - range.start;
    return this.read();
  }

  /** The lines up to the blank one. */
  async #readHead(): Promise<string> {
    let bytes: Buffer = Buffer.alloc(0);
    for (;;) {
      const chunk = this.#rest ?? (await this.#source.read());
      this.#rest = null;
      if (chunk === null) throw new RangeError('the answer ended before its last part');
      bytes = Buffer.concat([bytes, chunk]);
      const end = bytes.indexOf(END_OF_HEAD);
      if (end >= 0) {
        const behind = end + END_OF_HEAD.length;
        this.#rest = behind < bytes.length ? bytes.subarray(behind) : null;
        return bytes.toString('latin1', 0, end);
      }
      if (bytes.length > MAX_PART_HEAD_BYTES) throw new RangeError('no end to the head of a part');
    }
  }

  /** Reads what stands behind the last part, so that the connection may serve again. */
  async #drain(): Promise<null> {
    this.#rest = null;
    while ((await this.#source.read()) !== null);
    return null;
  }
}
