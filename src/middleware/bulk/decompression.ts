/** The archive inside a compressed body. */

import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type BodyStream, iterateBody } from '../../middleware-api.ts';
import { Bzip2Body } from './bzip2-body.ts';
import type { Places } from './places.ts';
import { TarError } from './tar-header.ts';

export type Compression = 'none' | 'gzip' | 'bzip2';

/**
 * Reading throws TarError when the data is damaged or cut off, and ClientDisconnect when `signal` aborts while it waits for one of
 * `threads`. Closing closes `body`.
 */
export function decompressed(
  body: BodyStream,
  compression: Compression,
  threads: Places,
  signal: AbortSignal,
): BodyStream {
  switch (compression) {
    case 'none':
      return body;
    case 'gzip':
      return new GzipBody(body);
    case 'bzip2':
      return new Bzip2Body(body, threads, signal);
  }
}

class GzipBody implements BodyStream {
  readonly #source: BodyStream;
  readonly #input: Readable;
  readonly #output: AsyncIterator<Uint8Array>;
  readonly #ended: Promise<void>;
  #bytesIn = 0;
  #bytesOut = 0;

  constructor(source: BodyStream) {
    this.#source = source;
    this.#input = Readable.from(this.#counted(), { objectMode: false });
    const gunzip = createGunzip();
    // What breaks the input breaks the output, where it is thrown to the reader.
    this.#ended = pipeline(this.#input, gunzip).catch(() => undefined);
    this.#output = gunzip[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async read(): Promise<Uint8Array | null> {
    try {
      const { value, done } = await this.#output.next();
      if (done === true) return null;
      this.#bytesOut += value.length;
      return value;
    } catch (error) {
      return this.#fault(error);
    }
  }

  async close(): Promise<void> {
    this.#input.destroy();
    await this.#source.close();
    await this.#ended;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  async *#counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of this.#source) {
      this.#bytesIn += chunk.length;
      yield chunk;
    }
  }

  /** What was cut off before anything came of it is empty. */
  #fault(error: unknown): null {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'Z_BUF_ERROR') {
      if (this.#bytesIn < 2) throw new TarError('not a gzip file');
      if (this.#bytesOut === 0) return null;
      throw new TarError('unexpected end of data');
    }
    if (code?.startsWith('Z_') !== true) throw error;
    throw new TarError(message === 'incorrect header check' ? 'not a gzip file' : 'invalid compressed data');
  }
}
