import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { confSpec, filterFactory } from '../../../../src/middleware/slo.ts';
import {
  bodyStream,
  type Conf,
  expirerContainer,
  type Handler,
  SwiftResponse,
} from '../../../../src/middleware-api.ts';
import { abandon, drain, fakeHost, type FakeHost, load, request, text } from '../../../../src/testing.ts';
import { NOW_SEC, objectStore, type Store } from './object-store.ts';

const LARGE = '/v1/a/c/large';
const PUT = `${LARGE}?multipart-manifest=put`;
const DELETE = `${LARGE}?multipart-manifest=delete`;
const SEGMENTS = [{ path: '/c/1' }, { path: '/c/2' }];
const ETAG = hash('md5', hash('md5', 'hello ') + hash('md5', 'world'));

let store: Store;
let slo: Handler;
let host: FakeHost;

async function reload(options: Conf = {}): Promise<void> {
  host = fakeHost();
  host.clock = NOW_SEC;
  slo = await load(filterFactory, options, store.app, host);
}

beforeEach(async () => {
  store = objectStore();
  store.put('/v1/a/c/1', 'hello ');
  store.put('/v1/a/c/2', 'world');
  await reload();
});

afterEach(async () => {
  await host.close();
  expect([...store.unfinished]).toEqual([]);
});

function put(items: unknown, headers: Record<string, string> = {}, query = ''): Promise<SwiftResponse> {
  return slo(request('PUT', `${PUT}${query}`, headers, JSON.stringify(items)));
}

async function putLarge(): Promise<void> {
  expect((await put(SEGMENTS)).status).toBe(201);
  store.calls.length = 0;
}

function get(headers: Record<string, string> = {}, method = 'GET'): Promise<SwiftResponse> {
  return slo(request(method, LARGE, headers));
}

describe('PUT of a manifest', () => {
  test('asks for each object once, as many at a time as the config says, whatever their number', async () => {
    const paths = Array.from({ length: 9 }, (_, at) => `/c/${at + 10}`);
    for (const path of paths) store.put(`/v1/a${path}`, 'x');
    await reload({ concurrency: '3' });
    await put([...paths, ...paths].map((path) => ({ path })));
    expect(store.calls.filter((call) => call.startsWith('HEAD')).length).toBe(9);
    expect(store.load.most).toBe(3);
  });

  test('asks in the name of the user, and marks its requests', async () => {
    await put(SEGMENTS, { 'x-auth-token': 'secret', 'user-agent': 'curl', 'x-object-meta-a': 'b' });
    const head = store.requests.get('HEAD /v1/a/c/1');
    expect(head?.headers.get('x-auth-token')).toBe('secret');
    expect(head?.headers.get('user-agent')).toBe('curl SLO MultipartPUT');
    expect([head?.env.source, head?.headers.has('x-object-meta-a')]).toEqual(['SLO', false]);
  });

  test('stores size and ETag where the listing and later readers find them', async () => {
    const res = await put(SEGMENTS);
    expect(res.headers.get('etag')).toBe(`"${ETAG}"`);
    const { headers } = store.requests.get(`PUT ${PUT}`) ?? request('PUT', '/');
    const manifestEtag = hash('md5', store.objects.get(LARGE)?.body ?? '');
    expect(Object.fromEntries(headers)).toMatchObject({
      etag: manifestEtag,
      'x-static-large-object': 'True',
      'x-object-sysmeta-slo-etag': ETAG,
      'x-object-sysmeta-slo-size': '11',
      'x-object-sysmeta-container-update-override-etag': `${manifestEtag}; slo_etag=${ETAG}`,
      'content-type': 'application/octet-stream;swift_bytes=11',
    });
  });

  test('what a filter in front put into the listing stays', async () => {
    await put(SEGMENTS, { 'x-object-sysmeta-container-update-override-etag': 'abc; s3_etag=x' });
    const { headers } = store.requests.get(`PUT ${PUT}`) ?? request('PUT', '/');
    expect(headers.get('x-object-sysmeta-container-update-override-etag')).toBe(`abc; s3_etag=x; slo_etag=${ETAG}`);
  });

  test('a manifest that is too long is refused before it is read, and nothing is asked', async () => {
    await reload({ max_manifest_size: '20' });
    const req = request('PUT', PUT, { expect: '100-continue' }, JSON.stringify(SEGMENTS));
    const res = await slo(req);
    expect([res.status, await text(res)]).toEqual([413, 'Manifest File > 20 bytes']);
    expect([req.continues.length, store.calls]).toEqual([0, []]);
  });

  test('a chunked manifest that is too long is refused once that much was read', async () => {
    await reload({ max_manifest_size: '20' });
    const res = await slo(request('PUT', PUT, {}, ['[', ' '.repeat(30), ']']));
    expect([res.status, await text(res), store.calls]).toEqual([400, 'Manifest must be valid JSON.\n', []]);
  });

  test('more objects than the config allows are refused, data does not count, and nothing is asked', async () => {
    await reload({ max_manifest_segments: '2' });
    const res = await put([...SEGMENTS, { path: '/c/1' }]);
    expect([res.status, await text(res)]).toEqual([413, 'Number of object-backed segments must be <= 2']);
    expect(store.calls).toEqual([]);
    expect((await put([{ data: 'AAAA' }, ...SEGMENTS])).status).toBe(201);
  });

  test.each([
    ['another ETag than the client computed', {}, { etag: '"other"' }, 422],
    ['an object of another size', { path: '/c/1', size_bytes: 7 }, {}, 400],
    ['an object with another ETag', { path: '/c/1', etag: 'other' }, {}, 400],
    ['an object that is not there', { path: '/c/none' }, {}, 400],
  ])('with %s is refused, and nothing is stored', async (_, item, headers, status) => {
    const items = 'path' in item ? [item, ...SEGMENTS] : SEGMENTS;
    const res = await put(items, headers as Record<string, string>);
    expect(res.status).toBe(status);
    await res.close();
    expect(store.objects.has(LARGE)).toBe(false);
    expect((await put(SEGMENTS, { etag: `"${ETAG}"` })).status).toBe(201);
  });

  test('that names itself is refused, also when there is such an object', async () => {
    await putLarge();
    for (const path of ['/c/large', 'c/large', '//c/large']) {
      const res = await put([{ path }, ...SEGMENTS]);
      expect([res.status, await text(res)]).toEqual([400, 'Index 0: manifest must not include itself as a segment\n']);
    }
    expect(store.calls).toEqual([]);
  });

  test('that is to be copied is refused before its body is read', async () => {
    const req = request('PUT', PUT, { 'x-copy-from': 'c/1', expect: '100-continue' }, '[]');
    expect([(await slo(req)).status, req.continues, store.calls]).toEqual([405, [], []]);
  });

  test('an item of neither kind is told of', async () => {
    const res = await put([{ range: '0-1' }, ...SEGMENTS]);
    expect([res.status, await text(res)]).toEqual([400, "Index 0: expected keys to include one of 'data' or 'path'\n"]);
  });

  test.each([
    ['slashes', { path: `/c${'/'.repeat(60_000)}1` }, 'HEAD'],
    ['padding', { data: `${'='.repeat(60_000)}!` }, undefined],
  ])('a long run of %s takes no longer than as many other characters', async (_, item, call) => {
    const startMs = performance.now();
    expect((await put([item, ...SEGMENTS])).status).toBe(400);
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(store.calls[0]?.slice(0, 4)).toBe(call);
  });

  test('of very many faults the first ten thousand are told', async () => {
    const res = await put(Array.from({ length: 10_100 }, () => ({})));
    const lines = (await text(res)).trimEnd().split('\n');
    expect([res.status, lines.length]).toEqual([400, 10_000]);
    expect(lines.at(-1)?.startsWith('Index 9999: ')).toBe(true);
  });

  test.each([
    ['AA==', 1],
    ['==AAE=', 2],
    ['AAEC===', 3],
    ['AAA', undefined],
    ['A===', undefined],
    ['AA=A', undefined],
    ['====', undefined],
    ['', undefined],
  ])('data of %j has %s bytes', async (data, sizeBytes) => {
    const res = await put([{ data }, ...SEGMENTS]);
    expect(res.status).toBe(sizeBytes === undefined ? 400 : 201);
    await res.close();
    if (sizeBytes !== undefined) expect((await get({}, 'HEAD')).contentLength).toBe(sizeBytes + 11);
  });

  test.each(['c', '/c', '/c/', 'c///', '//'])('the path %j names no object', async (path) => {
    const res = await put([{ path }, ...SEGMENTS]);
    expect([res.status, (await text(res)).includes('path does not refer to an object')]).toEqual([400, true]);
  });

  test('segments of more bytes than can be counted are refused, and nothing is stored', async () => {
    const vast: Handler = async (req) => {
      const res = await store.app(req);
      if (req.method === 'HEAD') res.headers.set('content-length', 2 ** 52);
      return res;
    };
    slo = await load(filterFactory, {}, vast, host);
    const res = await put(SEGMENTS);
    expect([res.status, await text(res)]).toEqual([413, 'Large objects have at most 9007199254740991 bytes']);
    expect(store.objects.has(LARGE)).toBe(false);
    expect((await put([{ path: '/c/1' }, { path: '/c/2', range: '0-9' }])).status).toBe(201);
  });

  test('a filter in front may find further problems', async () => {
    const req = request('PUT', PUT, {}, JSON.stringify(SEGMENTS));
    req.env.sloManifestHook = (items) => [[String(items[1]?.['name']), 'not that one']];
    const res = await slo(req);
    expect([res.status, await text(res)]).toEqual([400, 'Errors:\n/c/2, not that one\n']);
    expect(store.objects.has(LARGE)).toBe(false);
  });

  test('with a heartbeat the first blank goes out before anything was asked', async () => {
    const res = await put(SEGMENTS, { accept: 'application/json' }, '&heartbeat=on');
    expect([res.status, res.headers.get('content-type')]).toEqual([202, 'application/json']);
    const body = await text(res);
    expect(body.startsWith(' \r\n\r\n{')).toBe(true);
    expect(JSON.parse(body)).toMatchObject({ 'Response Status': '201 Created', Etag: `"${ETAG}"`, Errors: [] });
  });

  test('a client that goes while segments are checked leaves nothing behind', async () => {
    for (let at = 10; at < 60; at++) store.put(`/v1/a/c/${at}`, 'x');
    const items = JSON.stringify(Array.from({ length: 50 }, (_, at) => ({ path: `/c/${at + 10}` })));
    await abandon(await slo(request('PUT', `${PUT}&heartbeat=on`, {}, items)), 1);
    const req = request('PUT', PUT, {}, items);
    const answer = slo(req);
    req.disconnect();
    expect((await answer).status).toBe(499);
    expect(store.calls.length).toBeLessThan(50);
    expect(store.objects.has(LARGE)).toBe(false);
  });
});

describe('GET and HEAD', () => {
  test('a request for an object that is no manifest costs one request and passes as it is', async () => {
    const res = await slo(request('GET', '/v1/a/c/1', { range: 'bytes=0-1' }));
    expect([res.status, await text(res), store.calls]).toEqual([206, 'he', ['GET /v1/a/c/1']]);
  });

  test('HEAD and a condition that fails need no manifest', async () => {
    await putLarge();
    const head = await get({}, 'HEAD');
    expect([head.status, head.contentLength, head.headers.get('etag')]).toEqual([200, 11, `"${ETAG}"`]);
    const unmodified = await get({ 'if-none-match': ETAG });
    expect([unmodified.status, unmodified.contentLength]).toEqual([304, 0]);
    expect(store.calls).toEqual([`HEAD ${LARGE}`, `GET ${LARGE}`]);
  });

  test('of a manifest without size and ETag beside it, both are worked out', async () => {
    await putLarge();
    const { headers } = store.objects.get(LARGE) ?? { headers: request('GET', '/').headers };
    headers.delete('x-object-sysmeta-slo-etag');
    headers.delete('x-object-sysmeta-slo-size');
    const head = await get({}, 'HEAD');
    expect([head.contentLength, head.headers.get('etag')]).toEqual([11, `"${ETAG}"`]);
    const matched = await get({ 'if-match': ETAG });
    expect([matched.status, await text(matched)]).toEqual([200, 'hello world']);
    expect((await get({ 'if-none-match': `"${ETAG}"` })).status).toBe(304);
  });

  test('an object server that does not know that ranges are to be ignored is asked again', async () => {
    await putLarge();
    const old: Handler = (req) => {
      req.headers.delete('x-backend-ignore-range-if-metadata-present');
      return store.app(req);
    };
    slo = await load(filterFactory, {}, old, host);
    const res = await get({ range: 'bytes=4-7' });
    expect([res.status, await text(res), res.headers.get('content-range')]).toEqual([206, 'o wo', 'bytes 4-7/11']);
  });

  test.each([
    ['older', '1000.00000', 503],
    ['newer', `${NOW_SEC + 9}.00000`, 200],
  ])('when what is found the second time is no manifest and %s, that is told', async (_, timestamp, status) => {
    await putLarge();
    let asked = 0;
    const changing: Handler = async (req) => {
      if (++asked > 1)
        return new SwiftResponse(200, { 'x-backend-timestamp': timestamp, etag: 'e' }, Buffer.from('new'));
      const res = await store.app(req);
      res.headers.delete('x-object-sysmeta-slo-size');
      return res;
    };
    slo = await load(filterFactory, {}, changing, host);
    const res = await get({}, 'HEAD');
    expect(res.status).toBe(status);
    await res.close();
  });

  test('a nested manifest that was replaced is not served', async () => {
    await putLarge();
    await slo(request('PUT', '/v1/a/c/outer?multipart-manifest=put', {}, JSON.stringify([{ path: '/c/large' }])));
    await put([{ path: '/c/2' }, { path: '/c/1' }]);
    expect((await slo(request('GET', '/v1/a/c/outer'))).status).toBe(409);
  });

  test('an object that has taken the place of a nested manifest is not read as one', async () => {
    await putLarge();
    await slo(request('PUT', '/v1/a/c/outer?multipart-manifest=put', {}, JSON.stringify([{ path: '/c/large' }])));
    const item = { name: '/c/1', hash: hash('md5', 'hello '), bytes: 6, content_type: 'x/y', last_modified: '' };
    store.put(LARGE, JSON.stringify([item]));
    const req = request('GET', '/v1/a/c/outer');
    expect((await slo(req)).status).toBe(409);
    expect(req.log.lines.join()).toContain('/c/large is no longer a manifest');
  });

  test('a nested manifest that comes again is asked for again only when many came in between', async () => {
    await reload({ rate_limit_segments_per_sec: '0' });
    const nested = Array.from({ length: 21 }, (_, at) => `/c/nested-${at}`);
    for (const path of nested) {
      await slo(request('PUT', `/v1/a${path}?multipart-manifest=put`, {}, JSON.stringify([{ path: '/c/1' }])));
    }
    const [first, second] = nested as [string, string];
    const fetches = async (...paths: string[]): Promise<number> => {
      expect((await put(paths.map((path) => ({ path })))).status).toBe(201);
      store.calls.length = 0;
      expect(await text(await get())).toBe('hello '.repeat(paths.length));
      return store.calls.filter((call) => call === `GET /v1/a${first}`).length;
    };
    expect(await fetches(first, second, first, second, first)).toBe(1);
    expect(await fetches(...nested, first)).toBe(2);
  });

  test('data items one behind the other are sent as one piece', async () => {
    const data = (content: string): unknown => ({ data: Buffer.from(content).toString('base64') });
    await put([data('a'), data('bc'), data('d'), { path: '/c/1' }, data('e'), data('f')]);
    const pieces: string[] = [];
    for await (const chunk of bodyStream((await get({ range: 'bytes=1-10' })).body)) {
      pieces.push(Buffer.from(chunk).toString());
    }
    expect(pieces).toEqual(['bcd', 'hello ', 'e']);
  });

  test('manifests nested too deep are not followed', async () => {
    await reload({ rate_limit_segments_per_sec: '0' });
    let inner = '/c/1';
    for (let depth = 1; depth <= 11; depth++) {
      const path = `/c/depth-${depth}`;
      await slo(request('PUT', `/v1/a${path}?multipart-manifest=put`, {}, JSON.stringify([{ path: inner }])));
      inner = path;
    }
    const deepest = await slo(request('GET', '/v1/a/c/depth-10'));
    expect([deepest.status, await text(deepest)]).toEqual([200, 'hello ']);
    expect((await slo(request('GET', '/v1/a/c/depth-11'))).status).toBe(409);
  });

  test('a stored manifest that cannot be read is 500, and the log says so', async () => {
    await putLarge();
    store.put(LARGE, '[{"name": 5}]', { 'x-static-large-object': 'True' });
    const req = request('GET', LARGE);
    expect((await slo(req)).status).toBe(500);
    expect(req.log.lines.join()).toContain('cannot be read');
  });

  test('a client that goes leaves no segment open', async () => {
    await putLarge();
    await abandon(await get(), 1);
    await abandon(await get({ range: 'bytes=0-1,4-7' }), 2);
    await abandon(await get());
    expect(store.unfinished.size).toBe(0);
  });

  test('a thousand segments are read with no more than a few at hand', async () => {
    store.put('/v1/a/c/1', 'x'.repeat(65_536));
    store.put('/v1/a/c/2', 'y'.repeat(65_536));
    await reload({ rate_limit_segments_per_sec: '0' });
    expect((await put(Array.from({ length: 1000 }, (_, at) => ({ path: `/c/${(at % 2) + 1}` })))).status).toBe(201);
    store.load.most = 0;
    const res = await get();
    let most = 0;
    const watched = new SwiftResponse(200, {}, res.body);
    watched.withBody(async function* (chunks) {
      for await (const chunk of chunks) {
        most = Math.max(most, store.unfinished.size);
        yield chunk;
      }
    });
    expect(await drain(watched)).toBe(65_536_000);
    expect(most).toBeLessThanOrEqual(20);
  });

  test('small segments behind the tenth wait for their turn', async () => {
    await put(Array.from({ length: 13 }, (_, at) => ({ path: `/c/${(at % 2) + 1}` })));
    const body = bodyStream((await get()).body);
    // The eleventh is the first of a new second.
    for (let at = 0; at < 11; at++) expect((await body.read())?.length).toBeGreaterThan(0);
    const turn = Promise.resolve(body.read()).then(() => 'read');
    expect(await Promise.race([turn, setTimeout(50, 'waiting')])).toBe('waiting');
    await body.close();
    await turn.catch(() => undefined);
  });

  test('the filter is passed by when it is told so', async () => {
    await putLarge();
    const req = request('GET', LARGE);
    req.env.sloOverride = true;
    const res = await slo(req);
    expect((await text(res)).startsWith('[{"name": "/c/1"')).toBe(true);
  });
});

test.each([
  ['PUT', LARGE],
  ['PUT', `${LARGE}?multipart-manifest=get`],
  ['POST', LARGE],
  ['DELETE', LARGE],
])('no client marks an object as a manifest: %s %s', async (method, target) => {
  const req = request(method, target, { 'x-static-large-object': 'True' }, '[]');
  expect([(await slo(req)).status, req.continues, store.calls]).toEqual([400, [], []]);
});

describe('DELETE', () => {
  test('deletes nested manifests and their segments, and asks for each manifest once', async () => {
    await putLarge();
    await slo(
      request(
        'PUT',
        '/v1/a/c/outer?multipart-manifest=put',
        {},
        JSON.stringify([{ path: '/c/large' }, { data: 'AAAA' }]),
      ),
    );
    const res = await slo(request('DELETE', '/v1/a/c/outer?multipart-manifest=delete', { accept: 'application/json' }));
    expect(JSON.parse(await text(res))).toMatchObject({ 'Response Status': '200 OK', 'Number Deleted': 4 });
    expect([...store.objects.keys()]).toEqual([]);
  });

  test('manifests that name one another come to an end', async () => {
    await putLarge();
    await slo(request('PUT', '/v1/a/c/other?multipart-manifest=put', {}, JSON.stringify([{ path: '/c/large' }])));
    await put([{ path: '/c/other' }]);
    const res = await slo(request('DELETE', DELETE, { accept: 'application/json' }));
    expect(JSON.parse(await text(res))).toMatchObject({ 'Response Status': '200 OK', 'Number Deleted': 2 });
  });

  test('more waiting segments than ten times the limit end the work', async () => {
    await putLarge();
    await reload({ max_manifest_segments: '0' });
    const res = await slo(request('DELETE', DELETE, { accept: 'application/json' }));
    expect(JSON.parse(await text(res))).toMatchObject({
      'Response Status': '400 Bad Request',
      'Response Body': 'Too many buffered slo segments to delete.',
    });
  });

  test('async=on queues the segments for the expirer and deletes the manifest', async () => {
    await reload({ allow_async_delete: 'true' });
    await putLarge();
    const asked: (string | null | undefined)[] = [];
    const req = request('DELETE', `${DELETE}&async=on`);
    req.env.authorize = (checked) => {
      if (checked === req) asked.push(checked.env.acl);
      return null;
    };
    expect((await slo(req)).status).toBe(204);
    expect(asked.length).toBe(1);
    const names = { account: 'a', container: 'c', object: 'large' };
    const queue = expirerContainer(host.hashPath, NOW_SEC, 86_400, names);
    const update = store.requests.get(`UPDATE /v1/.expiring_objects/${queue}`);
    const rows = JSON.parse(Buffer.from(update?.body as Uint8Array).toString()) as Record<string, unknown>[];
    expect(rows.map(({ name }) => name)).toEqual(['1700000000.00000-a/c/1', '1700000000.00000-a/c/2']);
    expect(rows[0]).toMatchObject({ content_type: 'application/async-deleted', size: 0, deleted: 0 });
    expect([...store.objects.keys()]).toEqual(['/v1/a/c/1', '/v1/a/c/2']);
  });

  test('a user who may not delete in the container of the segments queues nothing', async () => {
    await reload({ allow_async_delete: 'true' });
    store.put('/v1/a/d/1', 'x');
    await put([{ path: '/d/1' }]);
    const req = request('DELETE', `${DELETE}&async=on`);
    let asked = 0;
    req.env.authorize = (checked) => (checked === req && ++asked === 2 ? new SwiftResponse(403) : null);
    expect((await slo(req)).status).toBe(403);
    expect(store.calls.some((call) => call.startsWith('UPDATE'))).toBe(false);
    expect(store.objects.has(LARGE)).toBe(true);
  });
});

test('a listing shows the ETag of a large object beside that of its manifest', async () => {
  const listing = [
    { name: 'large', hash: `abc; s3_etag=x; slo_etag=${ETAG}; y=z`, bytes: 1 },
    { name: 'é', hash: 'abc', bytes: 1 },
    { subdir: 's/' },
  ];
  const app: Handler = () => {
    const body = Buffer.from(JSON.stringify(listing));
    return Promise.resolve(
      new SwiftResponse(
        200,
        { 'content-type': 'application/json; charset=utf-8', 'content-length': body.length },
        body,
      ),
    );
  };
  slo = await load(filterFactory, {}, app, host);
  const res = await slo(request('GET', '/v1/a/c?format=json'));
  const body = await text(res);
  expect(res.contentLength).toBe(body.length);
  expect(JSON.parse(body)).toEqual([
    { name: 'large', hash: 'abc; s3_etag=x; y=z', bytes: 1, slo_etag: `"${ETAG}"` },
    ...listing.slice(1),
  ]);
});

test('tells its limits', () => {
  expect(host.info.get()['slo']).toEqual({
    max_manifest_segments: 1000,
    max_manifest_size: 8_388_608,
    yield_frequency: 10,
    min_segment_size: 1,
    allow_async_delete: false,
  });
  expect(Object.keys(confSpec)).toContain('delete_concurrency');
});
