/** Bodies of several ranges, byte for byte as Swift writes them. */

import { randomBytes } from 'node:crypto';
import { bodyStream, iterateBody, type Body, type BodyStream } from './body.ts';
import { type ByteRange, contentRange } from './range.ts';

export class MultipartByteRanges {
  /** 32 hex digits. */
  readonly boundary: string;
  readonly ranges: readonly ByteRange[];
  /** Length of the whole body. */
  readonly contentLength: number;
  readonly #contentType: string;
  readonly #entityLength: number;

  /** `contentType` and `entityLength` are those of the whole entity. */
  constructor(ranges: readonly ByteRange[], contentType: string, entityLength: number, boundary?: string) {
    this.boundary = boundary ?? randomBytes(16).toString('hex');
    this.ranges = ranges;
    this.#contentType = contentType;
    this.#entityLength = entityLength;
    let length = this.end.length;
    for (const range of ranges) length += this.partHead(range).length + range.end - range.start + 2;
    this.contentLength = length;
  }

  /** Value of the answer's Content-Type. */
  get contentType(): string {
    return `multipart/byteranges;boundary=${this.boundary}`;
  }

  /** What stands before the bytes of a range (wire text). */
  partHead(range: ByteRange): string {
    const where = contentRange(range, this.#entityLength);
    return `--${this.boundary}\r\nContent-Type: ${this.#contentType}\r\nContent-Range: ${where}\r\n\r\n`;
  }

  /** What stands behind the last range's CR LF. */
  get end(): string {
    return `--${this.boundary}--`;
  }

  /** The body, of one stream for each range, opened when its turn comes. `onClose` is called once, whatever happens. */
  body(open: (range: ByteRange) => Body | Promise<Body>, onClose?: () => void | Promise<void>): BodyStream {
    return new MultipartBody(this, open, onClose);
  }
}

class MultipartBody implements BodyStream {
  readonly #parts: MultipartByteRanges;
  readonly #open: (range: ByteRange) => Body | Promise<Body>;
  #onClose: (() => void | Promise<void>) | undefined;
  #next = 0;
  #part: BodyStream | null = null;
  #done = false;

  constructor(
    parts: MultipartByteRanges,
    open: (range: ByteRange) => Body | Promise<Body>,
    onClose: (() => void | Promise<void>) | undefined,
  ) {
    this.#parts = parts;
    this.#open = open;
    this.#onClose = onClose;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#done) return null;
    if (this.#part === null) return this.#begin();
    const chunk = this.#part.read();
    return chunk instanceof Promise ? this.#whenRead(chunk) : (chunk ?? this.#endPart());
  }

  async close(): Promise<void> {
    this.#done = true;
    const part = this.#part;
    const onClose = this.#onClose;
    this.#part = null;
    this.#onClose = undefined;
    try {
      await part?.close();
    } finally {
      await onClose?.();
    }
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  async #whenRead(chunk: Promise<Uint8Array | null>): Promise<Uint8Array | null> {
    return (await chunk) ?? (await this.#endPart());
  }

  /** The head of the next part, or the end behind the last. */
  async #begin(): Promise<Uint8Array> {
    const range = this.#parts.ranges[this.#next++];
    if (range === undefined) {
      this.#done = true;
      return Buffer.from(this.#parts.end, 'latin1');
    }
    const body = bodyStream(await this.#open(range));
    if (this.#done) await body.close();
    else this.#part = body;
    return Buffer.from(this.#parts.partHead(range), 'latin1');
  }

  async #endPart(): Promise<Uint8Array> {
    const part = this.#part;
    this.#part = null;
    await part?.close();
    return Buffer.from('\r\n');
  }
}
