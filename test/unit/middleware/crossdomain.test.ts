import { expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/crossdomain.ts';
import { exchange, titled } from './small-filters.ts';

const HEAD =
  '<?xml version="1.0"?>\n' +
  '<!DOCTYPE cross-domain-policy SYSTEM "http://www.adobe.com/xml/dtds/cross-domain-policy.dtd" >\n' +
  '<cross-domain-policy>\n';

test('the default policy lets everybody in', async () => {
  const { res, registered } = await exchange(filterFactory, '/crossdomain.xml');
  expect([res.status, titled(res)]).toEqual([200, { 'Content-Type': 'application/xml', 'Content-Length': '209' }]);
  expect(await res.text()).toBe(`${HEAD}<allow-access-from domain="*" secure="false" />\n</cross-domain-policy>`);
  expect(registered).toEqual({ crossdomain: {} });
});

test('a policy of several lines is given out as it stands, in UTF-8', async () => {
  const policy = '<allow-access-from domain="xml" secure="false" />\n<allow-access-from domain="ö" />';
  const { res } = await exchange(filterFactory, '/crossdomain.xml?a', { conf: { cross_domain_policy: policy } });
  expect(res.headers.get('content-length')).toBe('245');
  expect(await res.text()).toBe(`${HEAD}${policy}\n</cross-domain-policy>`);
});

test('an empty policy is an empty line', async () => {
  const { res } = await exchange(filterFactory, '/crossdomain.xml', { conf: { cross_domain_policy: '' } });
  expect(await res.text()).toBe(`${HEAD}\n</cross-domain-policy>`);
});

test('only GET of exactly that path is answered', async () => {
  for (const method of ['HEAD', 'PUT', 'OPTIONS']) {
    expect((await exchange(filterFactory, '/crossdomain.xml', { method })).seen, method).toBeDefined();
  }
  expect((await exchange(filterFactory, '/crossdomain.xml/')).seen).toBeDefined();
});
