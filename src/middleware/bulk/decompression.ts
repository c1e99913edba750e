/** The archive inside a compressed body. */

import { pipeline } from 'node:stream/promises';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { type BodyStream, iterateBody } from '../../middleware-api.ts';
import { Bzip2Body } from './bzip2-body.ts';
import { TarError } from './tar-header.ts';

export type Compression = 'none' | 'gzip' | 'bzip2';

/** Reading throws TarError when the data is damaged or cut off. Closing closes `body`. */
export function decompressed(body: BodyStream, compression: Compression): BodyStream {
  switch (compression) {
    case 'none':
      return body;
    case 'gzip':
      return new GzipBody(body);
    case 'bzip2':
      return new Bzip2Body(body);
  }
}

class GzipBody implements BodyStream {
  readonly #source: BodyStream;
  readonly #input: Readable;
  readonly #output: AsyncIterator<Uint8Array>;
  readonly #ended: Promise<void>;

  constructor(source: BodyStream) {
    this.#source = source;
    this.#input = Readable.from(source, { objectMode: false });
    const gunzip = createGunzip();
    // What breaks the input breaks the output, where it is thrown to the reader.
    this.#ended = pipeline(this.#input, gunzip).catch(() => undefined);
    this.#output = gunzip[Symbol.asyncIterator]() as AsyncIterator<Uint8Array>;
  }

  async read(): Promise<Uint8Array | null> {
    try {
      const { value, done } = await this.#output.next();
      return done === true ? null : value;
    } catch (error) {
      throw faultOf(error);
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
}

function faultOf(error: unknown): unknown {
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === 'Z_BUF_ERROR') return new TarError('unexpected end of data');
  if (code?.startsWith('Z_') !== true) return error;
  return new TarError(message === 'incorrect header check' ? 'not a gzip file' : 'invalid compressed data');
}
