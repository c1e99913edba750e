import { createHmac } from 'node:crypto';
import { afterEach, describe, expect, test } from 'vitest';
import { confSpec, filterFactory } from '../../../src/middleware/tempurl.ts';
import { isInAddressRange } from '../../../src/middleware/tempurl/address-range.ts';
import { expiresHeader, parseExpiry } from '../../../src/middleware/tempurl/expiry.ts';
import type { Handler, SwiftRequest } from '../../../src/middleware-api.ts';
import { assertNoLeaks, fakeHost, type FakeSwift, fakeSwift, load, request, text } from '../../../src/testing.ts';

afterEach(() => assertNoLeaks());

const EXPIRES = 1_999_999_999;

function app(answers: Parameters<typeof fakeSwift>[0] = {}): FakeSwift {
  return fakeSwift({
    'HEAD /v1/a': [204, { 'x-account-meta-temp-url-key': 'account key' }],
    'HEAD /v1/a/c': [204, { 'x-container-meta-temp-url-key-2': 'container key' }],
    ...answers,
  });
}

function urlOf(method: string, path: string, key = 'account key', more = ''): string {
  const signature = createHmac('sha256', key).update(`${method}\n${EXPIRES}\n${path}`).digest('hex');
  return `${path}?temp_url_sig=${signature}&temp_url_expires=${EXPIRES}${more}`;
}

async function filterOf(swift: Handler, options: Record<string, string> = {}): Promise<Handler> {
  return load(filterFactory, options, swift);
}

describe('tempurl', () => {
  test('a request without a temporary URL passes as it is', async () => {
    const swift = app({ 'GET /v1/a/c?prefix=a%2Fb': [200, 'listing'] });
    const req = request('GET', '/v1/a/c?prefix=a%2Fb');
    expect(await text(await (await filterOf(swift))(req))).toBe('listing');
    expect(swift.calls).toEqual(['GET /v1/a/c?prefix=a%2Fb']);
    expect(req.env.authorizeOverride).toBeUndefined();
  });

  test('keys are asked for with the tag TU, and never for a request that cannot be good', async () => {
    const swift = app({ 'GET /v1/a/c/o': [200, 'hello'] });
    const filter = await filterOf(swift);
    for (const query of [
      'temp_url_sig=x',
      'temp_url_expires=5&temp_url_sig=x',
      `temp_url_expires=${EXPIRES}&temp_url_sig=x`,
    ]) {
      const res = await filter(request('GET', `/v1/a/c/o?${query}`));
      expect([res.status, await text(res)]).toEqual([401, '401 Unauthorized: Temp URL invalid\n']);
    }
    expect(swift.calls).toEqual([]);
    expect(await text(await filter(request('GET', urlOf('GET', '/v1/a/c/o'))))).toBe('hello');
    expect(swift.requests.map(({ source }) => source)).toEqual(['TU', 'TU', undefined]);
  });

  test('only what the signature covers reaches the rest of the pipeline', async () => {
    const swift = app({ 'GET /v1/a/c/o': [200, { 'x-object-meta-a': '1', 'x-object-meta-public-b': '2' }, 'hello'] });
    const more = '&multipart-manifest=get&filename=x&inline&temp_url_prefix';
    const prefixed = urlOf('GET', '/v1/a/c/o', 'account key').replace('/v1/a/c/o?', '');
    expect(prefixed).not.toContain(more);
    const req = request('GET', urlOf('GET', '/v1/a/c/o', 'account key', '&multipart-manifest=get&filename=x&inline'), {
      'x-timestamp': '1',
    });
    const res = await (await filterOf(swift))(req);
    expect(await text(res)).toBe('hello');
    expect(swift.calls.at(-1)).toMatch(
      /^GET \/v1\/a\/c\/o\?temp_url_sig=[0-9a-f]{64}&temp_url_expires=1999999999&filename=x$/,
    );
    expect(swift.requests.at(-1)?.headers.has('x-timestamp')).toBe(false);
    expect([...res.headers.names()]).not.toContain('x-object-meta-a');
    expect(res.headers.get('x-object-meta-public-b')).toBe('2');
    expect(res.headers.get('content-disposition')).toBe('inline; filename="x"; filename*=UTF-8\'\'x');
    expect(res.headers.get('expires')).toBe('Wed, 18 May 2033 03:33:19 GMT');
  });

  test('a key of the account opens the account, a key of the container the container alone', async () => {
    const swift = app({ 'GET /v1/a/c/o': [200, 'hello'] });
    const filter = await filterOf(swift);
    for (const [key, status] of [
      ['account key', 'passes'],
      ['container key', 401],
    ] as const) {
      const req = request('GET', urlOf('GET', '/v1/a/c/o', key));
      await text(await filter(req));
      const ask = async (path: string): Promise<unknown> =>
        (await req.env.authorize?.(req.sub('GET', path, { source: 'T' }) as SwiftRequest))?.status ?? 'passes';
      expect(await ask('/v1/a/c/other')).toBe('passes');
      expect(await ask('/v1/a/other/o')).toBe(status);
      expect(await ask('/v1/b/c/o')).toBe(401);
      expect([req.env.authorizeOverride, req.env.remoteUser]).toEqual([true, '.wsgi.tempurl']);
    }
  });

  test('a URL for GET, PUT or POST is good for HEAD, one for DELETE is not', async () => {
    const swift = app({ 'GET /v1/a/c/o': [200, 'hello'] });
    const filter = await filterOf(swift);
    const statuses = [];
    for (const method of ['GET', 'HEAD', 'PUT', 'POST', 'DELETE']) {
      statuses.push((await filter(request('HEAD', urlOf(method, '/v1/a/c/o')))).status);
    }
    expect(statuses).toEqual([200, 200, 200, 200, 401]);
  });

  test('a PUT that would store a pointer to other data is refused', async () => {
    const swift = app();
    const req = request('PUT', urlOf('PUT', '/v1/a/c/o'), { 'x-object-manifest': 'x/y' });
    const res = await (await filterOf(swift))(req);
    expect([res.status, await text(res)]).toEqual([
      400,
      "The header 'X-Object-Manifest' is not allowed in this tempurl",
    ]);
    expect(swift.calls).toEqual(['HEAD /v1/a', 'HEAD /v1/a/c']);
  });

  test('/info tells what is allowed; deprecated digests are told and warned about', async () => {
    const host = fakeHost();
    await load(filterFactory, { allowed_digests: 'sha256 sha1', methods: 'GET' }, app(), host);
    expect(host.info.get()['tempurl']).toEqual({
      methods: ['GET'],
      incoming_remove_headers: ['x-timestamp'],
      incoming_allow_headers: [],
      outgoing_remove_headers: ['x-object-meta-*'],
      outgoing_allow_headers: ['x-object-meta-public-*'],
      allowed_digests: ['sha1', 'sha256'],
      deprecated_digests: ['sha1'],
    });
    expect(Object.keys(confSpec)).toContain('path_prefix');
  });
});

test('addresses in ranges, and what is no range', () => {
  const inside: [string, string][] = [
    ['10.1.2.3', '10.0.0.0/8'],
    ['10.1.2.3', '10.1.2.3'],
    ['10.1.2.3', '10.0.0.0/255.0.0.0'],
    ['10.1.2.3', '10.0.0.0/0.255.255.255'],
    ['10.1.2.3', '0.0.0.0/0'],
    ['2001:db8::5', '2001:db8::/32'],
    ['::ffff:10.1.2.3', '::ffff:10.0.0.0/104'],
    ['fe80::1%eth0', 'fe80::/10'],
  ];
  for (const [client, range] of inside) expect(isInAddressRange(client, range), range).toBe(true);
  const outside = [
    '10.0.0.0/16',
    '10.1.2.4',
    '10.1.2.3/8',
    '::/0',
    '10.0.0.0/33',
    '10.0.0.0/8/8',
    '10.0.0.0/',
    '10.0.0.0/1.0.1.0',
    '',
    'x',
  ];
  for (const range of outside) expect(isInAddressRange('10.1.2.3', range), range).toBe(false);
  expect(isInAddressRange('', '0.0.0.0/0')).toBe(false);
});

test('times as numbers and in ISO 8601', () => {
  expect(parseExpiry(' +1_000 ')).toBe(1000n);
  expect(parseExpiry('2033-05-18T03:33:19Z')).toBe(1_999_999_999n);
  expect(parseExpiry('2033-5-18t3:33:19z')).toBe(1_999_999_999n);
  for (const none of ['', 'x', '1.5', '2033-02-30T00:00:00Z', '0000-01-01T00:00:00Z', '2033-05-18T03:33:19']) {
    expect(parseExpiry(none), none).toBeUndefined();
  }
  expect(expiresHeader(10n ** 20n)).toBeUndefined();
});
