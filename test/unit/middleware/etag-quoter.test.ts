import { afterEach, describe, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/etag-quoter.ts';
import { assertNoLeaks, type FakeAnswers, fakeHost, fakeSwift, load, request, text } from '../../../src/testing.ts';

afterEach(() => assertNoLeaks());

const CONTAINER_SETTING = 'x-container-sysmeta-rfc-compliant-etags';
const ACCOUNT_SETTING = 'x-account-sysmeta-rfc-compliant-etags';

function swift(container: string | undefined, account: string | undefined, etag = 'abc'): FakeAnswers {
  return {
    'HEAD /v1/a': [204, account === undefined ? {} : { [ACCOUNT_SETTING]: account }],
    'HEAD /v1/a/c': [204, container === undefined ? {} : { [CONTAINER_SETTING]: container }],
    'GET /v1/a/c/o': [200, { etag }, 'hello'],
  };
}

async function etagSeen(answers: FakeAnswers, options: Record<string, string> = {}): Promise<string | undefined> {
  const filter = await load(filterFactory, options, fakeSwift(answers));
  const res = await filter(request('GET', '/v1/a/c/o'));
  await text(res);
  return res.headers.get('etag');
}

describe('the ETag of an object', () => {
  test.each([
    ['true', undefined, 'no', '"abc"'],
    ['false', 'true', 'yes', 'abc'],
    ['junk', 'true', 'yes', 'abc'],
    [undefined, 'True', 'no', '"abc"'],
    [undefined, 'False', 'yes', 'abc'],
    [undefined, undefined, 'yes', '"abc"'],
    [undefined, undefined, 'no', 'abc'],
  ])('container %j, account %j and config %j make it %s', async (container, account, byDefault, expected) => {
    expect(await etagSeen(swift(container, account), { enable_by_default: byDefault })).toBe(expected);
  });

  test.each([
    ['"abc"', '"abc"'],
    ['W/"abc"', 'W/"abc"'],
    ['"abc', '""abc"'],
    ['', '""'],
  ])('%s becomes %s', async (etag, expected) => {
    expect(await etagSeen(swift('true', undefined, etag))).toBe(expected);
  });

  test.each(['HEAD /v1/a', 'HEAD /v1/a/c'])('stays as it is when %s says that there is none', async (call) => {
    const answers = { ...swift(undefined, undefined), [call]: 404 };
    expect(await etagSeen(answers, { enable_by_default: 'true' })).toBe('abc');
  });

  test('what is asked is asked once, and marked', async () => {
    const app = fakeSwift(swift(undefined, 'true'));
    const filter = await load(filterFactory, {}, app);
    const req = request('GET', '/v1/a/c/o');
    await text(await filter(req));
    await text(await filter(req));
    expect(app.calls).toEqual(['HEAD /v1/a/c', 'HEAD /v1/a', 'GET /v1/a/c/o', 'GET /v1/a/c/o']);
    expect(app.requests.map(({ source }) => source)).toEqual(['EQ', 'EQ', undefined, undefined]);
  });
});

describe.each(['account', 'container'] as const)('the setting of an %s', (kind) => {
  const path = kind === 'account' ? '/v1/a' : '/v1/a/c/';
  const setting = `x-${kind}-rfc-compliant-etags`;
  const stored = `x-${kind}-sysmeta-rfc-compliant-etags`;

  test.each([
    [{ [setting]: 'on' }, 'True'],
    [{ [setting]: 'other' }, 'False'],
    [{ [setting]: '' }, ''],
    [{ [`x-remove-${kind}-rfc-compliant-etags`]: 'x' }, ''],
    [{ [setting]: 'on', [`x-remove-${kind}-rfc-compliant-etags`]: 'x' }, ''],
    [{ [`x-remove-${kind}-rfc-compliant-etags`]: '' }, undefined],
    [{}, undefined],
  ])('%j is stored as %j', async (headers, value) => {
    const app = fakeSwift({ [`POST ${path}`]: 204 });
    const filter = await load(filterFactory, {}, app);
    await filter(request('POST', path, headers));
    expect(app.requests[0]?.headers.get(stored)).toBe(value);
  });

  test('is told under the name that it was given', async () => {
    const filter = await load(
      filterFactory,
      {},
      fakeSwift({ [`HEAD ${path}`]: [204, { [stored]: 'True', etag: 'x' }] }),
    );
    const { headers } = await filter(request('HEAD', path));
    expect([headers.get(setting), headers.has(stored), headers.get('etag')]).toEqual(['True', false, 'x']);
  });
});

test.each(['/info', '/v2/a/c/o', '/v1', '/v1/a//o'])('%s is passed on as it is', async (path) => {
  const app = fakeSwift({ [`GET ${path}`]: [200, { etag: 'x' }] });
  const filter = await load(filterFactory, { enable_by_default: 'true' }, app);
  expect((await filter(request('GET', path))).headers.get('etag')).toBe('x');
  expect(app.calls).toEqual([`GET ${path}`]);
});

test('/info tells the default', async () => {
  const host = fakeHost();
  await load(filterFactory, { enable_by_default: 'on' }, fakeSwift(), host);
  expect(host.info.get()).toEqual({ etag_quoter: { enable_by_default: true } });
});
