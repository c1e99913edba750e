/** Reads a MIME multipart message from a stream, one part after the other, in constant memory. */

import type { BodyStream } from '../http/body.ts';
import { Headers } from '../http/headers.ts';
import { htmlError } from '../http/storage-server.ts';

const LONGEST_HEAD_BYTES = 65536;
const CRLF = Buffer.from('\r\n');
const BLANK_LINE = Buffer.from('\r\n\r\n');
const EMPTY = Buffer.alloc(0);

export class MimeReader {
  readonly #source: BodyStream;
  readonly #firstLine: Buffer;
  /** What ends a part: line break, two dashes, boundary. */
  readonly #delimiter: Buffer;
  #buffer: Buffer = EMPTY;
  #ended = false;
  #state: 'before' | 'in-part' | 'between' | 'after' = 'before';

  constructor(source: BodyStream, boundary: string) {
    this.#source = source;
    this.#firstLine = Buffer.from(`--${boundary}`, 'latin1');
    this.#delimiter = Buffer.from(`\r\n--${boundary}`, 'latin1');
  }

  /** Headers of the next part, or undefined when there is none. Throws HttpError 400 for what is no MIME message. */
  async nextPart(): Promise<Headers | undefined> {
    if (this.#state === 'before') await this.#skipOpening();
    while (this.#state === 'in-part') await this.readPart();
    if (this.#state === 'after') return undefined;
    const head = await this.#takeHead();
    this.#state = head === undefined ? 'after' : 'in-part';
    return head;
  }

  /** The next bytes of the part, or null at its end, or where the message breaks off. */
  async readPart(): Promise<Uint8Array | null> {
    if (this.#state !== 'in-part') return null;
    for (;;) {
      const at = this.#buffer.indexOf(this.#delimiter);
      if (at > 0) return this.#take(at);
      if (at === 0) {
        this.#take(this.#delimiter.length);
        await this.#endDelimiter();
        return null;
      }
      // The last bytes may be the beginning of the delimiter.
      const certain = this.#buffer.length - this.#delimiter.length + 1;
      if (certain > 0) return this.#take(certain);
      if (!(await this.#fill())) return this.#takeRest();
    }
  }

  /** A message that breaks off ends its part. */
  #takeRest(): Uint8Array | null {
    this.#state = 'after';
    return this.#buffer.length === 0 ? null : this.#take(this.#buffer.length);
  }

  /** Reads what follows the last part, so that the connection can carry the next request. */
  async drain(): Promise<void> {
    while (this.#state === 'in-part') await this.readPart();
    this.#buffer = EMPTY;
    while (await this.#fill()) this.#buffer = EMPTY;
  }

  async #skipOpening(): Promise<void> {
    await this.#need(this.#firstLine.length);
    if (!this.#buffer.subarray(0, this.#firstLine.length).equals(this.#firstLine)) {
      throw htmlError(400, 'invalid MIME document');
    }
    this.#take(this.#firstLine.length);
    await this.#endDelimiter();
  }

  /** Behind a delimiter: `--` ends the message, a line break begins a part. */
  async #endDelimiter(): Promise<void> {
    await this.#need(2);
    const two = this.#take(2).toString('latin1');
    if (two === '--') this.#state = 'after';
    else if (two === '\r\n') this.#state = 'between';
    else throw htmlError(400, 'invalid MIME document');
  }

  async #takeHead(): Promise<Headers | undefined> {
    const headers = new Headers();
    for (;;) {
      if (this.#buffer.subarray(0, 2).equals(CRLF)) {
        this.#take(2);
        return headers;
      }
      const end = this.#buffer.indexOf(BLANK_LINE);
      if (end >= 0) {
        for (const line of this.#take(end + BLANK_LINE.length)
          .toString('latin1')
          .split('\r\n')) {
          const colon = line.indexOf(':');
          if (colon > 0) headers.set(line.slice(0, colon).trim(), line.slice(colon + 1).trim());
        }
        return headers;
      }
      if (this.#buffer.length > LONGEST_HEAD_BYTES) throw htmlError(400, 'invalid MIME document');
      if (!(await this.#fill())) return undefined;
    }
  }

  async #need(bytes: number): Promise<void> {
    while (this.#buffer.length < bytes) if (!(await this.#fill())) throw htmlError(400, 'invalid MIME document');
  }

  #take(bytes: number): Buffer {
    const taken = this.#buffer.subarray(0, bytes);
    this.#buffer = this.#buffer.subarray(bytes);
    return taken;
  }

  async #fill(): Promise<boolean> {
    if (this.#ended) return false;
    const chunk = await this.#source.read();
    if (chunk === null) {
      this.#ended = true;
      return false;
    }
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length);
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
    return true;
  }
}
