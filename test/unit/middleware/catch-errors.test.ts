import { expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/catch-errors.ts';
import { HttpError, SwiftResponse } from '../../../src/middleware-api.ts';
import { exchange, titled } from './small-filters.ts';

const NOW = 0x6b031a88;

/** What follows `tx`, 21 hex digits and the time. */
async function suffixOf(conf: Record<string, string>, headers: Record<string, string> = {}): Promise<string> {
  const { res, seen } = await exchange(filterFactory, '/v1/a', { conf, headers, now: NOW + 0.9 });
  const id = res.headers.get('x-trans-id') ?? '';
  expect(id).toMatch(/^tx[0-9a-f]{21}-006b031a88/);
  expect(seen?.env.transId).toBe(id);
  expect(res.headers.get('x-openstack-request-id')).toBe(id);
  return id.slice('tx'.length + 21 + '-006b031a88'.length);
}

test('a transaction id is made of random digits, the time, the suffix and what the client adds, quoted', async () => {
  expect(await suffixOf({})).toBe('');
  expect(await suffixOf({ trans_id_suffix: '-ab c/é' })).toBe('-ab%20c/%C3%A9');
  expect(await suffixOf({}, { 'x-trans-id-extra': 'a b/"c' })).toBe('-a%20b/%22c');
  expect(await suffixOf({}, { 'x-trans-id-extra': '' })).toBe('');
  expect(await suffixOf({ trans_id_suffix: '-s' }, { 'x-trans-id-extra': 'y' })).toBe('-s-y');
  expect(await suffixOf({}, { 'x-trans-id-extra': 'Ã©%Ã¿' })).toBe('-%C3%83%C2%A9%25%C3%83%C2%BF');
});

test('of what the client adds 32 characters count', async () => {
  expect(await suffixOf({}, { 'x-trans-id-extra': 'x'.repeat(40) })).toBe(`-${'x'.repeat(32)}`);
  expect(await suffixOf({}, { 'x-trans-id-extra': 'Ã©'.repeat(20) })).toBe(`-${'%C3%83%C2%A9'.repeat(16)}`);
});

test('a client cannot choose its transaction id, nor can the app', async () => {
  const { res } = await exchange(filterFactory, '/v1/a', {
    headers: { 'x-trans-id': 'mine' },
    app: () => Promise.resolve(new SwiftResponse(200, { 'x-trans-id': 'mine', 'x-openstack-request-id': 'mine' })),
  });
  expect(res.headers.get('x-trans-id')).toMatch(/^tx/);
  expect(res.headers.get('x-openstack-request-id')).toMatch(/^tx/);
});

test('two requests have different ids', async () => {
  const ids = await Promise.all([1, 2].map(async () => (await exchange(filterFactory, '/')).seen?.env.transId));
  expect(new Set(ids).size).toBe(2);
});

test('whatever is thrown becomes a 500 that tells nothing, and the log tells all', async () => {
  const { res, log } = await exchange(filterFactory, '/v1/a', { app: () => Promise.reject(new Error('secret')) });
  const { 'X-Trans-Id': id, 'X-Openstack-Request-Id': requestId, ...headers } = titled(res);
  expect(res.statusLine).toBe('500 Internal Error');
  expect(headers).toEqual({ 'Content-Type': 'text/plain', 'Content-Length': '17' });
  expect(await res.text()).toBe('An error occurred');
  expect(id).toMatch(/^tx/);
  expect(requestId).toBe(id);
  expect(log.lines).toEqual(['error Error: An error occurred Error: secret']);
});

test('a fault that is an answer is that answer, with the transaction id', async () => {
  const { res, log } = await exchange(filterFactory, '/v1/a', { app: () => Promise.reject(new HttpError(412, 'no')) });
  expect([res.status, await res.text(), log.lines]).toEqual([412, 'no', []]);
  expect(res.headers.has('x-trans-id')).toBe(true);
});
