import { hash, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Handler } from '../../../src/http/contract.ts';
import { ClientDisconnect } from '../../../src/http/errors.ts';
import { chunkedBody } from './object-fixture.ts';
import { InProcessCluster } from './in-process-cluster.ts';

let cluster: InProcessCluster;
beforeAll(async () => {
  // Nodes that were down are asked again at once.
  cluster = await InProcessCluster.start({ proxyConf: { error_suppression_interval: '0' } });
  expect((await cluster.send('PUT', '/v1/AUTH_test/c')).status).toBe(201);
});
afterAll(() => cluster.close());

const BIG = randomBytes(1_500_000);

async function listing(): Promise<{ name: string; bytes: number; hash: string; content_type: string }[]> {
  const res = await cluster.send('GET', '/v1/AUTH_test/c?format=json');
  return JSON.parse(await res.text()) as Awaited<ReturnType<typeof listing>>;
}

test('an object goes through all servers: stored, listed, read, changed, deleted', async () => {
  const target = '/v1/AUTH_test/c/caf%C3%A9/%F0%9F%90%A6';
  const put = await cluster.send(
    'PUT',
    target,
    { 'content-type': 'image/png', 'x-object-meta-caf\xc3\xa9': '\xc3\xbc' },
    BIG,
  );
  expect([put.status, put.headers.get('etag')]).toEqual([201, hash('md5', BIG, 'hex')]);
  expect(await listing()).toMatchObject([
    { name: 'café/🐦', bytes: BIG.length, hash: hash('md5', BIG, 'hex'), content_type: 'image/png' },
  ]);

  const get = await cluster.send('GET', target);
  expect((await get.bytes()).equals(BIG)).toBe(true);
  expect(get.headers.get('x-object-meta-caf\xc3\xa9')).toBe('\xc3\xbc');

  expect(
    (await cluster.send('POST', target, { 'x-object-meta-color': 'red', 'content-type': 'image/gif' })).status,
  ).toBe(202);
  const head = await cluster.send('HEAD', target);
  expect([
    head.headers.get('x-object-meta-color'),
    head.headers.get('content-type'),
    head.headers.get('content-length'),
  ]).toEqual(['red', 'image/gif', '1500000']);
  expect((await listing())[0]?.content_type).toBe('image/gif');

  expect((await cluster.send('DELETE', target)).status).toBe(204);
  expect((await cluster.send('GET', target)).status).toBe(404);
  expect((await cluster.send('DELETE', target)).status).toBe(404);
  expect(await listing()).toEqual([]);
});

test('ranges, conditions and wrong ETags are answered as the object servers say', async () => {
  const target = '/v1/AUTH_test/c/ranges';
  await cluster.send('PUT', target, { 'content-type': 'text/plain' }, BIG);
  const part = await cluster.send('GET', target, { range: 'bytes=10-19' });
  expect([part.status, (await part.bytes()).equals(BIG.subarray(10, 20))]).toEqual([206, true]);
  const parts = await cluster.send('GET', target, { range: 'bytes=0-4,-5' });
  const text = (await parts.bytes()).toString('latin1');
  expect(parts.headers.get('content-length')).toBe(String(text.length));
  expect(text).toContain(
    `Content-Range: bytes 1499995-1499999/1500000\r\n\r\n${BIG.subarray(-5).toString('latin1')}\r\n--`,
  );
  expect((await cluster.send('GET', target, { range: 'bytes=1500000-' })).status).toBe(416);
  expect((await cluster.send('GET', target, { 'if-none-match': hash('md5', BIG, 'hex') })).status).toBe(304);
  expect((await cluster.send('GET', target, { 'if-match': '"x"' })).status).toBe(412);
  expect((await cluster.send('PUT', target, { 'if-none-match': '*' }, Buffer.from('x'))).status).toBe(412);
  expect((await cluster.send('PUT', target, { etag: '0'.repeat(32) }, Buffer.from('x'))).status).toBe(422);
  expect((await cluster.send('PUT', target, { 'x-timestamp': '1000000000.00000' }, Buffer.from('x'))).status).toBe(202);
  expect((await (await cluster.send('GET', target)).bytes()).equals(BIG)).toBe(true);
});

test('an empty object, a chunked one and one with footers are stored', async () => {
  const empty = await cluster.send('PUT', '/v1/AUTH_test/c/empty', { 'content-length': '0' });
  expect([empty.status, empty.headers.get('etag')]).toEqual([201, 'd41d8cd98f00b204e9800998ecf8427e']);
  expect((await (await cluster.send('GET', '/v1/AUTH_test/c/empty')).bytes()).length).toBe(0);
  const chunks = chunkedBody([BIG.subarray(0, 70_000), BIG.subarray(70_000, 70_001), BIG.subarray(70_001)]);
  expect(
    (await cluster.send('PUT', '/v1/AUTH_test/c/chunked', { 'transfer-encoding': 'chunked' }, chunks)).status,
  ).toBe(201);
  expect((await (await cluster.send('GET', '/v1/AUTH_test/c/chunked')).bytes()).equals(BIG)).toBe(true);
  const footers = await cluster.send('PUT', '/v1/AUTH_test/c/footers', {}, BIG, {
    updateFooters: (headers) => headers.set('X-Object-Sysmeta-Test', 'late'),
  });
  expect(footers.status).toBe(201);
  const read = await cluster.send('GET', '/v1/AUTH_test/c/footers');
  expect([read.headers.get('x-object-sysmeta-test'), (await read.bytes()).equals(BIG)]).toEqual(['late', true]);
});

test('a client that breaks off leaves nothing', async () => {
  const body = chunkedBody([BIG.subarray(0, 100_000), new ClientDisconnect()]);
  const res = await cluster.send('PUT', '/v1/AUTH_test/c/cut', { 'content-length': '1500000' }, body);
  expect(res.status).toBe(499);
  const short = chunkedBody([BIG.subarray(0, 100_000)]);
  expect((await cluster.send('PUT', '/v1/AUTH_test/c/cut', { 'content-length': '1500000' }, short)).status).toBe(499);
  expect((await cluster.send('GET', '/v1/AUTH_test/c/cut')).status).toBe(404);
});

test('with one server of four down everything works; with three down a PUT is 503 and what the last holds is read', async () => {
  const names = Array.from({ length: 8 }, (_, at) => `/v1/AUTH_test/c/down-${at}`);
  for (const stopped of [0, 1, 2, 3]) {
    cluster.stopObjectServer(stopped);
    for (const name of names) {
      expect((await cluster.send('PUT', name, {}, Buffer.from(`${stopped}${name}`))).status).toBe(201);
      expect(await (await cluster.send('GET', name)).text()).toBe(`${stopped}${name}`);
    }
    cluster.startObjectServer(stopped);
  }
  for (const stopped of [1, 2, 3]) cluster.stopObjectServer(stopped);
  expect((await cluster.send('PUT', names[0] as string, {}, Buffer.from('x'))).status).toBe(503);
  expect(await (await cluster.send('GET', names[0] as string)).text()).toContain('down-0');
  for (const stopped of [1, 2, 3]) cluster.startObjectServer(stopped);
});

test('a server that dies in mid-GET costs the client no byte', async () => {
  const target = '/v1/AUTH_test/c/dies';
  await cluster.send('PUT', target, {}, BIG);
  const real = cluster.objectServers.slice();
  let deaths = 0;
  const dying = (server: Handler): Handler => {
    return async (req) => {
      const res = await server(req);
      if (req.method !== 'GET' || deaths > 1) return res;
      deaths += 1;
      return res.withBody(async function* (chunks) {
        let sent = 0;
        for await (const chunk of chunks) {
          yield chunk.subarray(0, 300_000);
          sent += chunk.length;
          if (sent > 200_000) throw new Error('killed');
        }
      });
    };
  };
  for (const [id, server] of real.entries()) cluster.objectServers[id] = dying(server);
  const res = await cluster.send('GET', target);
  expect((await res.bytes()).equals(BIG)).toBe(true);
  expect(deaths).toBe(2);
  for (const [id, server] of real.entries()) cluster.objectServers[id] = server;
});
