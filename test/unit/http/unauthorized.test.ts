import { expect, test } from 'vitest';
import { unauthorizedResponse } from '../../../src/http/unauthorized.ts';
import { request } from '../../../src/testing.ts';

test('the realm is the account of the path, percent-encoded', () => {
  const res = unauthorizedResponse(request('GET', '/v1/AUTH_a%22b/c'));
  expect([res.status, res.headers.get('www-authenticate')]).toEqual([401, 'Swift realm="AUTH_a%22b"']);
});

test('a realm that is given is written as it is, but for bytes that no header may hold', () => {
  const res = unauthorizedResponse(request('GET', '/'), 'AUTH_a b\0\r\n\x7f');
  expect(res.headers.get('www-authenticate')).toBe('Swift realm="AUTH_a b%00%0D%0A%7F"');
});
