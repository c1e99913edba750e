import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/dlo.ts';
import {
  type Conf,
  type Handler,
  requestedRanges,
  type SwiftRequest,
  SwiftResponse,
} from '../../../src/middleware-api.ts';
import {
  assertNoLeaks,
  type FakeAnswer,
  type FakeSwift,
  fakeHost,
  fakeSwift,
  load,
  request,
  text,
} from '../../../src/testing.ts';
import { md5, stored } from '../http/stored-objects.ts';

afterEach(() => {
  assertNoLeaks();
});

const UNLIMITED: Conf = { rate_limit_segments_per_sec: '0' };
const LARGE = '/v1/a/c/large';

interface Row {
  name: string;
  content: string;
}

function listingRow({ name, content }: Row): unknown {
  return {
    name,
    bytes: content.length,
    hash: md5(content),
    content_type: 'x/y',
    last_modified: '2026-11-22T00:00:00.000000',
  };
}

/** A listing by `prefix`, `marker` and the limit of a page. */
function listing(rows: readonly Row[], limit = 10_000): FakeAnswer {
  return (req) => {
    const { params } = req;
    const found = rows.filter(
      ({ name }) => name.startsWith(params.get('prefix') ?? '') && name > (params.get('marker') ?? ''),
    );
    const page = Buffer.from(JSON.stringify(found.slice(0, limit).map(listingRow)));
    return new SwiftResponse(200, { 'content-type': 'application/json', 'content-length': page.length }, page);
  };
}

const MANIFEST_HEADERS = {
  'x-object-manifest': 'segs/p%20q/',
  'content-type': 'text/large',
  etag: md5(''),
  'last-modified': 'Sun, 22 Nov 2026 13:06:11 GMT',
  'accept-ranges': 'bytes',
  'x-object-meta-color': 'blue',
};

function swiftWith(rows: readonly Row[], limit?: number): FakeSwift {
  const objects = rows.map(({ name, content }): [string, FakeAnswer] => [
    `GET /v1/a/segs/${name}`,
    stored(Buffer.from(content)),
  ]);
  return fakeSwift({
    [`GET ${LARGE}`]: [200, MANIFEST_HEADERS],
    'GET /v1/a/segs': listing(rows, limit),
    ...Object.fromEntries(objects),
  });
}

const ROWS: Row[] = [
  { name: 'other', content: 'not of it' },
  { name: 'p q/1', content: 'aaaa' },
  { name: 'p q/2 ☃ %41', content: 'bbbbbb' },
  { name: 'p q/3', content: '' },
  { name: 'p q/4/5', content: 'cc' },
  { name: 'p r', content: 'not of it' },
];
const WHOLE = 'aaaabbbbbbcc';
const ETAG = md5(
  ROWS.slice(1, 5)
    .map(({ content }) => md5(content))
    .join(''),
);

async function dlo(app: Handler, conf: Conf = UNLIMITED, limit?: number): Promise<Handler> {
  const host = fakeHost(limit === undefined ? {} : { constraints: { container_listing_limit: limit } });
  return load(filterFactory, conf, app, host);
}

async function send(
  app: Handler,
  method: string,
  headers: Record<string, string> = {},
  target = LARGE,
): Promise<SwiftResponse> {
  return (await dlo(app))(request(method, target, headers));
}

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

describe('ranges', () => {
  test.each([
    ['bytes=0-3', 206, 'aaaa', 'bytes 0-3/12'],
    ['bytes=2-4', 206, 'aab', 'bytes 2-4/12'],
    ['bytes=4-', 206, 'bbbbbbcc', 'bytes 4-11/12'],
    ['bytes=-3', 206, 'bcc', 'bytes 9-11/12'],
    ['bytes=-99', 206, WHOLE, 'bytes 0-11/12'],
    ['bytes=0-99', 206, WHOLE, 'bytes 0-11/12'],
    ['bytes=0-1,5-6', 200, WHOLE, undefined],
    ['lines=0-1', 200, WHOLE, undefined],
  ])('%s is answered with %i', async (range, status, body, contentRange) => {
    const res = await send(swiftWith(ROWS), 'GET', { range });
    expect([res.status, await text(res), res.headers.get('content-range')]).toEqual([status, body, contentRange]);
    expect(res.headers.get('content-length')).toBe(String(body.length));
  });

  test.each(['bytes=12-', 'bytes=50-60', 'bytes=-0'])(
    '%s cannot be satisfied, and nothing is told of the manifest',
    async (range) => {
      const res = await send(swiftWith(ROWS), 'GET', { range });
      expect(res.status).toBe(416);
      expect([...res.headers.names()].sort()).toEqual([
        'accept-ranges',
        'content-length',
        'content-range',
        'content-type',
      ]);
      expect(res.headers.get('content-range')).toBe('bytes */12');
      await res.close();
    },
  );

  test('asks segments for no more than is wanted', async () => {
    const app = swiftWith(ROWS);
    await text(await send(app, 'GET', { range: 'bytes=2-4' }));
    expect(app.requests.slice(2).map(({ headers }) => headers.get('range'))).toEqual(['bytes=2-', 'bytes=0-0']);
  });

  test('give what slicing the whole gives, whatever the segments and the size of a page', async () => {
    const range = fc.oneof(
      fc.tuple(fc.nat(60), fc.nat(60)).map(([start, length]) => `bytes=${start}-${start + length}`),
      fc.nat(60).map((start) => `bytes=${start}-`),
      fc.integer({ min: 1, max: 60 }).map((count) => `bytes=-${count}`),
    );
    const sizes = fc.array(fc.nat(9), { maxLength: 12 });
    await fc.assert(
      fc.asyncProperty(sizes, fc.option(range), fc.integer({ min: 2, max: 13 }), async (lengths, header, limit) => {
        const rows = lengths.map((length, at): Row => ({
          name: `p q/${String(at).padStart(2, '0')}`,
          content: String.fromCharCode(97 + at).repeat(length),
        }));
        const whole = rows.map(({ content }) => content).join('');
        const app = swiftWith(rows, limit);
        const handler = await dlo(app, UNLIMITED, limit);
        const res = await handler(request('GET', LARGE, header === null ? {} : { range: header }));
        const body = await text(res);
        if (res.status === 200) expect(body).toBe(whole);
        if (res.status === 206) {
          const [wanted] = requestedRanges(header ?? undefined, whole.length) ?? [];
          expect(body).toBe(whole.slice(wanted?.start, wanted?.end));
        }
        if (res.status === 416) expect(requestedRanges(header ?? undefined, whole.length)).toEqual([]);
        else expect([200, 206]).toContain(res.status);
        const isComplete = rows.length < limit;
        if (isComplete) expect(res.headers.has('content-length')).toBe(true);
        expect(app.unfinished.size).toBe(0);
      }),
      { numRuns: 200 },
    );
  });
});

describe('more segments than a page of the listing', () => {
  const rows = Array.from({ length: 7 }, (_, at): Row => ({ name: `p q/${at}`, content: `${at}`.repeat(3) }));
  const whole = '000111222333444555666';

  test('are listed page by page while they are read; length and ETag of the whole are not known', async () => {
    const app = swiftWith(rows, 3);
    const res = await (await dlo(app, UNLIMITED, 3))(request('GET', LARGE));
    expect([res.headers.has('content-length'), res.headers.get('etag')]).toEqual([false, md5('')]);
    expect(app.calls.filter((call) => call.includes('prefix'))).toHaveLength(1);
    expect(await text(res)).toBe(whole);
    expect(app.calls.filter((call) => call.includes('prefix'))).toEqual([
      'GET /v1/a/segs?prefix=p%20q%2F',
      'GET /v1/a/segs?prefix=p%20q%2F&marker=p%20q%2F2',
      'GET /v1/a/segs?prefix=p%20q%2F&marker=p%20q%2F5',
    ]);
  });

  test('give a range that the first page holds, and ignore one that it may not hold', async () => {
    const handler = await dlo(swiftWith(rows, 3), UNLIMITED, 3);
    const inside = await handler(request('GET', LARGE, { range: 'bytes=1-4' }));
    expect([inside.status, inside.headers.get('content-range'), await text(inside)]).toEqual([
      206,
      'bytes 1-4/9',
      '0011',
    ]);
    for (const range of ['bytes=1-9', 'bytes=-1', 'bytes=3-']) {
      const beyond = await handler(request('GET', LARGE, { range }));
      expect([beyond.status, await text(beyond)]).toEqual([200, whole]);
    }
  });

  test('end the connection when a further page cannot be had', async () => {
    const app = swiftWith(rows, 3);
    const list = listing(rows, 3) as (req: SwiftRequest) => SwiftResponse;
    app.register({ 'GET /v1/a/segs': (req) => (req.params.has('marker') ? new SwiftResponse(503) : list(req)) });
    const res = await (await dlo(app, UNLIMITED, 3))(request('GET', LARGE));
    await expect(text(res)).rejects.toThrow('the listing of /v1/a/segs was answered with 503');
  });

  test('past ten thousand are read with flat memory', async () => {
    const [count, segmentBytes] = [25_000, 4096];
    const content = Buffer.alloc(segmentBytes, 'x');
    const names = Array.from({ length: count }, (_, at) => String(at).padStart(6, '0'));
    const hash = md5(content);
    const app: Handler = (req) => {
      if (req.path === LARGE) return Promise.resolve(new SwiftResponse(200, MANIFEST_HEADERS));
      if (req.path !== '/v1/a/segs') {
        return Promise.resolve(new SwiftResponse(200, { etag: hash, 'content-length': segmentBytes }, content));
      }
      const start = Number(req.params.get('marker') ?? -1) + 1;
      const page = names.slice(start, start + 10_000).map((name) => ({ name, bytes: segmentBytes, hash }));
      return Promise.resolve(new SwiftResponse(200, {}, Buffer.from(JSON.stringify(page))));
    };
    const res = await (await dlo(app))(request('GET', LARGE));
    let [readBytes, peakBytes] = [0, 0];
    const before = process.memoryUsage().arrayBuffers;
    for await (const chunk of res.body as AsyncIterable<Uint8Array>) {
      readBytes += chunk.length;
      if (readBytes % 1_024_000 === 0) peakBytes = Math.max(peakBytes, process.memoryUsage().arrayBuffers - before);
    }
    expect(readBytes).toBe(count * segmentBytes);
    expect(peakBytes).toBeLessThan(32 * 1024 * 1024);
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
