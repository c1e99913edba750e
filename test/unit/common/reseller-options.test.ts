import { expect, test } from 'vitest';
import { resellerOption, resellerPrefixes, resellerPrefixOf } from '../../../src/common/reseller-options.ts';

test.each([
  [undefined, ['AUTH_']],
  ['AUTH, SERVICE_', ['AUTH_', 'SERVICE_']],
  ["'', AUTH", ['', 'AUTH_']],
  ['AUTH,AUTH_,,AUTH', ['AUTH_']],
  ['', ['']],
  [' , ', ['']],
])('reseller_prefix = %s gives %j', (option, prefixes) => {
  expect(resellerPrefixes(option === undefined ? {} : { reseller_prefix: option })).toEqual(prefixes);
});

test("a prefix's own option comes before the common one, unless it is empty", () => {
  const conf = { roles: ' all ', AUTH_roles: 'auth', SERVICE_roles: '', "''roles": 'none' };
  expect(['AUTH_', 'SERVICE_', '', 'X_'].map((prefix) => resellerOption(conf, prefix, 'roles'))).toEqual([
    'auth',
    'all',
    'none',
    'all',
  ]);
  expect(resellerOption({}, 'AUTH_', 'roles')).toBeUndefined();
});

test('the first prefix listed that fits counts, the empty one after all others', () => {
  expect(resellerPrefixOf('AUTH_X_1', ['AUTH_', 'AUTH_X_'])).toBe('AUTH_');
  expect(resellerPrefixOf('AUTH_1', ['', 'AUTH_'])).toBe('AUTH_');
  expect(resellerPrefixOf('other', ['', 'AUTH_'])).toBe('');
  expect(resellerPrefixOf('other', ['AUTH_'])).toBeUndefined();
});
