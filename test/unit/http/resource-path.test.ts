import { expect, test } from 'vitest';
import fc from 'fast-check';
import { resourcePathOf } from '../../../src/http/resource-path.ts';

test.each([
  ['/v1/a', ['v1', 'a', '', '']],
  ['/v1/a/', ['v1', 'a', '', '']],
  ['/v1/a/c', ['v1', 'a', 'c', '']],
  ['/v1/a/c/', ['v1', 'a', 'c', '']],
  ['/v1/a/c/o', ['v1', 'a', 'c', 'o']],
  ['/v1/a/c/o/', ['v1', 'a', 'c', 'o/']],
  ['/v1/a/c//', ['v1', 'a', 'c', '/']],
  ['/v1/a/c//o/../x', ['v1', 'a', 'c', '/o/../x']],
])('%s names %j', (path, [version, account, container, object]) => {
  expect(resourcePathOf(path)).toEqual({ version, account, container, object });
});

test.each(['', '/', '//', 'v1/a', '/v1', '/v1/', '/v1//', '/v1//c', '/v1//c/o', '/v1/a//', '/v1/a//o', '//a/c', '*'])(
  '%j names nothing',
  (path) => {
    expect(resourcePathOf(path)).toBeUndefined();
  },
);

test('whatever is put together is taken apart again', () => {
  const name = fc.string({ minLength: 1 }).map((text) => text.replaceAll('/', '_'));
  fc.assert(
    fc.property(name, name, name, fc.string(), (version, account, container, object) => {
      const path = `/${version}/${account}/${container}/${object}`;
      expect(resourcePathOf(path)).toEqual({ version, account, container, object });
    }),
  );
});
