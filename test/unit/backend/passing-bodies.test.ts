import { connect, createServer, type Socket } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { SocketTransport } from '../../../src/backend/socket-transport.ts';
import type { BodyStream } from '../../../src/http/body.ts';
import { Headers } from '../../../src/http/headers.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { startServer } from '../http/http-harness.ts';

const WAIT_MS = 3000;
const SIZE = 12_000_001;

/** Bytes that tell where they belong: no two places of any two bodies look alike. */
function pattern(seed: number, size: number = SIZE): Buffer {
  const bytes = Buffer.alloc(size);
  for (let at = 0; at + 4 <= size; at += 4) bytes.writeUInt32LE((at * 31 + seed) >>> 0, at);
  return bytes;
}

/** A node whose answer to `/N` is what `script` makes of the number. */
async function node(script: (socket: Socket, seed: number) => void): Promise<number> {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      for (const [, seed] of chunk.toString('latin1').matchAll(/^GET \/(\d+) /gm)) script(socket, Number(seed));
    });
    onTestFinished(() => void socket.destroy());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void server.close());
  return (server.address() as { port: number }).port;
}

const answer = (body: Buffer, length: number = body.length): Buffer =>
  Buffer.concat([Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${length}\r\n\r\n`), body]);

interface Front {
  port: number;
  transport: SocketTransport;
}

/** A server that gives its clients what the node gives. */
async function front(nodePort: number, timeoutMs: number = WAIT_MS): Promise<Front> {
  const transport = new SocketTransport();
  onTestFinished(() => transport.close());
  const server = await startServer(async (req) => {
    const exchange = await transport.open({
      ip: '127.0.0.1',
      port: nodePort,
      method: 'GET',
      target: req.target,
      headers: new Headers(),
      body: 'none',
      connectTimeoutMs: WAIT_MS,
    });
    const { headers } = await exchange.head(WAIT_MS);
    const body: BodyStream = exchange.body(timeoutMs);
    return new SwiftResponse(200, { 'content-length': headers.get('content-length') }, body);
  });
  return { port: server.port, transport };
}

/** The body that a client gets. It begins, and then takes no more until `release`. */
function fetchBody(port: number, seed: number, release?: Promise<unknown>): Promise<Buffer> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(`GET /${seed} HTTP/1.1\r\nConnection: close\r\n\r\n`));
    const chunks: Buffer[] = [];
    socket.on('data', (chunk: Buffer) => chunks.push(chunk));
    if (release !== undefined) {
      socket.once('data', () => socket.pause());
      void release.then(() => socket.resume());
    }
    socket.on('close', () => {
      const all = Buffer.concat(chunks);
      resolve(all.subarray(all.indexOf('\r\n\r\n') + 4));
    });
  });
}

test('bodies pass to fast clients and to some that stall beyond what the system buffers, and none sees a byte of another', async () => {
  const { port, transport } = await front(await node((socket, seed) => void socket.write(answer(pattern(seed)))));
  const fast = [0, 1, 2, 3];
  const { promise: release, resolve } = Promise.withResolvers<void>();
  const stalled = [4, 5, 6].map((seed) => fetchBody(port, seed, release));
  for (let round = 0; round < 2; round++) {
    const bodies = await Promise.all(fast.map((seed) => fetchBody(port, seed)));
    expect(bodies.map((body, seed) => body.equals(pattern(seed)))).toEqual(fast.map(() => true));
  }
  resolve();
  const late = await Promise.all(stalled);
  expect(late.map((body, at) => body.equals(pattern(at + 4)))).toEqual([true, true, true]);
  expect(transport.idleCount).toBe(7);
});

test('a body that comes in drops passes whole, and its connection is used again', async () => {
  const drip = (socket: Socket, bytes: Buffer, at: number): void => {
    socket.write(bytes.subarray(at, at + 9973));
    if (at + 9973 < bytes.length) setImmediate(() => drip(socket, bytes, at + 9973));
  };
  const { port, transport } = await front(
    await node((socket, seed) => drip(socket, answer(pattern(seed, 300_007)), 0)),
  );
  for (const seed of [1, 2]) expect((await fetchBody(port, seed)).equals(pattern(seed, 300_007))).toBe(true);
  expect(transport.idleCount).toBe(1);
});

test('bytes behind the end of a body reach no client, and their connection is not used again', async () => {
  const body = pattern(5, 200_000);
  const { port, transport } = await front(
    await node((socket) => {
      socket.write(answer(body.subarray(0, 100), 150_000));
      setImmediate(() => socket.write(body.subarray(100)));
    }),
  );
  expect((await fetchBody(port, 5)).equals(body.subarray(0, 150_000))).toBe(true);
  expect(transport.idleCount).toBe(0);
});

test.each([
  ['breaks off', (socket: Socket): void => void socket.end()],
  ['sends no more', (): void => undefined],
])('a node that %s ends the client’s connection', async (_, then) => {
  const { port } = await front(
    await node((socket) => {
      socket.write(answer(pattern(6, 100_000), 500_000));
      then(socket);
    }),
    40,
  );
  expect(
    pattern(6, 100_000)
      .subarray(0, 100_000)
      .equals(await fetchBody(port, 6)),
  ).toBe(true);
});

test('a client that goes closes the connection to the node', async () => {
  let closed = 0;
  const nodePort = await node((socket, seed) => {
    socket.on('close', () => (closed += 1));
    socket.write(answer(pattern(seed), 1 << 30));
  });
  const { port, transport } = await front(nodePort);
  const client = connect(port, '127.0.0.1', () => client.write('GET /7 HTTP/1.1\r\n\r\n'));
  await new Promise<void>((resolve) => client.once('data', () => resolve()));
  client.destroy();
  await expect.poll(() => closed, { interval: 5 }).toBe(1);
  expect(transport.idleCount).toBe(0);
});
