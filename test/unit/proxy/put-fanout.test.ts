import { expect, onTestFinished, test } from 'vitest';
import { SocketTransport } from '../../../src/backend/socket-transport.ts';
import { bodyStream, forEachChunk } from '../../../src/http/body.ts';
import { BodyDigest } from '../../../src/http/body-digest.ts';
import { Headers } from '../../../src/http/headers.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import type { ProxyContext } from '../../../src/proxy/proxy-context.ts';
import type { PutConnection, PutTarget } from '../../../src/proxy/put-connections.ts';
import { PutFanout } from '../../../src/proxy/put-fanout.ts';
import { RawClient, startServer } from '../http/http-harness.ts';
import { silentLog } from '../http/silent-log.ts';

const WAIT_MS = 5000;
const SIZE = 12_000_000;

/** Bytes that tell where they belong. */
function pattern(): Buffer {
  const bytes = Buffer.alloc(SIZE);
  for (let at = 0; at < SIZE; at += 4) bytes.writeUInt32LE((at * 31) >>> 0, at);
  return bytes;
}

/** A node that keeps what it gets, beginning to read after `ready`. */
async function node(ready: Promise<void>): Promise<{ port: number; received: Buffer[] }> {
  const received: Buffer[] = [];
  const server = await startServer(async (req) => {
    await ready;
    const chunks: Uint8Array[] = [];
    for await (const chunk of bodyStream(req.body)) chunks.push(Uint8Array.from(chunk));
    received.push(Buffer.concat(chunks));
    return new SwiftResponse(201);
  });
  return { port: server.port, received };
}

test('every node gets the bytes of an upload, a node that reads late too, and memory is used again when all have them', async () => {
  const transport = new SocketTransport();
  onTestFinished(() => transport.close());
  const late = Promise.withResolvers<void>();
  const nodes = [await node(Promise.resolve()), await node(late.promise), await node(Promise.resolve())];
  const context = { conf: { nodeTimeoutMs: WAIT_MS } } as ProxyContext;
  const target = { path: '/a/c/o', digest: new BodyDigest() } as PutTarget;
  const held: boolean[] = [];
  const server = await startServer(async (req) => {
    const connections = await Promise.all(
      nodes.map(async ({ port }): Promise<PutConnection> => {
        const exchange = await transport.open({
          ip: '127.0.0.1',
          port,
          method: 'PUT',
          target: '/o',
          headers: new Headers(),
          body: SIZE,
          connectTimeoutMs: WAIT_MS,
        });
        const at = { id: 0, device: 'sdb1' } as PutConnection['node'];
        return { node: at, exchange, final: undefined, boundary: undefined, failed: false };
      }),
    );
    const fanout = new PutFanout(context, target, connections, silentLog);
    const isFree = (): boolean => {
      held.push(!fanout.flushed);
      if (held.at(-1) === true) late.resolve();
      return fanout.flushed;
    };
    const send = (chunk: Uint8Array): void | Promise<void> => {
      const wait = fanout.write(chunk);
      // By now the sockets are full: only a node that reads gives them room.
      if (wait !== undefined) late.resolve();
      return wait;
    };
    await forEachChunk(bodyStream(req.body), send, isFree);
    await fanout.finish(undefined);
    for (const { exchange } of connections) expect((await exchange.head(WAIT_MS)).status).toBe(201);
    return new SwiftResponse(201);
  });
  const client = await RawClient.open(server.port);
  const body = pattern();
  client.send(`PUT /o HTTP/1.1\r\nContent-Length: ${SIZE}\r\n\r\n`);
  // In drops, of which a connection takes some more than the system has room for.
  for (let at = 0; at < SIZE; at += 9973) {
    client.socket.write(body.subarray(at, at + 9973));
    await new Promise((resolve) => setImmediate(resolve));
  }
  await client.until((received) => received.includes('201 Created'));
  expect(nodes.map(({ received }) => received[0]?.equals(body))).toEqual([true, true, true]);
  expect(held).toContain(false);
});

test('a chunk is in use until the last node’s connection has let go of it; one that failed holds nothing', () => {
  const connection = (flushed: boolean | undefined, failed = false): PutConnection =>
    ({ exchange: { flushed }, failed, final: undefined }) as PutConnection;
  const fanout = (...connections: PutConnection[]): PutFanout =>
    new PutFanout({ conf: { nodeTimeoutMs: WAIT_MS } } as ProxyContext, {} as PutTarget, connections, silentLog);
  expect(fanout(connection(true), connection(true)).flushed).toBe(true);
  expect(fanout(connection(true), connection(false)).flushed).toBe(false);
  expect(fanout(connection(true), connection(undefined)).flushed).toBe(false);
  expect(fanout(connection(true), connection(false, true)).flushed).toBe(true);
});
