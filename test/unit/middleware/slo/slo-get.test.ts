import { hash } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { filterFactory } from '../../../../src/middleware/slo.ts';
import { bodyStream, type Handler, SwiftResponse } from '../../../../src/middleware-api.ts';
import { abandon, drain, load, request, text } from '../../../../src/testing.ts';
import { NOW_SEC } from './object-store.ts';
import { LARGE, ETAG, store, slo, host, reload, put, putLarge, get, replaceSlo } from './slo-support.ts';

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
    replaceSlo(await load(filterFactory, {}, old, host));
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
    replaceSlo(await load(filterFactory, {}, changing, host));
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
