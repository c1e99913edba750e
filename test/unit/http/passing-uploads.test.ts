import { connect } from 'node:net';
import { expect, test } from 'vitest';
import { bodyStream, forEachChunk } from '../../../src/http/body.ts';
import { HttpError, SwiftResponse } from '../../../src/http/response.ts';
import { exchange, RawClient, startServer, statuses } from './http-harness.ts';

const SIZE = 3_000_001;

/** Bytes that tell where they belong: no two places of any two bodies look alike. */
function pattern(seed: number, size: number = SIZE): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 31 + seed) >>> 0, at);
  return bytes;
}

/** Resolves when the answer is there. */
function upload(port: number, seed: number): Promise<void> {
  const body = pattern(seed);
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.write(`PUT /${seed} HTTP/1.1\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n`);
    socket.write(body);
    socket.resume().on('close', () => resolve());
  });
}

/** How the handler of an upload that is cut or stalls gets to know it. */
async function faultOf(timeoutMs: number, after: (client: RawClient) => void): Promise<unknown> {
  const fault = Promise.withResolvers<unknown>();
  const server = await startServer(
    async (req) => {
      const take = (): void => void (count++ === 1 && after(client));
      let count = 0;
      await forEachChunk(bodyStream(req.body), take, () => true).catch((error: unknown) => fault.resolve(error));
      return new SwiftResponse(201);
    },
    { clientTimeoutMs: timeoutMs },
  );
  const client = await RawClient.open(server.port);
  client.send(`PUT /a HTTP/1.1\r\nContent-Length: ${SIZE}\r\n\r\n`).send('x'.repeat(300_000));
  return fault.promise;
}

test('uploads whose reader is done with each chunk at once come through memory that is used again', async () => {
  const intact: boolean[] = [];
  const chunksPerMemory: number[] = [];
  const server = await startServer(async (req) => {
    const seed = Number(req.path.slice(1));
    const received = Buffer.alloc(SIZE);
    const memory = new Set<ArrayBufferLike>();
    let [at, chunks] = [0, 0];
    const take = (chunk: Uint8Array): void => {
      received.set(chunk, at);
      at += chunk.length;
      chunks += 1;
      memory.add(chunk.buffer);
      chunk.fill(0xff);
    };
    await forEachChunk(bodyStream(req.body), take, () => true);
    intact.push(received.equals(pattern(seed)));
    chunksPerMemory.push(chunks / memory.size);
    return new SwiftResponse(201);
  });
  await Promise.all([1, 2, 3].map((seed) => upload(server.port, seed)));
  expect(intact).toEqual([true, true, true]);
  expect(Math.min(...chunksPerMemory)).toBeGreaterThan(4);
});

test('a chunk that its reader still holds stays as it is, whatever else comes', async () => {
  const intact: boolean[] = [];
  const server = await startServer(async (req) => {
    const chunks: Uint8Array[] = [];
    let isHeld = true;
    const take = (chunk: Uint8Array): void => {
      isHeld = chunks.length % 3 !== 2;
      chunks.push(isHeld ? chunk : Uint8Array.from(chunk));
    };
    await forEachChunk(bodyStream(req.body), take, () => !isHeld);
    intact.push(Buffer.concat(chunks).equals(pattern(Number(req.path.slice(1)))));
    return new SwiftResponse(201);
  });
  await Promise.all([1, 2, 3].map((seed) => upload(server.port, seed)));
  expect(intact).toEqual([true, true, true]);
});

test('a reader that asks to be waited for gets no chunk meanwhile', async () => {
  let [waiting, overlaps, received] = [0, 0, 0];
  const server = await startServer(async (req) => {
    const take = async (chunk: Uint8Array): Promise<void> => {
      overlaps += waiting++;
      received += chunk.length;
      await new Promise((resolve) => setImmediate(resolve));
      waiting -= 1;
    };
    await forEachChunk(bodyStream(req.body), take, () => true);
    return new SwiftResponse(201);
  });
  await upload(server.port, 1);
  expect([overlaps, received]).toEqual([0, SIZE]);
});

test('what the reader throws at a chunk that passes ends the upload with that answer', async () => {
  const server = await startServer(async (req) => {
    let count = 0;
    const take = (): void => {
      if (count++ === 3) throw new HttpError(413);
    };
    await forEachChunk(bodyStream(req.body), take, () => true);
    return new SwiftResponse(201);
  });
  const head = `PUT /a HTTP/1.1\r\nContent-Length: ${SIZE}\r\n\r\n`;
  expect(statuses(await exchange(server.port, head + 'x'.repeat(400_000)))).toEqual([413]);
});

test('the request behind an upload that passed is served', async () => {
  const server = await startServer(async (req) => {
    await forEachChunk(
      bodyStream(req.body),
      () => undefined,
      () => true,
    );
    return new SwiftResponse(req.method === 'PUT' ? 201 : 200);
  });
  const put = `PUT /a HTTP/1.1\r\nContent-Length: ${SIZE}\r\n\r\n${'x'.repeat(SIZE)}`;
  const answers = await exchange(server.port, `${put}${put}GET / HTTP/1.1\r\nConnection: close\r\n\r\n`);
  expect(statuses(answers)).toEqual([201, 201, 200]);
});

test('a client that goes while its upload passes is told apart from one that stalls', async () => {
  expect(await faultOf(5000, (client) => void client.socket.destroy())).toMatchObject({ name: 'ClientDisconnect' });
  expect(await faultOf(50, () => undefined)).toMatchObject({ name: 'ChunkReadTimeout' });
});

test('a server that closes is left by no connection', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(200)));
  const client = await RawClient.open(server.port);
  await client.send('GET / HTTP/1.1\r\n\r\n').until((received) => received.includes('200 OK'));
  await server.drain(5000);
  await client.until(() => client.closed).catch(() => undefined);
  expect([client.closed, server.connectionCount]).toEqual([true, 0]);
});
