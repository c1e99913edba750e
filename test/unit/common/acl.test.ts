import { describe, expect, test } from 'vitest';
import {
  AclError,
  cleanAcl,
  formatAccountAcl,
  isReferrerAllowed,
  parseAccountAcl,
  parseAcl,
} from '../../../src/common/acl.ts';

describe('recorded from Python Swift', () => {
  test.each([
    ['', ''],
    ['a,b , c:d', 'a,b,c:d'],
    ['.ref:*', '.r:*'],
    ['.referrer:*,.rlistings', '.r:*,.rlistings'],
    ['.r:*.example.com', '.r:.example.com'],
    ['.r: - example.com', '.r:-example.com'],
    ['.r:-*.example.com', '.r:-.example.com'],
    ['.r:*,.r:-thief.com', '.r:*,.r:-thief.com'],
    ['.r:http://x', '.r:http://x'],
    ['.r:*:80', '.r::80'],
    ['.r:-*', '.r:-*'],
    [',,a,,', 'a'],
    ['*:*', '*:*'],
  ])('the read ACL %j is kept as %j', (value, canonical) => {
    expect(cleanAcl('X-Container-Read', value)).toBe(canonical);
  });

  test.each([
    ['X-Container-Read', '.r:', "No host/domain value after referrer designation in ACL: '.r:'"],
    ['X-Container-Read', '.r:*.', "No host/domain value after referrer designation in ACL: '.r:*.'"],
    ['X-Container-Read', '.x:y', "Unknown designator '.x' in ACL: '.x:y'"],
    ['X-Container-Read', '.rlistings:x', "Unknown designator '.rlistings' in ACL: '.rlistings:x'"],
    ['X-Container-Write', '.r:*', "Referrers not allowed in write ACL: '.r:*'"],
    ['X-Container-Write', 'a:b , .r:* ', "Referrers not allowed in write ACL: '.r:*'"],
  ])('%s: %s is refused: %s', (name, value, message) => {
    expect(() => cleanAcl(name, value)).toThrow(new AclError(message));
  });

  test('referrers and groups are told apart', () => {
    expect(parseAcl('.r:*,.rlistings,a:b')).toEqual({ referrers: ['*'], groups: ['.rlistings', 'a:b'] });
    expect(parseAcl(null)).toEqual({ referrers: [], groups: [] });
    expect(parseAcl('p%3Au,ฒ,%E0%B8%92%2C,%zz,.r:%41').groups).toEqual(['p:u', 'ฒ', 'ฒ,', '%zz']);
  });

  test.each([
    [undefined, ['*'], true],
    ['', ['.example.com'], false],
    ['http://a.example.com/x', ['.example.com'], true],
    ['http://a.example.com/x', ['example.com'], false],
    ['http://a.example.com/x', ['*', '-.example.com'], false],
    ['http://example.com', ['.example.com'], false],
    ['https://u:p@thief.com:80/', ['*', '-thief.com'], false],
    ['https://u:p@thief.com:80/', ['*', '-.example.com'], true],
    ['garbage', ['*'], true],
    ['garbage', ['example.com'], false],
    ['//example.com/x', ['example.com'], true],
    ['http://[::1]:80/', ['*'], true],
    ['http://EXAMPLE.com/', ['example.com'], true],
    ['http://example.com', [], false],
  ])('the referrer %s against %j: %s', (referrer, referrers, allowed) => {
    expect(isReferrerAllowed(referrer, referrers)).toBe(allowed);
  });

  test('account ACLs are JSON objects, shown in ASCII', () => {
    expect(['', '{}', '{"admin":["a"]}', '[]', '{bad', '"x"', '1'].map(parseAccountAcl)).toEqual([
      {},
      {},
      { admin: ['a'] },
      null,
      null,
      null,
      null,
    ]);
    expect(formatAccountAcl({ admin: ['b', 'a'], x: ['é'] })).toBe('{"admin":["b","a"],"x":["\\u00e9"]}');
  });
});
