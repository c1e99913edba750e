import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/read-only.ts';
import { assertNoLeaks, fakeHost, type FakeSwift, fakeSwift, load, request, text } from '../../../src/testing.ts';

afterEach(() => assertNoLeaks());

const METHODS = ['GET', 'HEAD', 'OPTIONS', 'PUT', 'POST', 'DELETE', 'COPY'];

/** Two accounts, `ro` and `rw`, that say so; `a` says nothing. */
function swift(): FakeSwift {
  const passing = METHODS.flatMap((method) =>
    ['a', 'ro', 'rw'].map((account) => [`${method} /v1/${account}/c/o`, 200] as const),
  );
  return fakeSwift({
    ...Object.fromEntries(passing),
    'HEAD /v1/a': 204,
    'HEAD /v1/ro': [204, { 'x-account-sysmeta-read-only': 'true' }],
    'HEAD /v1/rw': [204, { 'x-account-sysmeta-read-only': 'no' }],
  });
}

async function statuses(options: Record<string, string>, account: string): Promise<Record<string, number>> {
  const filter = await load(filterFactory, options, swift());
  const found: Record<string, number> = {};
  for (const method of METHODS) {
    const res = await filter(request(method, `/v1/${account}/c/o`));
    await res.close();
    found[method] = res.status;
  }
  return found;
}

const ALL = { GET: 200, HEAD: 200, OPTIONS: 200, PUT: 200, POST: 200, DELETE: 200, COPY: 200 };
const READS = { ...ALL, PUT: 405, POST: 405, DELETE: 405, COPY: 405 };
const READS_AND_DELETES = { ...READS, DELETE: 200 };

describe('what passes', () => {
  test.each([
    [{}, 'a', ALL],
    [{}, 'ro', READS],
    [{}, 'rw', ALL],
    [{ read_only: 'true' }, 'a', READS],
    [{ read_only: 'true' }, 'ro', READS],
    [{ read_only: 'true' }, 'rw', ALL],
    [{ read_only: 'true', allow_deletes: 'true' }, 'a', READS_AND_DELETES],
    [{ allow_deletes: 'true' }, 'ro', READS_AND_DELETES],
  ])('under %j to account %s', async (options, account, expected) => {
    expect(await statuses(options, account)).toEqual(expected);
  });
});

test('a refusal says why, and only the account was asked', async () => {
  const app = swift();
  const filter = await load(filterFactory, {}, app);
  const req = request('PUT', '/v1/ro/c/o', { expect: '100-continue' }, 'x');
  const res = await filter(req);
  expect([res.status, await text(res)]).toEqual([405, 'Writes are disabled for this account.']);
  expect([app.calls, app.requests[0]?.source, req.continues]).toEqual([['HEAD /v1/ro'], 'RO', []]);
});

describe('a COPY writes to its destination', () => {
  test.each([
    ['a', 'ro', 405],
    ['a', '%72o', 405],
    ['ro', 'a', 200],
    ['ro', 'rw', 200],
    ['a', '', 412],
    ['a', 'a/b', 412],
  ])('from %s to account %j: %i', async (from, to, expected) => {
    const filter = await load(filterFactory, {}, swift());
    const res = await filter(request('COPY', `/v1/${from}/c/o`, { 'destination-account': to }));
    await res.close();
    expect(res.status).toBe(expected);
  });

  test('the header means nothing to other methods', async () => {
    const filter = await load(filterFactory, {}, swift());
    expect((await filter(request('PUT', '/v1/a/c/o', { 'destination-account': 'ro' }))).status).toBe(200);
  });
});

test.each(['/v1', '/v2/ro/c', '/auth/v1.0', '/v1/ro//o'])('a write to %s is not its business', async (path) => {
  const app = fakeSwift({ [`POST ${path}`]: 204 });
  const filter = await load(filterFactory, { read_only: 'true' }, app);
  expect((await filter(request('POST', path))).status).toBe(204);
  expect(app.calls).toEqual([`POST ${path}`]);
});

test.each([
  [{ read_only: 'yes' }, { read_only: {} }],
  [{ allow_deletes: 'yes' }, {}],
])('/info under %j tells %j', async (options, expected) => {
  const host = fakeHost();
  await load(filterFactory, options, fakeSwift(), host);
  expect(host.info.get()).toEqual(expected);
});
