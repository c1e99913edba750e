import fc from 'fast-check';
import { expect, test } from 'vitest';
import { matchesPathPattern } from '../../../../src/middleware/authtoken/path-pattern.ts';

/** What the pattern says, as a regular expression: right, but slow for some patterns. */
function expression(pattern: string): RegExp {
  const source = pattern.replace(/\*\*|\*|[^*]/g, (part) =>
    part === '**' ? '[^]*' : part === '*' ? '[^/]+' : part === '.' ? '\\.' : part,
  );
  return new RegExp(`^${source}$`);
}

test('literal text, segments and anything match as a regular expression would have it', () => {
  const pattern = fc.string({ unit: fc.constantFrom('/', 'a', 'b', '.', '*', '**'), maxLength: 9 });
  const path = fc.string({ unit: fc.constantFrom('/', 'a', 'b', '.'), maxLength: 9 });
  fc.assert(
    fc.property(pattern, path, (p, text) => {
      expect(matchesPathPattern(p, text)).toBe(expression(p).test(text));
    }),
    { numRuns: 1000 },
  );
});

test('a name in braces stands for one segment, and a brace alone for nothing', () => {
  expect(matchesPathPattern('/v1/{account}/{c}', '/v1/AUTH_a/c')).toBe(true);
  expect(matchesPathPattern('/v1/{account}/{c}', '/v1/AUTH_a/c/o')).toBe(false);
  expect(matchesPathPattern('/v1/{account}', '/v1/')).toBe(false);
  expect(matchesPathPattern('/v1}/a{', '/v1/a')).toBe(true);
});

test('no pattern takes long, however often it says anything', () => {
  const began = performance.now();
  expect(matchesPathPattern(`/v1/${'**a'.repeat(40)}b`, `/v1/${'a'.repeat(8000)}`)).toBe(false);
  expect(matchesPathPattern(`/v1/${'*a'.repeat(60)}b`, `/v1/${'a'.repeat(8000)}`)).toBe(false);
  expect(performance.now() - began).toBeLessThan(2000);
});
