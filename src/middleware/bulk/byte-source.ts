/** Takes exact numbers of bytes from a body. */

import type { BodyStream } from '../../middleware-api.ts';

export class ByteSource {
  readonly #body: BodyStream;
  #pending: Uint8Array = new Uint8Array(0);
  #ended = false;
  /** What reading threw; undefined while all is well. */
  failure: Error | undefined;

  constructor(body: BodyStream) {
    this.#body = body;
  }

  /** What is at hand or comes next, at most `limitBytes`; null at the end. */
  async some(limitBytes: number): Promise<Uint8Array | null> {
    while (this.#pending.length === 0) {
      if (this.#ended) return null;
      const chunk = await this.#next();
      if (chunk === null) this.#ended = true;
      else this.#pending = chunk;
    }
    const taken = this.#pending.subarray(0, limitBytes);
    this.#pending = this.#pending.subarray(taken.length);
    return taken;
  }

  /** So many bytes, fewer only at the end. */
  async exactly(count: number): Promise<Buffer> {
    const parts: Uint8Array[] = [];
    let missing = count;
    while (missing > 0) {
      const part = await this.some(missing);
      if (part === null) break;
      parts.push(part);
      missing -= part.length;
    }
    return Buffer.concat(parts);
  }

  /** Passes over so many bytes; false when there are fewer. */
  async skip(count: number): Promise<boolean> {
    for (let missing = count; missing > 0;) {
      const part = await this.some(missing);
      if (part === null) return false;
      missing -= part.length;
    }
    return true;
  }

  async #next(): Promise<Uint8Array | null> {
    try {
      return await this.#body.read();
    } catch (error) {
      this.failure = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }

  close(): void | Promise<void> {
    return this.#body.close();
  }
}
