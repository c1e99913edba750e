/**
 * Reads a multipart form from a stream, one part after the other; no more of it is in memory than one chunk of the request. Where the
 * boundaries are is found by multipasta's search. Its parser of whole forms is stricter about heads than Swift, so heads are read
 * here.
 */

import { make as makeSplitter } from 'multipasta/Search';
import { type BodyStream, HttpError } from '../../middleware-api.ts';
import { parsePartHead } from './part-head.ts';

const LONGEST_HEAD_BYTES = 16 * 1024;
const LINE_FEED = 10;
const EMPTY = Buffer.alloc(0);

/** Bytes that belong to the part of that number. */
interface Piece {
  readonly part: number;
  readonly bytes: Buffer;
}

/** The body does not begin with the boundary. */
export class InvalidOpening extends Error {}

export class FormReader {
  readonly #source: BodyStream;
  readonly #openingLine: string;
  readonly #splitter: ReturnType<typeof makeSplitter>;
  #pieces: Piece[] = [];
  #part = -1;
  #ended = false;

  /** `boundary` as it stands in the request's Content-Type (wire text). */
  constructor(source: BodyStream, boundary: string) {
    this.#source = source;
    this.#openingLine = Buffer.from(`--${boundary}`, 'utf8').toString('latin1');
    this.#splitter = makeSplitter(`\r\n--${boundary}`, (part, bytes) => {
      this.#pieces.push({ part, bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length) });
    });
  }

  /**
   * Header fields of the next part; what was left of the one before is skipped. Undefined behind the last one. Throws InvalidOpening,
   * HttpError 400 for a head that does not end, and what breaks the body.
   */
  async nextPart(): Promise<ReadonlyMap<string, string> | undefined> {
    if (this.#part < 0) await this.#skipOpening();
    else while ((await this.read()) !== null);
    this.#part++;
    await this.#fill();
    const [next] = this.#pieces;
    if (next === undefined) return undefined;
    this.#part = next.part;
    if (this.#part > 0 && (await this.#take(2)).toString('latin1') === '--') return undefined;
    return parsePartHead(await this.#takeHead());
  }

  /** The next bytes of the part, null at its end. */
  async read(): Promise<Buffer | null> {
    return (await this.#fill()) ? (this.#pieces.shift() as Piece).bytes : null;
  }

  async #skipOpening(): Promise<void> {
    const longest = this.#openingLine.length + 2;
    let line = '';
    let rest: Buffer = EMPTY;
    do {
      line = '';
      while (line.length < longest && !line.endsWith('\n')) {
        if (rest.length === 0) {
          const chunk = await this.#source.read();
          if (chunk === null) break;
          rest = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
        }
        const newline = rest.indexOf(LINE_FEED);
        const end = Math.min(longest - line.length, newline < 0 ? rest.length : newline + 1);
        line += rest.toString('latin1', 0, end);
        rest = rest.subarray(end);
      }
    } while (line === '\r\n');
    if (line.replace(/^[ \t-\r]+|[ \t-\r]+$/g, '') !== this.#openingLine) throw new InvalidOpening();
    if (rest.length > 0) this.#splitter.write(rest);
  }

  /** Reads until there are bytes of this part; false when it has no more. */
  async #fill(): Promise<boolean> {
    while (this.#pieces.length === 0 && !this.#ended) {
      const chunk = await this.#source.read();
      if (chunk !== null) {
        this.#splitter.write(chunk);
      } else {
        this.#ended = true;
        this.#splitter.end();
      }
    }
    return this.#pieces[0]?.part === this.#part;
  }

  /** So many bytes of the part, fewer when it ends before. */
  async #take(count: number): Promise<Buffer> {
    let taken: Buffer = EMPTY;
    while (taken.length < count && (await this.#fill())) {
      const { part, bytes } = this.#pieces.shift() as Piece;
      const missing = count - taken.length;
      taken = Buffer.concat([taken, bytes.subarray(0, missing)]);
      if (bytes.length > missing) this.#pieces.unshift({ part, bytes: bytes.subarray(missing) });
    }
    return taken;
  }

  async #takeHead(): Promise<Buffer> {
    let head: Buffer = EMPTY;
    for (let bytes = await this.read(); bytes !== null; bytes = await this.read()) {
      head = head.length === 0 ? bytes : Buffer.concat([head, bytes]);
      const end = endOfHead(head);
      if (end >= 0) return this.#putBack(head, end);
      if (head.length > LONGEST_HEAD_BYTES) throw new HttpError(400, 'FormPost: the head of a part is too long');
    }
    return head;
  }

  #putBack(bytes: Buffer, from: number): Buffer {
    if (from < bytes.length) this.#pieces.unshift({ part: this.#part, bytes: bytes.subarray(from) });
    return bytes.subarray(0, from);
  }
}

/** Where the blank line behind a head ends; -1 when it has not come yet. */
function endOfHead(bytes: Buffer): number {
  if (bytes[0] === 13 && bytes[1] === LINE_FEED) return 2;
  const at = bytes.indexOf('\r\n\r\n');
  return at < 0 ? -1 : at + 4;
}
