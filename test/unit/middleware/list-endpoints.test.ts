import { expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/list-endpoints.ts';
import type { RingLookup } from '../../../src/middleware-api.ts';
import { fakeHost, fakeSwift, load, request, text } from '../../../src/testing.ts';

/** A ring that tells in its partition what it was asked for. */
function ring(port: number): RingLookup {
  const node = { ip: '10.0.0.1', port, device: 'sda' };
  return {
    partitionOf: (...names: (string | undefined)[]) => names.filter((name) => name !== undefined).length,
    primaries: () => [node],
  } as unknown as RingLookup;
}

async function ask(method: string, path: string): Promise<{ status: number; body: string; calls: readonly string[] }> {
  const host = fakeHost({ rings: { account: ring(6202), container: ring(6201), object: ring(6200) } });
  const app = fakeSwift({
    'HEAD /v1/a/c': [204, { 'x-backend-storage-policy-index': 1 }],
    'GET /v1/a/c': [200, 'listing'],
  });
  const filter = await load(filterFactory, {}, app, host);
  const res = await filter(request(method, path));
  return { status: res.status, body: await text(res), calls: app.calls };
}

test.each([
  ['/endpoints/a', '["http://10.0.0.1:6202/sda/1/a"]'],
  ['/endpoints/a/', '["http://10.0.0.1:6201/sda/1/a/"]'],
  ['/endpoints/v1/a/c', '["http://10.0.0.1:6201/sda/2/a/c"]'],
  ['/endpoints/v_3/c', '["http://10.0.0.1:6201/sda/2/v_3/c"]'],
  ['/endpoints/a/c/o%25%20x/%C3%A9', '["http://10.0.0.1:6200/sda/3/a/c/o%25%20x/%C3%A9"]'],
  [
    '/endpoints/v2/a/c/o',
    '{"endpoints": ["http://10.0.0.1:6200/sda/3/a/c/o"], "headers": {"X-Backend-Storage-Policy-Index": "1"}}',
  ],
  ['/endpoints/2.0/a', '{"endpoints": ["http://10.0.0.1:6202/sda/1/a"], "headers": {}}'],
])('%s is answered with where it is', async (path, body) => {
  expect(await ask('GET', path)).toMatchObject({ status: 200, body });
});

test('what names no account, or a version that is none, is refused', async () => {
  expect(await ask('GET', '/endpoints/v1')).toMatchObject({ status: 400, body: 'No account specified' });
  expect(await ask('GET', '/endpoints/v3/a')).toMatchObject({ status: 400, body: "Unsupported version 'v3'" });
  expect(await ask('PUT', '/endpoints/a')).toMatchObject({ status: 405 });
});

test('any other path passes', async () => {
  expect(await ask('GET', '/v1/a/c')).toMatchObject({ status: 200, body: 'listing', calls: ['GET /v1/a/c'] });
});
