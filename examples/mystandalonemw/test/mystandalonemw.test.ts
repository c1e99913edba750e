import { createHash } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { abandon, assertNoLeaks, fakeHost, fakeSwift, load, request, startCluster, text } from 'apus/testing';
import { Headers, HttpError } from 'apus/middleware';
import * as mystandalonemw from '../src/mystandalonemw.ts';

const { filterFactory } = mystandalonemw;
const OBJECT = '/v1/AUTH_test/c/notes.txt';

afterEach(() => assertNoLeaks());

test.each([
  ['an extension that is refused, whatever its case', '/v1/AUTH_test/c/setup.EXE', 'x', 403],
  ['a length above max_put_bytes', OBJECT, 'x'.repeat(11), 413],
])('an upload with %s never reaches the app', async (_what, path, body, status) => {
  const app = fakeSwift();
  const handler = await load(filterFactory, { refused_extensions: '.exe', max_put_bytes: '10' }, app);
  const req = request('PUT', path, { expect: '100-continue' }, body);
  await expect(handler(req)).rejects.toMatchObject({ status });
  expect(app.calls).toEqual([]);
  expect(req.continues).toEqual([]);
});

test('a chunked upload is cut off where it grows above max_put_bytes', async () => {
  const app = fakeSwift({ [`PUT ${OBJECT}`]: 201 });
  const handler = await load(filterFactory, { max_put_bytes: '10' }, app);
  const upload = handler(request('PUT', OBJECT, {}, ['12345', '67890', '!']));
  await expect(upload).rejects.toThrow(new HttpError(413, 'No more than 10 bytes are stored here.\n'));
});

test('an upload arrives chunk by chunk, and its SHA-256 follows as metadata', async () => {
  const app = fakeSwift({ [`PUT ${OBJECT}`]: 201 });
  const handler = await load(filterFactory, {}, app);
  const req = request('PUT', OBJECT, {}, ['hello ', 'world']);
  const res = await handler(req);
  expect(res.status).toBe(201);
  expect(app.requests[0]?.body.toString()).toBe('hello world');
  const footers = new Headers();
  req.env.updateFooters?.(footers);
  expect(footers.get('x-object-meta-sha256')).toBe(createHash('sha256').update('hello world').digest('hex'));
});

test('a download passes unchanged, is logged, and says what it waited', async () => {
  const host = fakeHost();
  const app = fakeSwift({ [`GET ${OBJECT}`]: [200, ['hello ', 'world']] });
  const handler = await load(filterFactory, { myconf: 'latency is 1ms' }, app, host);
  const req = request('GET', OBJECT);
  const res = await handler(req);
  host.clock = 2.5;
  expect(await text(res)).toBe('hello world');
  expect(res.headers.get('x-mystandalonemw')).toBe('latency 1 ms');
  expect(req.log.lines).toEqual([`${OBJECT}: 11 bytes sent in 2.500 s`]);
});

test('a download that the client breaks off is closed and logged', async () => {
  const handler = await load(filterFactory, {}, fakeSwift({ [`GET ${OBJECT}`]: [200, ['hello ', 'world']] }));
  const req = request('GET', OBJECT);
  await abandon(await handler(req), 1);
  expect(req.log.lines).toEqual([`${OBJECT}: 6 bytes broken off in 0.000 s`]);
});

test('a client that goes while it waits is not waited for', async () => {
  const app = fakeSwift();
  const handler = await load(filterFactory, { myconf: 'latency is 999999ms' }, app);
  const req = request('GET', OBJECT);
  const answer = handler(req);
  req.disconnect();
  await expect(answer).rejects.toMatchObject({ status: 499 });
  expect(app.calls).toEqual([]);
});

test('a latency that cannot be read is told with what was expected', async () => {
  await expect(load(filterFactory, { myconf: 'slow' }, fakeSwift())).rejects.toThrow('expected latency is <n>ms');
});

test('in a cluster it does all of that', async () => {
  const options = { refused_extensions: '.exe' };
  await using cluster = await startCluster({ filters: [{ name: 'mystandalonemw', module: mystandalonemw, options }] });
  await cluster.fetch('/c', { method: 'PUT' });
  expect((await cluster.fetch('/c/setup.exe', { method: 'PUT', body: 'x' })).status).toBe(403);
  expect((await cluster.fetch('/c/o', { method: 'PUT', body: 'hello' })).status).toBe(201);
  const res = await cluster.fetch('/c/o');
  expect(await res.text()).toBe('hello');
  expect(res.headers.get('x-mystandalonemw')).toBe('latency 0 ms');
  expect(res.headers.get('x-object-meta-sha256')).toBe(createHash('sha256').update('hello').digest('hex'));
});
