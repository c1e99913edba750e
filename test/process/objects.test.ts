import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Answer, RequestHeaders } from './client.ts';
import { Cluster } from './cluster.ts';
import { patternBytes, patternStream } from './pattern.ts';
import { eventually } from './server-process.ts';

// Many processes on few cores.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const MIB = 1 << 20;
const DATA = patternBytes(11, 3 * MIB + 17);
const MD5 = md5(DATA);

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
  await cluster.client.put('/c');
  await cluster.client.put('/c/data', DATA, { 'content-type': 'application/x-data' });
});

afterAll(() => cluster.stop());

function md5(bytes: Buffer): string {
  return createHash('md5').update(bytes).digest('hex');
}

async function getData(headers: RequestHeaders): Promise<Answer> {
  return await cluster.client.get('/c/data', headers);
}

test('an object comes back with its ETag, type, length and times', async () => {
  const { status, headers, body } = await getData({});
  expect(status).toBe(200);
  expect(body.equals(DATA)).toBe(true);
  expect(headers).toMatchObject({
    etag: MD5,
    'content-type': 'application/x-data',
    'content-length': String(DATA.length),
    'accept-ranges': 'bytes',
  });
  expect(Number(headers['x-timestamp'])).toBeGreaterThan(1e9);
  const head = await cluster.client.request('HEAD', '/c/data');
  expect(head.status).toBe(200);
  expect(head.headers).toMatchObject({ etag: MD5, 'content-length': String(DATA.length) });
});

test.each([
  ['bytes=0-0', 0, 1],
  ['bytes=1048570-2097160', 1048570, 2097161],
  ['bytes=3000000-', 3_000_000, DATA.length],
  ['bytes=-100', DATA.length - 100, DATA.length],
  ['bytes=-99999999', 0, DATA.length],
])('the range %s gives its bytes', async (range, start, end) => {
  const { status, headers, body } = await getData({ range });
  expect(status).toBe(206);
  expect(headers['content-range']).toBe(`bytes ${start}-${end - 1}/${DATA.length}`);
  expect(body.equals(DATA.subarray(start, end))).toBe(true);
});

test('several ranges come as parts of multipart/byteranges', async () => {
  const spans = [
    [5, 9],
    [MIB, 2 * MIB],
    [DATA.length - 3, DATA.length - 1],
  ] as const;
  const { status, headers, body } = await getData({ range: `bytes=${spans.map(([a, b]) => `${a}-${b}`).join(',')}` });
  expect(status).toBe(206);
  expect(body).toHaveLength(Number(headers['content-length']));
  const boundary = /^multipart\/byteranges;\s*boundary=(\S+)$/.exec(headers['content-type'] ?? '')?.[1] as string;
  const parts = spans.map(([first, last]) =>
    Buffer.concat([
      Buffer.from(
        `--${boundary}\r\nContent-Type: application/x-data\r\nContent-Range: bytes ${first}-${last}/${DATA.length}\r\n\r\n`,
      ),
      DATA.subarray(first, last + 1),
      Buffer.from('\r\n'),
    ]),
  );
  expect(body.equals(Buffer.concat([...parts, Buffer.from(`--${boundary}--`)]))).toBe(true);
});

test('a range behind the end gets 416, one that makes no sense the whole object', async () => {
  const { status, headers } = await getData({ range: `bytes=${DATA.length}-` });
  expect(status).toBe(416);
  expect(headers['content-range']).toBe(`bytes */${DATA.length}`);
  const whole = await getData({ range: 'bytes=9-3' });
  expect(whole.status).toBe(200);
  expect(whole.body).toHaveLength(DATA.length);
});

test('conditions decide reads', async () => {
  const past = 'Sat, 01 Jan 2000 00:00:00 GMT';
  const future = new Date(Date.now() + 86_400_000).toUTCString();
  const cases: [RequestHeaders, number][] = [
    [{ 'if-match': MD5 }, 200],
    [{ 'if-match': `"${MD5}"` }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': 'other' }, 412],
    [{ 'if-none-match': MD5 }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': 'other' }, 200],
    [{ 'if-modified-since': past }, 200],
    [{ 'if-modified-since': future }, 304],
    [{ 'if-unmodified-since': past }, 412],
    [{ 'if-unmodified-since': future }, 200],
    [{ 'if-none-match': MD5, range: 'bytes=0-3' }, 304],
    [{ 'if-match': MD5, range: 'bytes=0-3' }, 206],
  ];
  for (const [headers, status] of cases) {
    const answer = await getData(headers);
    expect(answer.status, JSON.stringify(headers)).toBe(status);
    if (status === 304) expect(answer.body).toHaveLength(0);
  }
});

test('a PUT with If-None-Match: * stores only what is not there', async () => {
  const headers = { 'if-none-match': '*' };
  expect((await cluster.client.put('/c/once', 'first', headers)).status).toBe(201);
  expect((await cluster.client.put('/c/once', 'second', headers)).status).toBe(412);
  expect((await cluster.client.get('/c/once')).body.toString()).toBe('first');
});

test('a PUT whose bytes are not those of its ETag gets 422 and stores nothing', async () => {
  expect((await cluster.client.put('/c/etag', 'body', { etag: md5(Buffer.from('other')) })).status).toBe(422);
  expect((await cluster.client.get('/c/etag')).status).toBe(404);
  expect((await cluster.client.put('/c/etag', 'body', { etag: md5(Buffer.from('body')) })).status).toBe(201);
});

test('an empty object, and one of chunks, are stored', async () => {
  const empty = await cluster.client.put('/c/empty', '');
  expect(empty.status).toBe(201);
  expect(empty.headers['etag']).toBe('d41d8cd98f00b204e9800998ecf8427e');
  const read = await cluster.client.get('/c/empty');
  expect([read.status, read.headers['content-length'], read.body.length]).toEqual([200, '0', 0]);
  expect((await cluster.client.get('/c/empty', { range: 'bytes=0-' })).status).toBe(416);
  expect((await cluster.client.put('/c/chunked', patternStream(5, 2 * MIB + 3))).status).toBe(201);
  const chunked = await cluster.client.get('/c/chunked');
  expect(chunked.body).toHaveLength(2 * MIB + 3);
  expect(chunked.headers['etag']).toBe(md5(chunked.body));
});

test('names and metadata of any UTF-8, as bytes, come back as they were sent', async () => {
  const head = (method: string, more: string): Buffer =>
    Buffer.from(
      `${method} /v1/AUTH_test/c/d\u00efr/\u0e12 %F0%9F%98%80 HTTP/1.1\r\n`.replace(' %F0', '%20%F0') +
        `Host: x\r\nX-Auth-Token: ${cluster.client.token}\r\n${more}Connection: close\r\n\r\n`,
    );
  const put = await cluster.client.raw(
    Buffer.concat([
      head('PUT', 'X-Object-Meta-\u0e12: bl\u00fce \u{1f600}\r\nContent-Length: 3\r\n'),
      Buffer.from('abc'),
    ]),
  );
  expect(put.toString()).toMatch(/^HTTP\/1\.1 201 Created\r\n/);
  const got = (await cluster.client.raw(head('GET', ''))).toString();
  expect(got).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  expect(got).toContain('\r\nX-Object-Meta-\u0e12: bl\u00fce \u{1f600}\r\n');
  expect(got.endsWith('\r\n\r\nabc')).toBe(true);
  expect(await cluster.client.list('/c?prefix=d')).toEqual(['data', 'd\u00efr/\u0e12 \u{1f600}']);
});

test('a POST replaces the metadata, and a DELETE deletes', async () => {
  const meta = { 'x-object-meta-a': '1', 'x-object-meta-b': '2' };
  await cluster.client.put('/c/meta', 'body', meta);
  expect((await cluster.client.request('POST', '/c/meta', { 'x-object-meta-c': '3' })).status).toBe(202);
  const { headers, body } = await cluster.client.get('/c/meta');
  expect(body.toString()).toBe('body');
  expect(headers['x-object-meta-c']).toBe('3');
  expect(headers).not.toHaveProperty('x-object-meta-a');
  expect((await cluster.client.request('DELETE', '/c/meta')).status).toBe(204);
  expect((await cluster.client.get('/c/meta')).status).toBe(404);
  expect((await cluster.client.request('DELETE', '/c/meta')).status).toBe(404);
});

test('an object is gone once its time has come', async () => {
  expect((await cluster.client.put('/c/expires', 'soon gone', { 'x-delete-after': '2' })).status).toBe(201);
  const { status, headers } = await cluster.client.get('/c/expires');
  expect(status).toBe(200);
  const deleteAt = Number(headers['x-delete-at']);
  await eventually('it expires', async () => (await cluster.client.get('/c/expires')).status === 404);
  expect(Date.now() / 1000).toBeGreaterThanOrEqual(deleteAt);
  expect((await cluster.client.request('HEAD', '/c/expires')).status).toBe(404);
  expect((await cluster.client.request('POST', '/c/expires', { 'x-object-meta-a': '1' })).status).toBe(404);
});

test('a container keeps its objects in the storage policy that it was made with', async () => {
  const silver = { 'x-storage-policy': 'silver' };
  expect((await cluster.client.put('/silver', '', silver)).status).toBe(201);
  expect((await cluster.client.put('/silver/o', 'kept in silver')).status).toBe(201);
  expect((await cluster.client.request('HEAD', '/silver')).headers['x-storage-policy']).toBe('silver');
  expect((await cluster.client.get('/silver/o')).body.toString()).toBe('kept in silver');
  const { primaries } = cluster.nodesOf('silver', 'o', 1);
  for (const node of primaries) {
    expect(cluster.filesOf(node, 'silver', 'o', 1)).toHaveLength(1);
    expect(cluster.filesOf(node, 'silver', 'o', 0)).toEqual([]);
  }
  expect((await cluster.client.put('/silver', '', { 'x-storage-policy': 'gold' })).status).toBe(409);
  expect((await cluster.client.put('/lead', '', { 'x-storage-policy': 'lead' })).status).toBe(400);
});

test('large objects go through every process in constant memory', async () => {
  const sizeBytes = 256 * MIB;
  const before = cluster.servers.map((server) => server.rssBytes);
  const most = [...before];
  const sample = (): void =>
    cluster.servers.forEach((server, at) => (most[at] = Math.max(most[at] ?? 0, server.rssBytes)));
  const sampling = setInterval(sample, 50);
  try {
    const put = await cluster.client.put('/c/large', patternStream(9, sizeBytes));
    expect(put.status).toBe(201);
    const hash = createHash('md5');
    let received = 0;
    for await (const chunk of await cluster.client.stream('/c/large')) {
      hash.update(chunk as Buffer);
      received += (chunk as Buffer).length;
    }
    expect(received).toBe(sizeBytes);
    expect(hash.digest('hex')).toBe(put.headers['etag']);
  } finally {
    clearInterval(sampling);
  }
  const growth = most.map((bytes, at) => Math.round((bytes - (before[at] ?? 0)) / MIB));
  expect(Math.max(...growth), `growth in MiB: ${growth.join(' ')}`).toBeLessThan(150);
});
