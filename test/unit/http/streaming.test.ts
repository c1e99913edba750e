import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { request as httpsRequest } from 'node:https';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type BodyStream, iterateBody, readAll } from '../../../src/http/body.ts';
import { HttpServer } from '../../../src/http/server.ts';
import { type SentInfo, SwiftResponse } from '../../../src/http/response.ts';
import { exchange, RawClient, startServer, statuses } from './http-harness.ts';
import { silentLog } from './silent-log.ts';

const CHUNK = Buffer.alloc(65536, 'x');

/** A body of `total` bytes that is always at hand and counts what was read of it. */
class Endless implements BodyStream {
  readBytes = 0;
  closed = false;
  readonly total: number;
  constructor(total: number) {
    this.total = total;
  }
  read(): Uint8Array | null {
    if (this.readBytes >= this.total) return null;
    this.readBytes += CHUNK.length;
    return CHUNK;
  }
  close(): void {
    this.closed = true;
  }
  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

test('a client that reads slowly holds the body back, and one that reads nothing is cut off', async () => {
  const body = new Endless(1 << 30);
  const info = Promise.withResolvers<SentInfo>();
  const server = await startServer(
    () => Promise.resolve(new SwiftResponse(200, { 'content-length': body.total }, body).onSent(info.resolve)),
    { clientTimeoutMs: 100 },
  );
  const client = await RawClient.open(server.port);
  client.socket.pause();
  client.send('GET /a HTTP/1.1\r\n\r\n');
  const sent = await info.promise;
  expect(sent.complete).toBe(false);
  expect(body.readBytes).toBeLessThan(32 << 20);
  expect(body.closed).toBe(true);
});

test('a handler that does not read holds the client back', async () => {
  const entered = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  let length = 0;
  const server = await startServer(async (req) => {
    entered.resolve();
    await go.promise;
    for await (const chunk of req.body as BodyStream) length += chunk.length;
    return new SwiftResponse(201);
  });
  const client = await RawClient.open(server.port);
  const total = 64 << 20;
  client.send(`PUT /a HTTP/1.1\r\nContent-Length: ${total}\r\nConnection: close\r\n\r\n`);
  await entered.promise;
  let offered = 0;
  const offer = (): boolean => {
    const size = Math.min(CHUNK.length, total - offered);
    offered += size;
    return client.socket.write(CHUNK.subarray(0, size));
  };
  // The kernel's buffers and the codec's own are full long before the body is through.
  for (let room = true; room && offered < total;) {
    while (offered < total && offer());
    room = await Promise.race([
      new Promise<boolean>((resolve) => client.socket.once('drain', () => resolve(true))),
      new Promise<boolean>((resolve) => setTimeout(resolve, 100, false)),
    ]);
  }
  expect(offered).toBeLessThan(total);
  go.resolve();
  while (offered < total) {
    if (!offer()) await new Promise((resolve) => client.socket.once('drain', resolve));
  }
  expect(statuses(await client.rest())).toEqual([201]);
  expect(length).toBe(total);
});

test('memory stays flat while hundreds of megabytes go through', async () => {
  const server = await startServer((req) =>
    Promise.resolve(new SwiftResponse(200, {}, req.method === 'GET' ? new Endless(192 << 20) : req.body)),
  );
  const { SocketTransport } = await import('../../../src/backend/socket-transport.ts');
  const { Headers } = await import('../../../src/http/headers.ts');
  const transport = new SocketTransport();
  onTestFinished(() => transport.close());
  const base = { ip: '127.0.0.1', port: server.port, target: '/', headers: new Headers(), connectTimeoutMs: 1000 };
  const download = await transport.open({ ...base, method: 'GET', body: 'none' });
  await download.head(1000);
  let largest = 0;
  let received = 0;
  const before = process.memoryUsage.rss();
  for await (const chunk of download.body(1000)) {
    received += chunk.length;
    largest = Math.max(largest, process.memoryUsage.rss());
  }
  const echo = await transport.open({ ...base, method: 'PUT', body: 'chunked' });
  const upload = async (): Promise<void> => {
    for (let sent = 0; sent < 128 << 20; sent += CHUNK.length) await echo.write(CHUNK, 5000);
    echo.end();
  };
  const uploading = upload();
  await echo.head(1000);
  for await (const chunk of echo.body(5000)) {
    received += chunk.length;
    largest = Math.max(largest, process.memoryUsage.rss());
  }
  await uploading;
  expect(received).toBe(320 << 20);
  expect(largest - before).toBeLessThan(150 << 20);
});

test('TLS serves the same, and a handshake that fails harms nobody', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'apus-tls-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const [keyFile, certFile] = [join(folder, 'key.pem'), join(folder, 'cert.pem')];
  const subject = ['-subj', '/CN=localhost', '-days', '1', '-keyout', keyFile, '-out', certFile];
  execFileSync('openssl', ['req', '-x509', '-newkey', 'rsa:2048', '-nodes', ...subject], { stdio: 'ignore' });
  const tls = { key: readFileSync(keyFile), cert: readFileSync(certFile) };
  const server = await startServer(
    async (req) => new SwiftResponse(200, {}, Buffer.from(`${req.scheme} ${(await readAll(req.body)).length}`)),
    { tls },
  );
  const plain = await RawClient.open(server.port);
  await plain.send('GET / HTTP/1.1\r\n\r\n').rest();
  const text = await new Promise<string>((resolve, reject) => {
    const req = httpsRequest(
      { host: '127.0.0.1', port: server.port, method: 'PUT', ca: tls.cert, checkServerIdentity: () => undefined },
      (res) => {
        let body = '';
        res.on('data', (chunk) => (body += String(chunk))).on('end', () => resolve(body));
      },
    );
    req.on('error', reject).end(Buffer.alloc(1_000_000));
  });
  expect(text).toBe('https 1000000');
});

test('drain lets requests finish with Connection: close, closes idle connections and accepts no more', async () => {
  const entered = Promise.withResolvers<void>();
  const go = Promise.withResolvers<void>();
  const server = await startServer(async (req) => {
    if (req.target === '/slow') {
      entered.resolve();
      await go.promise;
    }
    return new SwiftResponse(200, {}, Buffer.from('done'));
  });
  const idle = await RawClient.open(server.port);
  await idle.send('GET /a HTTP/1.1\r\n\r\n').take('done');
  const busy = await RawClient.open(server.port);
  busy.send('GET /slow HTTP/1.1\r\n\r\n');
  await entered.promise;
  expect(server.activeRequests).toBe(1);
  const { port } = server;
  const drained = server.drain(5000);
  expect(await idle.rest()).toBe('');
  await expect(RawClient.open(port)).rejects.toThrow();
  go.resolve();
  const answer = await busy.rest();
  expect(answer).toContain('\r\nConnection: close\r\n');
  expect(answer.endsWith('done')).toBe(true);
  await drained;
  expect([server.activeRequests, server.connectionCount]).toEqual([0, 0]);
});

test('a drain may let idle connections be: each gets one more answer, which closes it', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(200, {}, Buffer.from('done'))));
  const [asking, silent] = [await RawClient.open(server.port), await RawClient.open(server.port)];
  for (const client of [asking, silent]) await client.send('GET /a HTTP/1.1\r\n\r\n').take('done');
  const drained = server.drain(5000, 60_000);
  asking.send('GET /b HTTP/1.1\r\n\r\n');
  const last = await asking.rest();
  expect(last).toContain('\r\nConnection: close\r\n');
  expect(last.endsWith('done')).toBe(true);
  expect(server.connectionCount).toBe(1);
  void server.drain(5000, 0); // told again, more strictly
  expect(await silent.rest()).toBe('');
  await drained;
});

test('a drain serves those who waited for their turn', async () => {
  const go = Promise.withResolvers<void>();
  const entered = Promise.withResolvers<void>();
  const server = await startServer(
    async () => {
      entered.resolve();
      await go.promise;
      return new SwiftResponse(200, {}, Buffer.from('done'));
    },
    { maxConnections: 1 },
  );
  const served = (await RawClient.open(server.port)).send('GET /a HTTP/1.1\r\n\r\n');
  await entered.promise;
  const waiting = (await RawClient.open(server.port)).send('GET /b HTTP/1.1\r\n\r\n');
  await (await RawClient.open(server.port)).rest(); // one too many, so the one before it was accepted
  const drained = server.drain(5000, 1000);
  go.resolve();
  for (const client of [served, waiting]) expect((await client.rest()).endsWith('done')).toBe(true);
  await drained;
});

test('drain cuts off what is not finished after the time given', async () => {
  const entered = Promise.withResolvers<void>();
  const server = await startServer(async (req) => {
    entered.resolve();
    await new Promise((resolve) => req.signal.addEventListener('abort', resolve));
    return new SwiftResponse(200);
  });
  const client = await RawClient.open(server.port);
  client.send('GET /a HTTP/1.1\r\n\r\n');
  await entered.promise;
  await server.drain(20);
  expect(await client.rest()).toBe('');
});

test('more clients than max_clients wait for their turn, idle ones making room', async () => {
  const server = await startServer((req) => Promise.resolve(new SwiftResponse(200, {}, Buffer.from(req.target))), {
    maxConnections: 2,
  });
  const clients = [];
  for (let at = 0; at < 4; at++) clients.push(await RawClient.open(server.port));
  for (const [at, client] of clients.entries()) client.send(`GET /${at} HTTP/1.1\r\nHost: h\r\n\r\n`);
  for (const [at, client] of clients.entries()) expect(await client.take(`\r\n\r\n/${at}`)).toContain('200 OK');
  expect(server.connectionCount).toBeLessThanOrEqual(2);
});

test('a server listens on a socket that was made elsewhere', async () => {
  const listener = createServer();
  await new Promise<void>((resolve) => listener.listen(0, '127.0.0.1', resolve));
  const { port } = listener.address() as { port: number };
  const server = new HttpServer({
    handler: () => Promise.resolve(new SwiftResponse(204)),
    log: silentLog,
    clientTimeoutMs: 1000,
    keepAliveTimeoutMs: 1000,
    maxRequestLine: 8192,
    maxHeaderLine: 8192,
    maxHeaderCount: 126,
  });
  onTestFinished(() => server.close());
  await server.listen(listener);
  expect(server.port).toBe(port);
  expect(statuses(await exchange(port, 'GET / HTTP/1.1\r\nConnection: close\r\n\r\n'))).toEqual([204]);
});

test('a port in use is told by listen', async () => {
  const first = await startServer(() => Promise.resolve(new SwiftResponse(204)));
  const second = startServer(() => Promise.resolve(new SwiftResponse(204)));
  const other = await second;
  await expect(other.listen({ host: '127.0.0.1', port: first.port })).rejects.toThrow();
});
