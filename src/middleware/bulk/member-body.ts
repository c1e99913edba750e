/** The data of one member of an archive, as a body. Closing it leaves the rest to the archive's reader. */

import { type BodyStream, iterateBody } from '../../middleware-api.ts';
import type { ByteSource } from './byte-source.ts';
import { TarError } from './tar-header.ts';

const CHUNK_BYTES = 65536;

export class MemberBody implements BodyStream {
  readonly #source: ByteSource;
  #left: number;
  readonly #paddingBytes: number;
  #closed = false;

  constructor(source: ByteSource, sizeBytes: number, paddingBytes: number) {
    this.#source = source;
    this.#left = sizeBytes;
    this.#paddingBytes = paddingBytes;
  }

  /** Throws TarError when the archive ends before the member does. */
  async read(): Promise<Uint8Array | null> {
    return this.#closed ? null : this.#take(CHUNK_BYTES);
  }

  /** So many bytes, for data that begins with a description of itself. Throws TarError when there are fewer. */
  async exactly(count: number): Promise<Buffer> {
    const data = await this.#source.exactly(Math.min(count, this.#left));
    this.#left -= data.length;
    if (data.length < count) throw new TarError('unexpected end of data');
    return data;
  }

  /** Passes over what nobody read. Throws TarError as `read` does. */
  async skipRest(): Promise<void> {
    const rest = this.#left + this.#paddingBytes;
    this.#left = 0;
    if (!(await this.#source.skip(rest))) throw new TarError('unexpected end of data');
  }

  close(): void {
    this.#closed = true;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  async #take(limitBytes: number): Promise<Uint8Array | null> {
    if (this.#left === 0) return null;
    const chunk = await this.#source.some(Math.min(limitBytes, this.#left));
    if (chunk === null) throw (this.#source.failure = new TarError('unexpected end of data'));
    this.#left -= chunk.length;
    return chunk;
  }
}
