import { createHmac } from 'node:crypto';
import { afterEach, expect, test } from 'vitest';
import { filterFactory } from '../../../../src/middleware/tempurl.ts';
import { type Handler, SwiftResponse } from '../../../../src/middleware-api.ts';
import { assertNoLeaks, fakeHost, fakeSwift, load, request } from '../../../../src/testing.ts';

afterEach(() => assertNoLeaks());

const NOW = 1_700_000_000;
const LATER = NOW + 100;

interface Url {
  method?: string;
  signed?: string;
  path?: string;
  expires?: number;
  digest?: string;
  key?: string;
  /** Behind the other parameters. */
  more?: string;
  /** Before the method in what is signed. */
  before?: string;
  cut?: number;
}

function hmacOf({ method = 'GET', signed = '/v1/a/c/o', expires = LATER, digest = 'sha256', ...rest }: Url): string {
  const message = `${rest.before ?? ''}${method}\n${expires}\n${signed}`;
  return createHmac(digest, rest.key ?? 'key')
    .update(message)
    .digest('hex')
    .slice(0, rest.cut);
}

async function statusOf(url: Url, options: Record<string, string> = {}): Promise<number> {
  const { method = 'GET', path = '/v1/a/c/o', expires = LATER, more = '' } = url;
  const keys = fakeSwift({
    'HEAD /v1/a': [204, { 'x-account-meta-temp-url-key': 'key' }],
    'HEAD /v1/a/c': 204,
    'HEAD /v1/a/d': 204,
  });
  const app: Handler = (req) => (req.env.source === 'TU' ? keys(req) : Promise.resolve(new SwiftResponse(200)));
  const filter = await load(filterFactory, options, app, fakeHost({ clock: NOW }));
  const target = `${path}?temp_url_sig=${hmacOf(url)}&temp_url_expires=${expires}${more}`;
  const res = await filter(request(method, target));
  await res.close();
  return res.status;
}

test('a URL opens what was signed until it expires', async () => {
  expect(await statusOf({})).toBe(200);
  expect(await statusOf({ expires: NOW })).toBe(200);
  expect(await statusOf({ expires: NOW - 1 })).toBe(401);
  expect(await statusOf({ key: 'other' })).toBe(401);
  expect(await statusOf({ path: '/v1/a/c/other' })).toBe(401);
  expect(await statusOf({ path: '/v1/a/c/o/' })).toBe(401);
  expect(await statusOf({ path: '/v1/a/c//o' })).toBe(401);
  expect(await statusOf({ path: '/v1/a/c/%6f' })).toBe(200);
});

test('only methods that are allowed, and as they are written', async () => {
  expect(await statusOf({ method: 'PUT' })).toBe(200);
  expect(await statusOf({ method: 'PUT' }, { methods: 'GET HEAD' })).toBe(401);
  expect(await statusOf({ method: 'get' })).toBe(401);
  expect(await statusOf({ method: 'COPY' })).toBe(401);
});

test('only digests that are allowed', async () => {
  expect(await statusOf({ digest: 'sha1' })).toBe(200);
  expect(await statusOf({ digest: 'sha1' }, { allowed_digests: 'sha256 sha512' })).toBe(401);
});

test('the beginning of a signature is none', async () => {
  for (const cut of [0, 1, 40, 63]) expect(await statusOf({ cut })).toBe(401);
});

test('a prefix is for names that begin so, and is signed as a prefix', async () => {
  const prefixed = { signed: 'prefix:/v1/a/c/o', more: '&temp_url_prefix=o' };
  expect(await statusOf({ ...prefixed, path: '/v1/a/c/o' })).toBe(200);
  expect(await statusOf({ ...prefixed, path: '/v1/a/c/o/x' })).toBe(200);
  expect(await statusOf({ ...prefixed, path: '/v1/a/c/xo' })).toBe(401);
  expect(await statusOf({ ...prefixed, path: '/v1/a/d/o' })).toBe(401);
  // What was signed for the object `o` alone opens no others.
  expect(await statusOf({ more: '&temp_url_prefix=o', path: '/v1/a/c/o' })).toBe(401);
  expect(await statusOf({ signed: 'prefix:/v1/a/c/o' })).toBe(401);
  const whole = { signed: 'prefix:/v1/a/c/', more: '&temp_url_prefix=', path: '/v1/a/c/x' };
  expect(await statusOf(whole)).toBe(200);
});

test('a range of addresses is for clients in it', async () => {
  const ranged = (range: string): Url => ({ before: `ip=${range}\n`, more: `&temp_url_ip_range=${range}` });
  expect(await statusOf(ranged('127.0.0.0/8'))).toBe(200);
  expect(await statusOf(ranged('192.0.2.0/24'))).toBe(401);
  expect(await statusOf({ more: '&temp_url_ip_range=127.0.0.0/8' })).toBe(401);
  expect(await statusOf({ before: 'ip=192.0.2.0/24\n' })).toBe(401);
});

test('what a URL opens ends at whole names of account and container', async () => {
  const keys = fakeSwift({ 'HEAD /v1/a': 204, 'HEAD /v1/a/c': [204, { 'x-container-meta-temp-url-key': 'key' }] });
  const app: Handler = (asked) => (asked.env.source === 'TU' ? keys(asked) : Promise.resolve(new SwiftResponse(200)));
  const filter = await load(filterFactory, {}, app, fakeHost({ clock: NOW }));
  const req = request('GET', `/v1/a/c/o?temp_url_sig=${hmacOf({})}&temp_url_expires=${LATER}`);
  await (await filter(req)).close();
  const verdict = async (path: string): Promise<number | undefined> =>
    (await req.env.authorize?.(req.sub('GET', path, { source: 'T' })))?.status;
  expect(await verdict('/v1/a/c/segment')).toBeUndefined();
  for (const path of ['/v1/a/c2/o', '/v1/a2/c/o', '/v1/a/c', '/v1//a/c/o', '/v1/a/../b/c/o']) {
    expect([path, await verdict(path)]).toEqual([path, path === '/v1/a/c' ? undefined : 401]);
  }
});
