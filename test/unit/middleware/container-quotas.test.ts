import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/container-quotas.ts';
import { type Handler, SwiftResponse } from '../../../src/middleware-api.ts';
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

interface Quotas {
  bytes?: string;
  count?: string;
}

/** A container of 5 objects and 90 bytes. */
function swiftWith({ bytes, count }: Quotas): FakeSwift {
  const headers = { 'x-container-bytes-used': 90, 'x-container-object-count': 5, 'x-container-write': 'test:writer' };
  return fakeSwift({
    'HEAD /v1/a/c': [
      204,
      {
        ...headers,
        ...(bytes === undefined ? {} : { 'x-container-meta-quota-bytes': bytes }),
        ...(count === undefined ? {} : { 'x-container-meta-quota-count': count }),
      },
    ],
    'PUT /v1/a/c': 201,
    'POST /v1/a/c': 204,
    'PUT /v1/a/c/o': 201,
    'POST /v1/a/c/o': 202,
    'DELETE /v1/a/c/o': 204,
    'PUT /v1/a': 201,
  });
}

async function send(app: Handler, req: TestRequest): Promise<[number, string]> {
  const res = await (await load(filterFactory, {}, app))(req);
  return [res.status, await text(res)];
}

const TOO_MUCH = [413, 'Upload exceeds quota.'];

describe('an upload', () => {
  test.each<[Quotas, number, number]>([
    [{ bytes: '100' }, 10, 201],
    [{ bytes: '100' }, 11, 413],
    [{ bytes: '0' }, 0, 413],
    [{ count: '6' }, 11, 201],
    [{ count: '5' }, 0, 413],
    [{ bytes: '100', count: '6' }, 10, 201],
    [{ bytes: '100', count: '5' }, 10, 413],
    [{ bytes: 'lots', count: '-1' }, 10, 201],
    [{}, 10, 201],
  ])('under quotas %j of %i bytes gives %i', async (quotas, bytes, status) => {
    const answer = await send(swiftWith(quotas), request('PUT', '/v1/a/c/o', {}, 'x'.repeat(bytes)));
    expect(answer[0]).toBe(status);
    if (status === 413) expect(answer).toEqual(TOO_MUCH);
  });

  test('beyond a quota is refused before its body is read', async () => {
    const req = request('PUT', '/v1/a/c/o', { expect: '100-continue' }, 'x'.repeat(11));
    const app = swiftWith({ bytes: '100' });
    expect(await send(app, req)).toEqual(TOO_MUCH);
    expect([req.continues, app.calls, app.requests[0]?.source]).toEqual([[], ['HEAD /v1/a/c'], 'CQ']);
  });

  test('of unknown length passes until the quota is used up', async () => {
    expect((await send(swiftWith({ bytes: '90' }), request('PUT', '/v1/a/c/o', {}, ['x'.repeat(50)])))[0]).toBe(201);
    expect(await send(swiftWith({ bytes: '89' }), request('PUT', '/v1/a/c/o', {}, ['x']))).toEqual(TOO_MUCH);
  });

  test('of who may not write there hears that and nothing of the quota', async () => {
    const req = request('PUT', '/v1/a/c/o', {}, 'x'.repeat(11));
    const asked: (string | null | undefined)[] = [];
    req.env.authorize = ({ env }) => {
      asked.push(env.acl);
      return new SwiftResponse(401);
    };
    expect((await send(swiftWith({ bytes: '100' }), req))[0]).toBe(401);
    expect(asked).toEqual(['test:writer']);
  });

  test('of who may write there is refused', async () => {
    const req = request('PUT', '/v1/a/c/o', {}, 'x'.repeat(11));
    req.env.authorize = () => null;
    expect(await send(swiftWith({ bytes: '100' }), req)).toEqual(TOO_MUCH);
  });

  test('into a container that is not there is left to the app', async () => {
    const app = fakeSwift({ 'HEAD /v1/a/c': [404, { 'x-container-meta-quota-bytes': '0' }], 'PUT /v1/a/c/o': 404 });
    expect((await send(app, request('PUT', '/v1/a/c/o', {}, 'x')))[0]).toBe(404);
    expect(app.calls).toHaveLength(2);
  });
});

describe('setting a quota', () => {
  test.each([
    ['bytes', '100', undefined],
    ['count', '0', undefined],
    ['bytes', '', undefined],
    ['bytes', 'lots', 'Invalid bytes quota.'],
    ['bytes', '-1', 'Invalid bytes quota.'],
    ['bytes', '1.5', 'Invalid bytes quota.'],
    ['count', '1e3', 'Invalid count quota.'],
    ['count', '\u00b2', 'Invalid count quota.'],
  ])('of %s to %j gives %j', async (kind, value, refusal) => {
    for (const [method, status] of [
      ['PUT', 201],
      ['POST', 204],
    ] as const) {
      const app = swiftWith({});
      const answer = await send(app, request(method, '/v1/a/c', { [`x-container-meta-quota-${kind}`]: value }));
      expect(answer).toEqual(refusal === undefined ? [status, ''] : [400, refusal]);
      expect(app.calls).toHaveLength(refusal === undefined ? 1 : 0);
    }
  });
});

test('accounts, POST and DELETE of objects pass without a look at the container', async () => {
  for (const [method, target] of [
    ['PUT', '/v1/a'],
    ['POST', '/v1/a/c/o'],
    ['DELETE', '/v1/a/c/o'],
  ] as const) {
    const app = swiftWith({ bytes: '0', count: '0' });
    await send(app, request(method, target, { 'x-container-meta-quota-bytes': 'lots' }));
    expect(app.calls).toEqual([`${method} ${target}`]);
  }
});

test('/info names it', async () => {
  const host = fakeHost();
  await load(filterFactory, {}, fakeSwift(), host);
  expect(host.info.get()).toEqual({ container_quotas: {} });
});
