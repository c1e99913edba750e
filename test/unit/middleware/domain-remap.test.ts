import { afterEach, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/domain-remap.ts';
import { splitHostHeader } from '../../../src/common/storage-domain.ts';
import { SwiftResponse } from '../../../src/middleware-api.ts';
import { assertNoLeaks, fakeHost, fakeSwift, load, request, text } from '../../../src/testing.ts';

afterEach(() => assertNoLeaks());

/** Path that the rest of the pipeline sees, or the status of the refusal. */
async function remapped(host: string, target: string, options: Record<string, string> = {}): Promise<string | number> {
  let seen = '';
  const filter = await load(filterFactory, options, (req) => {
    seen = req.target;
    return Promise.resolve(new SwiftResponse(204));
  });
  const res = await filter(request('GET', target, { host }));
  return res.status === 204 ? seen : res.status;
}

test.each([
  ['c.AUTH_test.example.com', '/o', '/v1/AUTH_test/c/o'],
  ['c.auth-te-st.example.com:8080', '/a%20b/%C3%A9?x=1', '/v1/AUTH_te-st/c/a%20b/%C3%A9?x=1'],
  ['AUTH_test.example.com', '/c/o', '/v1/AUTH_test/c/o'],
  ['AUTH_test.example.com', '/', '/v1/AUTH_test/'],
  ['c.AUTH_test.example.com', '/v1/o', '/v1/AUTH_test/c/v1/o'],
  ['c.other.example.com', '/o', '/o'],
  ['example.com', '/v1/AUTH_test/c', '/v1/AUTH_test/c'],
  ['c.AUTH_test.example.org', '/o', '/o'],
  ['a.c.AUTH_test.example.com', '/o', 400],
])('%s%s', async (host, target, expected) => {
  expect(await remapped(host, target)).toBe(expected);
});

test('prefixes, domains and the root of paths are the operator’s', async () => {
  const options = {
    storage_domain: '.one.org, two.org',
    path_root: '/v1.0/',
    reseller_prefixes: 'SERVICE',
    default_reseller_prefix: 'AUTH',
    mangle_client_paths: 'true',
  };
  expect(await remapped('c.test.one.org', '/o', options)).toBe('/v1.0/AUTH_test/c/o');
  expect(await remapped('c.service-test.two.org', '/v1.0/o', options)).toBe('/v1.0/SERVICE_test/c/o');
  expect(await remapped('c.test.two.org', '/v1.0', options)).toBe('/v1.0/AUTH_test/c/');
  expect(await remapped('c.test.two.org', '/o', { storage_domain: '' })).toBe('/o');
  expect(await remapped('c.test.two.org', '/o', { storage_domain: 'two.org', reseller_prefixes: '' })).toBe(
    '/v1/test/c/o',
  );
});

test('places in answers are told under the domain that was asked', async () => {
  const swift = fakeSwift({
    'GET /v1/AUTH_test/c/a%20b': [
      301,
      { location: 'http://h/v1/AUTH_test/c/a%20b/', 'content-location': '/v1/AUTH_x' },
    ],
  });
  const res = await (
    await load(filterFactory, {}, swift)
  )(request('GET', '/a%20b', { host: 'c.AUTH_test.example.com' }));
  expect([res.headers.get('location'), res.headers.get('content-location')]).toEqual(['http://h/a%20b/', '/v1/AUTH_x']);
});

test('a bad domain is refused in plain words, and /info tells the default prefix', async () => {
  const host = fakeHost();
  const filter = await load(filterFactory, {}, fakeSwift(), host);
  const res = await filter(request('GET', '/', { host: 'a.b.c.example.com' }));
  expect([res.headers.get('content-type'), await text(res)]).toEqual(['text/plain', 'Bad domain in host header']);
  expect(host.info.get()['domain_remap']).toEqual({ default_reseller_prefix: null });
});

test('a Host header is split into host and port', () => {
  expect(splitHostHeader('h:1')).toEqual({ host: 'h', port: '1' });
  expect(splitHostHeader('[::1]:1')).toEqual({ host: '[::1]', port: '1' });
  expect(splitHostHeader('[::1]')).toEqual({ host: '[::1]', port: undefined });
  expect(splitHostHeader('h')).toEqual({ host: 'h', port: undefined });
});
