import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/dlo.ts';
import { type Conf, type Handler } from '../../../src/middleware-api.ts';
import { assertNoLeaks, fakeHost, fakeSwift, load, request, text } from '../../../src/testing.ts';
import { md5, stored } from '../http/stored-objects.ts';

import {
  LARGE,
  type Row,
  MANIFEST_HEADERS,
  swiftWith,
  ROWS,
  WHOLE,
  ETAG,
  dlo,
  send,
  UNLIMITED,
} from './dlo-support.ts';

afterEach(() => {
  assertNoLeaks();
});

describe('X-Object-Manifest of a PUT', () => {
  test.each(['', 'container', '/prefix', 'container/', 'container//prefix', 'c/p?x', 'c/p&x', '?c/p', 'c%2Fp'])(
    '%j is refused before the body is read',
    async (value) => {
      const app = fakeSwift();
      const req = request('PUT', LARGE, { 'x-object-manifest': value, expect: '100-continue' }, 'x');
      const res = await (await dlo(app))(req);
      expect([res.status, await text(res), app.calls, req.continues]).toEqual([
        400,
        'X-Object-Manifest must be in the format container/prefix',
        [],
        [],
      ]);
    },
  );

  test.each(['c/p', 'c/p/', 'c/p//q', '%E2%98%83/%3F'])('%j passes', async (value) => {
    const app = fakeSwift({ [`PUT ${LARGE}`]: 201 });
    expect((await send(app, 'PUT', { 'x-object-manifest': value })).status).toBe(201);
  });

  test('means nothing for a container', async () => {
    const app = fakeSwift({ 'PUT /v1/a/c': 201 });
    expect((await send(app, 'PUT', { 'x-object-manifest': 'bad' }, '/v1/a/c')).status).toBe(201);
  });
});

describe('a manifest', () => {
  test('is read as its segments, with its own headers, their length and an ETag of theirs', async () => {
    const app = swiftWith(ROWS);
    const res = await send(app, 'GET', { 'x-auth-token': 't' });
    expect([res.status, await text(res)]).toEqual([200, WHOLE]);
    expect(Object.fromEntries(res.headers)).toEqual({
      ...MANIFEST_HEADERS,
      etag: `"${ETAG}"`,
      'content-length': '12',
    });
    expect(app.calls).toEqual([
      `GET ${LARGE}`,
      'GET /v1/a/segs?prefix=p%20q%2F',
      'GET /v1/a/segs/p%20q/1?multipart-manifest=get',
      'GET /v1/a/segs/p%20q/2%20%E2%98%83%20%2541?multipart-manifest=get',
      'GET /v1/a/segs/p%20q/4/5?multipart-manifest=get',
    ]);
    expect(app.requests[0]?.headers.get('x-backend-ignore-range-if-metadata-present')).toBe('X-Object-Manifest');
    for (const { source, headers } of app.requests.slice(1)) {
      expect([source, headers.get('x-auth-token'), headers.get('user-agent')]).toEqual([
        'DLO',
        't',
        'DLO MultipartGET',
      ]);
    }
  });

  test('is listed and read with the rights of the user alone', async () => {
    const app = swiftWith(ROWS);
    const owners: [boolean, boolean][] = [];
    const asking: Handler = (req) => {
      owners.push([req.env.authorizeOverride === true, req.env.authorize === authorize]);
      return app(req);
    };
    const req = request('GET', LARGE);
    const authorize = (): null => null;
    req.env.authorize = authorize;
    expect(await text(await (await dlo(asking))(req))).toBe(WHOLE);
    expect(owners.length).toBe(5);
    for (const owner of owners) expect(owner).toEqual([false, true]);
  });

  test('tells a HEAD the same without reading a segment', async () => {
    const app = swiftWith(ROWS);
    const res = await send(app, 'HEAD', { range: 'bytes=0-1' });
    expect([res.status, res.headers.get('content-length'), res.headers.get('etag')]).toEqual([200, '12', `"${ETAG}"`]);
    expect(app.calls).toHaveLength(2);
  });

  test('whose own content is long is not read', async () => {
    const app = swiftWith(ROWS);
    app.register({ [`GET ${LARGE}`]: [200, { ...MANIFEST_HEADERS, 'content-length': 5000 }, ['x'.repeat(5000)]] });
    expect(await text(await send(app, 'GET'))).toBe(WHOLE);
  });

  test('itself is what multipart-manifest=get asks for', async () => {
    const app = fakeSwift({ [`GET ${LARGE}`]: [200, MANIFEST_HEADERS, 'itself'] });
    const res = await send(app, 'GET', { range: 'bytes=0-1' }, `${LARGE}?multipart-manifest=get`);
    expect(await text(res)).toBe('itself');
    expect(app.requests[0]?.headers.has('x-backend-ignore-range-if-metadata-present')).toBe(false);
  });

  test('on an object that is a static large object too is left for slo, and so is its body', async () => {
    const both = { 'x-object-manifest': 'c/o', 'x-static-large-object': 'True' };
    const app = fakeSwift({ 'GET /v1/a/c/both': [200, both, '[]'] });
    const handler = await load(filterFactory, {}, app);
    expect(await text(await handler(request('GET', '/v1/a/c/both')))).toBe('[]');
    expect(app.calls).toEqual(['GET /v1/a/c/both']);
  });

  test('without segments is empty', async () => {
    const res = await send(swiftWith([]), 'GET');
    expect([res.status, res.headers.get('content-length'), res.headers.get('etag'), await text(res)]).toEqual([
      200,
      '0',
      `"${md5('')}"`,
      '',
    ]);
  });

  test('that names no prefix is a conflict', async () => {
    const app = fakeSwift({ [`GET ${LARGE}`]: [200, { ...MANIFEST_HEADERS, 'x-object-manifest': 'segs' }] });
    expect((await send(app, 'GET')).status).toBe(409);
  });

  test.each([
    ['GET', 404, 'no such container'],
    ['GET', 403, 'no'],
    ['HEAD', 401, ''],
  ])('to a %s is what refuses its listing (%i)', async (method, status, body) => {
    const app = swiftWith(ROWS);
    app.register({
      'GET /v1/a/segs': [status, { 'www-authenticate': 'x' }, 'no such container'.slice(0, body.length || 5)],
    });
    const res = await send(app, method);
    expect([res.status, res.headers.get('www-authenticate'), await text(res)]).toEqual([status, 'x', body]);
    expect(res.headers.get('content-length')).toBe(String(body.length));
  });

  test.each([
    [404, 409],
    [401, 409],
    [500, 503],
  ])('whose first segment is answered with %i is answered with %i', async (found, told) => {
    const app = swiftWith(ROWS);
    app.register({ 'GET /v1/a/segs/p q/1': found });
    const res = await send(app, 'GET');
    expect(res.status).toBe(told);
    expect(res.headers.has('x-object-manifest')).toBe(false);
    await res.close();
  });

  test('that loses a segment while it is read ends the connection', async () => {
    const app = swiftWith(ROWS);
    app.register({ 'GET /v1/a/segs/p q/4/5': 404 });
    const res = await send(app, 'GET');
    expect(res.status).toBe(200);
    await expect(text(res)).rejects.toThrow('/v1/a/segs/p q/4/5 was answered with 404');
  });

  test('whose segment grew since it was listed ends the connection', async () => {
    const app = swiftWith(ROWS);
    app.register({ 'GET /v1/a/segs/p q/4/5': stored(Buffer.from('cccc')) });
    await expect(text(await send(app, 'GET'))).rejects.toThrow('more than 12 bytes');
  });
});

describe('everything else', () => {
  test.each(['GET', 'HEAD'])('passes as it is: %s of an object', async (method) => {
    const app = fakeSwift({ 'GET /v1/a/c/o': [200, { etag: 'x' }, 'plain'] });
    const res = await send(app, method, {}, '/v1/a/c/o');
    expect([res.status, await text(res), app.calls.length]).toEqual([200, method === 'GET' ? 'plain' : '', 1]);
  });

  test.each(['/v1/a/c', '/v1/a/c/', '/v1/a', '/info', '/'])('passes as it is: %s', async (path) => {
    const app = fakeSwift({ [`GET ${path}`]: [200, { 'x-object-manifest': 'segs/p' }, 'listing'] });
    const res = await send(app, 'GET', {}, path);
    expect(await text(res)).toBe('listing');
    expect(app.requests[0]?.headers.has('x-backend-ignore-range-if-metadata-present')).toBe(false);
  });
});

describe('conditions', () => {
  test.each([
    [{ 'if-none-match': `"${ETAG}"` }, 304],
    [{ 'if-none-match': md5('') }, 200],
    [{ 'if-match': ETAG }, 200],
    [{ 'if-match': md5('') }, 412],
    [{ 'if-modified-since': 'Sun, 22 Nov 2026 13:06:11 GMT' }, 304],
    [{ 'if-unmodified-since': 'Sun, 22 Nov 2020 13:06:11 GMT' }, 412],
    [{ 'if-match': '"x"', range: 'bytes=99-' }, 416],
  ])('are held against the whole: %j gives %i', async (headers, status) => {
    for (const method of ['GET', 'HEAD']) {
      const res = await send(swiftWith(ROWS), method, headers as unknown as Record<string, string>);
      expect(res.status).toBe(status);
      await res.close();
    }
  });

  test('that the manifest alone does not meet do not count', async () => {
    const app = swiftWith(ROWS);
    app.register({ [`GET ${LARGE}`]: [412, { ...MANIFEST_HEADERS, 'content-length': 0 }] });
    expect(await text(await send(app, 'GET', { 'if-match': `"${ETAG}"` }))).toBe(WHOLE);
  });
});

describe('settings', () => {
  async function secondsFor(conf: Conf, globalConf: Conf = {}): Promise<number> {
    const host = fakeHost();
    const rows = Array.from({ length: 5 }, (_, at): Row => ({ name: `p q/${at}`, content: 'x'.repeat(20) }));
    const filter = await filterFactory(globalConf, conf, host);
    const handler = await filter(swiftWith(rows));
    const res = await handler(request('GET', LARGE));
    const started = performance.now();
    await text(res);
    return (performance.now() - started) / 1000;
  }

  test('slow down the segments behind the first few', async () => {
    expect(await secondsFor({ rate_limit_after_segment: '2', rate_limit_segments_per_sec: '10' })).toBeGreaterThan(
      0.15,
    );
  });

  test('end a body that takes longer than max_get_time', async () => {
    const host = fakeHost();
    const handler = await load(filterFactory, { ...UNLIMITED, max_get_time: '5' }, swiftWith(ROWS), host);
    const res = await handler(request('GET', LARGE));
    host.clock += 6;
    await expect(text(res)).rejects.toThrow('a GET may take no longer than 5 s');
  });

  test('are taken from the proxy section of old when the own one has none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'dlo-'));
    try {
      const path = join(folder, 'proxy-server.conf');
      writeFileSync(
        path,
        '[pipeline:main]\npipeline = dlo app\n[app:app]\nuse = egg:swift#proxy\nrate_limit_after_segment = 2\nrate_limit_segments_per_sec = 10\n',
      );
      expect(await secondsFor({}, { __file__: path })).toBeGreaterThan(0.15);
      expect(await secondsFor({ max_get_time: '100' }, { __file__: path })).toBeLessThan(0.15);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
