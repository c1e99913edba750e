import { expect, test } from 'vitest';
import { type BodyStream, iterateBody } from '../../../src/http/body.ts';
import { type SentInfo, SwiftResponse } from '../../../src/http/response.ts';
import { RawClient, startServer } from './http-harness.ts';

const CHUNK_BYTES = 65536;
const CHUNKS = 400;

/** Chunk `n` is filled with the byte `n % 251`. All but the first are in one piece of memory, which is filled anew whenever it may be. */
class OneMemoryBody implements BodyStream {
  readonly #memory = Buffer.alloc(CHUNK_BYTES);
  #next = 0;
  stops = 0;
  reads = 0;
  closed = false;

  read(): Uint8Array | null {
    this.reads += 1;
    return this.#next < CHUNKS ? Buffer.alloc(CHUNK_BYTES, this.#next++ % 251) : null;
  }

  async pass(take: (chunk: Uint8Array) => boolean, isFree?: boolean): Promise<void> {
    if (this.stops > 0 && isFree !== true) throw new Error('the memory of the last chunk is still in use');
    while (this.#next < CHUNKS && !this.closed) {
      if (take(this.#memory.fill(this.#next++ % 251))) continue;
      this.stops += 1;
      return;
    }
  }

  close(): void {
    this.closed = true;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

function answer(body: OneMemoryBody, info?: (sent: SentInfo) => void): SwiftResponse {
  const response = new SwiftResponse(200, { 'content-length': CHUNKS * CHUNK_BYTES, connection: 'close' }, body);
  return info === undefined ? response : response.onSent(info);
}

test('a client that takes its answer in its own time gets every byte of a body whose memory is filled again and again', async () => {
  const body = new OneMemoryBody();
  const server = await startServer(() => Promise.resolve(answer(body)));
  const client = await RawClient.open(server.port);
  const bytes = Buffer.from(await client.send('GET /a HTTP/1.1\r\n\r\n').rest(), 'latin1');
  const content = bytes.subarray(bytes.indexOf('\r\n\r\n') + 4);
  const wrong = Array.from({ length: CHUNKS }, (_, n) => n).filter(
    (n) => !content.subarray(n * CHUNK_BYTES, (n + 1) * CHUNK_BYTES).equals(Buffer.alloc(CHUNK_BYTES, n % 251)),
  );
  expect(content.length).toBe(CHUNKS * CHUNK_BYTES);
  expect(wrong).toEqual([]);
  // It was held back, and went on through the same memory: chunks of their own are the first and the end.
  expect(body.stops).toBeGreaterThan(0);
  expect(body.reads).toBe(2);
});

test('a client that goes ends a body that passes', async () => {
  const body = new OneMemoryBody();
  const info = Promise.withResolvers<SentInfo>();
  const server = await startServer(() => Promise.resolve(answer(body, info.resolve)));
  const client = await RawClient.open(server.port);
  await client.send('GET /a HTTP/1.1\r\n\r\n').until((received) => received.includes('200 OK'));
  client.socket.destroy();
  expect((await info.promise).complete).toBe(false);
  expect(body.closed).toBe(true);
});
