/**
 * Bodies of requests and responses. A body has one reader. Whoever holds a body that will not be read to its end closes it.
 */

import { Readable } from 'node:stream';
import type { BodyDigest } from './body-digest.ts';

/** A body that Apus itself makes: read without promises while data is at hand, and closed even when never started. */
export interface BodyStream extends AsyncIterable<Uint8Array> {
  /** The next chunk, or null at the end; a promise only when it must be waited for. Throws what broke the body. */
  read(): Uint8Array | null | Promise<Uint8Array | null>;
  /**
   * Hands chunks to `take` as they arrive, with no promise for each, until it answers false: that it still uses the chunk's memory, which
   * is filled anew once it has answered true. Resolves when nothing more can be handed on that way; `read` goes on from there, and tells
   * the end or what broke. `isFree`: the memory of all that was handed on before is done with by now.
   */
  pass?(take: (chunk: Uint8Array) => boolean, isFree?: boolean): Promise<void>;
  /** Frees what the body owns (socket, file). Safe to call at any time and more than once. */
  close(): void | Promise<void>;
  /** MD5 of the object's bytes in this body, where its sender makes it. A body made of another has none. */
  readonly digest?: BodyDigest | undefined;
}

export type Body = Uint8Array | AsyncIterable<Uint8Array> | null;

function isBodyStream(body: unknown): body is BodyStream {
  return (
    typeof body === 'object' && body !== null && 'read' in body && 'close' in body && !(body instanceof Uint8Array)
  );
}

/** See BodyStream. */
export function digestOf(body: Body): BodyDigest | undefined {
  return isBodyStream(body) ? body.digest : undefined;
}

/** The async iterator of a BodyStream; leaving the loop early closes the body. */
export async function* iterateBody(stream: BodyStream): AsyncGenerator<Uint8Array, void, void> {
  try {
    for (;;) {
      const next = stream.read();
      const chunk = next instanceof Promise ? await next : next;
      if (chunk === null) return;
      yield chunk;
    }
  } finally {
    await stream.close();
  }
}

/** Any body as a BodyStream. Closing it before the first read closes what lies beneath. */
export function bodyStream(body: Body): BodyStream {
  if (isBodyStream(body)) return body;
  return body === null || body instanceof Uint8Array ? new BytesBody(body) : new IterableBody(body);
}

/**
 * Reads a body to its end without closing it; `take` gets each chunk and may answer a promise to wait for. `isFree` tells whether the memory
 * of all that was taken may be used again; that of the first chunk never is. Throws what broke the body, and what `take` throws.
 */
export async function forEachChunk(
  stream: BodyStream,
  take: (chunk: Uint8Array) => void | Promise<void>,
  isFree: () => boolean,
): Promise<void> {
  for (;;) {
    const next = stream.read();
    const chunk = next instanceof Promise ? await next : next;
    if (chunk === null) return;
    const wait = take(chunk);
    if (wait !== undefined) await wait;
    if (stream.pass !== undefined) await passEach(stream, take, isFree);
  }
}

async function passEach(
  stream: BodyStream,
  take: (chunk: Uint8Array) => void | Promise<void>,
  isFree: () => boolean,
): Promise<void> {
  let wait: Promise<void> | undefined;
  await stream.pass?.((chunk) => {
    try {
      wait = take(chunk) ?? undefined;
    } catch (error) {
      // The connection calls this, and has nobody to throw to.
      wait = Promise.reject(error as Error);
    }
    return wait === undefined && isFree();
  }, isFree());
  await wait;
}

class BytesBody implements BodyStream {
  #bytes: Uint8Array | null;

  constructor(bytes: Uint8Array | null) {
    this.#bytes = bytes !== null && bytes.length > 0 ? bytes : null;
  }

  read(): Uint8Array | null {
    const bytes = this.#bytes;
    this.#bytes = null;
    return bytes;
  }

  close(): void {
    this.#bytes = null;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

class IterableBody implements BodyStream {
  #source: AsyncIterable<Uint8Array>;
  #iterator: AsyncIterator<Uint8Array> | null = null;
  #done = false;

  constructor(source: AsyncIterable<Uint8Array>) {
    this.#source = source;
  }

  async read(): Promise<Uint8Array | null> {
    if (this.#done) return null;
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    for (;;) {
      const { value, done } = await this.#iterator.next();
      if (done === true) {
        this.#done = true;
        return null;
      }
      if (value.length > 0) return value;
    }
  }

  async close(): Promise<void> {
    if (this.#done) return;
    this.#done = true;
    this.#iterator ??= this.#source[Symbol.asyncIterator]();
    await endIteration(this.#source, this.#iterator);
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

/** Closes a body that will not be read. */
export async function closeBody(body: Body): Promise<void> {
  if (body === null || body instanceof Uint8Array) return;
  if (isBodyStream(body)) await body.close();
  else await endIteration(body, body[Symbol.asyncIterator]());
}

/** An iterator that was never started does not end the stream of Node that it is of. */
async function endIteration(source: AsyncIterable<Uint8Array>, iterator: AsyncIterator<Uint8Array>): Promise<void> {
  await iterator.return?.();
  if (source instanceof Readable) source.destroy();
}

/** Reads a whole body. Throws RangeError, with the body closed, when it is longer than `limitBytes`. */
export async function readAll(body: Body, limitBytes: number = Infinity): Promise<Buffer> {
  if (body === null) return Buffer.alloc(0);
  if (body instanceof Uint8Array) return Buffer.from(body.buffer, body.byteOffset, body.length);
  const stream = bodyStream(body);
  const chunks: Uint8Array[] = [];
  let length = 0;
  try {
    for (;;) {
      const chunk = await stream.read();
      if (chunk === null) break;
      length += chunk.length;
      if (length > limitBytes) throw new RangeError(`body is longer than ${limitBytes} bytes`);
      chunks.push(chunk);
    }
  } finally {
    await stream.close();
  }
  return chunks.length === 1 ? Buffer.from(chunks[0] as Uint8Array) : Buffer.concat(chunks, length);
}
