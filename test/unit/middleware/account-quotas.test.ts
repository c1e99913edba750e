import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/account-quotas.ts';
import { type Handler, MemoryCache, SwiftResponse } from '../../../src/middleware-api.ts';
import {
  assertNoLeaks,
  fakeHost,
  type FakeSwift,
  fakeSwift,
  load,
  request,
  type TestRequest,
  text,
} from '../../../src/testing.ts';

afterEach(() => {
  assertNoLeaks();
});

function swiftWith(quota: string | undefined, usedBytes: number): FakeSwift {
  const headers = {
    'x-account-bytes-used': usedBytes,
    ...(quota === undefined ? {} : { 'x-account-meta-quota-bytes': quota }),
  };
  return fakeSwift({
    'HEAD /v1/a': [204, headers],
    'POST /v1/a': 204,
    'PUT /v1/a': 201,
    'POST /v1/a/c': 204,
    'PUT /v1/a/c': 201,
    'PUT /v1/a/c/o': 201,
    'POST /v1/a/c/o': 202,
    'DELETE /v1/a/c/o': 204,
    'PUT //nothing': 200,
  });
}

async function send(app: Handler, req: TestRequest): Promise<[number, string]> {
  const res = await (await load(filterFactory, {}, app))(req);
  return [res.status, await text(res)];
}

const TOO_MUCH = [413, 'Upload exceeds quota.'];

describe('an upload', () => {
  test.each([
    ['100', 90, 10, 201],
    ['100', 90, 11, 413],
    ['100', 101, 0, 413],
    ['0', 0, 0, 201],
    ['0', 0, 1, 413],
    [' +1_00 ', 90, 11, 413],
    ['-1', 90, 11, 201],
    ['', 90, 11, 201],
    ['lots', 90, 11, 201],
    [undefined, 90, 11, 201],
  ])('under a quota of %j with %i bytes used: %i more give %i', async (quota, usedBytes, bytes, status) => {
    const [found, body] = await send(swiftWith(quota, usedBytes), request('PUT', '/v1/a/c/o', {}, 'x'.repeat(bytes)));
    expect(found).toBe(status);
    if (status === 413) expect(body).toBe('Upload exceeds quota.');
  });

  test('beyond the quota is refused before its body is read', async () => {
    const req = request('PUT', '/v1/a/c/o', { expect: '100-continue' }, 'x'.repeat(11));
    const app = swiftWith('100', 90);
    expect(await send(app, req)).toEqual(TOO_MUCH);
    expect([req.continues, app.calls]).toEqual([[], ['HEAD /v1/a']]);
  });

  test('of unknown length passes until the quota is used up', async () => {
    expect((await send(swiftWith('100', 100), request('PUT', '/v1/a/c/o', {}, ['x'.repeat(50)])))[0]).toBe(201);
    expect(await send(swiftWith('100', 101), request('PUT', '/v1/a/c/o', {}, ['x']))).toEqual(TOO_MUCH);
  });

  test('of who may not write there hears that and nothing of the quota', async () => {
    const req = request('PUT', '/v1/a/c/o', {}, 'x'.repeat(11));
    req.env.authorize = () => new SwiftResponse(403);
    const asking: Handler = async (asked) =>
      asked.method === 'PUT'
        ? ((await asked.env.authorize?.(asked)) ?? new SwiftResponse(201))
        : swiftWith('100', 90)(asked);
    expect((await send(asking, req))[0]).toBe(403);
  });

  test('of who may write there is refused when the app asks', async () => {
    const req = request('PUT', '/v1/a/c/o', {}, 'x'.repeat(11));
    req.env.authorize = () => null;
    const app = swiftWith('100', 90);
    app.register({
      'PUT /v1/a/c/o': async (asked) => (await asked.env.authorize?.(asked)) ?? new SwiftResponse(201),
    });
    expect(await send(app, req)).toEqual(TOO_MUCH);
  });

  test('of a reseller is never refused', async () => {
    const req = request('PUT', '/v1/a/c/o', {}, 'x'.repeat(11));
    req.env.resellerRequest = true;
    const app = swiftWith('100', 90);
    expect([(await send(app, req))[0], app.calls]).toEqual([201, ['PUT /v1/a/c/o']]);
  });

  test('asks for the account once as long as the cache has it', async () => {
    const app = swiftWith('100', 90);
    const cache = new MemoryCache();
    for (const bytes of [5, 6]) {
      const req = request('PUT', '/v1/a/c/o', {}, 'x'.repeat(bytes));
      req.env.cache = cache;
      await send(app, req);
    }
    expect(app.calls).toEqual(['HEAD /v1/a', 'PUT /v1/a/c/o', 'PUT /v1/a/c/o']);
    expect(app.requests[0]?.source).toBe('AQ');
  });
});

describe('setting a quota', () => {
  const quotas: [Record<string, string>, number, number][] = [
    [{ 'x-account-meta-quota-bytes': '100' }, 403, 204],
    [{ 'x-account-meta-quota-bytes': '' }, 403, 204],
    [{ 'x-account-meta-quota-bytes': 'lots' }, 403, 400],
    [{ 'x-account-meta-quota-bytes': '-1' }, 403, 400],
    [{ 'x-remove-account-meta-quota-bytes': 'x' }, 403, 204],
    [{ 'x-remove-account-meta-quota-bytes': 'x', 'x-account-meta-quota-bytes': 'lots' }, 403, 204],
    [{ 'x-account-meta-other': 'lots' }, 204, 204],
  ];

  test.each(quotas)('by %j gives a user %i and a reseller %i', async (headers, forUser, forReseller) => {
    for (const target of ['/v1/a', '/v1/a/']) {
      const app = swiftWith('0', 10);
      app.register({ 'POST /v1/a/': 204 });
      expect((await send(app, request('POST', target, headers)))[0]).toBe(forUser);
      const req = request('POST', target, headers);
      req.env.resellerRequest = true;
      expect((await send(app, req))[0]).toBe(forReseller);
    }
  });

  test('is asked of no container or object', async () => {
    const headers = { 'x-account-meta-quota-bytes': 'lots' };
    for (const [method, target, status] of [
      ['PUT', '/v1/a/c', 201],
      ['POST', '/v1/a/c', 204],
      ['POST', '/v1/a/c/o', 202],
    ] as const) {
      const app = swiftWith('0', 10);
      expect([(await send(app, request(method, target, headers)))[0], app.calls]).toEqual([
        status,
        [`${method} ${target}`],
      ]);
    }
  });
});

test('deleting and what is no path of Swift pass', async () => {
  const app = swiftWith('0', 10);
  expect((await send(app, request('DELETE', '/v1/a/c/o')))[0]).toBe(204);
  expect((await send(app, request('PUT', '//nothing', {}, 'x')))[0]).toBe(200);
});

test('/info names it', async () => {
  const host = fakeHost();
  await load(filterFactory, {}, fakeSwift(), host);
  expect(host.info.get()).toEqual({ account_quotas: {} });
});
