import { type BodyStream, iterateBody } from '../../middleware-api.ts';
import type { FormReader } from './form-reader.ts';

/** Thrown into the upload of a file that is too large, so that nothing of it is stored. */
export class FileTooLarge extends Error {}

/** The part that a form's reader is at, as a body of at most `maxBytes`. Closing it leaves the form where it is. */
export class CappedBody implements BodyStream {
  readonly #form: FormReader;
  readonly #maxBytes: bigint;
  #readBytes = 0;
  #closed = false;

  constructor(form: FormReader, maxBytes: bigint) {
    this.#form = form;
    this.#maxBytes = maxBytes;
  }

  get isTooLarge(): boolean {
    return BigInt(this.#readBytes) > this.#maxBytes;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#closed) return null;
    const bytes = await this.#form.read();
    this.#readBytes += bytes?.length ?? 0;
    if (this.isTooLarge) throw new FileTooLarge('max_file_size exceeded');
    return bytes;
  }

  close(): void {
    this.#closed = true;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}
