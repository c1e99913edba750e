import { hash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { filterFactory } from '../../../../src/middleware/slo.ts';
import { type Handler } from '../../../../src/middleware-api.ts';
import { abandon, load, request, text } from '../../../../src/testing.ts';
import { LARGE, PUT, SEGMENTS, ETAG, store, slo, host, reload, put, putLarge, get, replaceSlo } from './slo-support.ts';

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
    replaceSlo(await load(filterFactory, {}, vast, host));
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
