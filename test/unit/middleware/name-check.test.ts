import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { filterFactory } from '../../../src/middleware/name-check.ts';
import { pythonRegExp } from '../../../src/middleware/name-check/python-regexp.ts';
import { assertNoLeaks, fakeHost, fakeSwift, load, request, text } from '../../../src/testing.ts';

afterEach(() => assertNoLeaks());

async function answer(path: string, options: Record<string, string> = {}): Promise<[number, string]> {
  const filter = await load(filterFactory, options, fakeSwift({ [`GET ${path}`]: [200, 'passed'] }));
  const res = await filter(request('GET', path));
  return [res.status, await text(res)];
}

const PASSED = [200, 'passed'];

describe('characters', () => {
  test.each(["'", '"', '%60', '%3C', '>'])('%s is refused by default, and told with the others', async (character) => {
    const reason = 'Object/Container/Account name contains forbidden chars from \'"`<>';
    expect(await answer(`/v1/a/c/x${character}y`)).toEqual([400, reason]);
  });

  test('the query is not looked at, nor what is encoded twice', async () => {
    expect(await answer('/v1/a/c/o?x="')).toEqual(PASSED);
    expect(await answer('/v1/a/c/%2522')).toEqual(PASSED);
  });

  test('the config chooses them', async () => {
    expect(await answer('/v1/a/c/"', { forbidden_chars: ';' })).toEqual(PASSED);
    expect((await answer('/v1/a/c/;', { forbidden_chars: ';' }))[0]).toBe(400);
    expect(await answer('/v1/a/c/"', { forbidden_chars: '' })).toEqual(PASSED);
  });
});

describe('length', () => {
  test('is that of the whole path in bytes, not percent-encoded', async () => {
    const reason = 'Object/Container/Account name longer than the allowed maximum 255';
    expect(await answer(`/v1/a/c/${'x'.repeat(247)}`)).toEqual(PASSED);
    expect(await answer(`/v1/a/c/${'x'.repeat(248)}`)).toEqual([400, reason]);
    expect(await answer(`/v1/a/c/x${'%C3%A9'.repeat(123)}`)).toEqual(PASSED);
    expect(await answer(`/v1/a/c/${'%C3%A9'.repeat(124)}`)).toEqual([400, reason]);
  });

  test('is limited by the config', async () => {
    expect((await answer('/v1/a/c/o', { maximum_length: '8' }))[1]).toBe(
      'Object/Container/Account name longer than the allowed maximum 8',
    );
    await expect(answer('/v1/a', { maximum_length: 'long' })).rejects.toThrow('maximum_length');
  });
});

describe('parts', () => {
  test.each(['/v1/a/c/./o', '/v1/a/c/../o', '/v1/a/c/.', '/v1/a/c/..', '/v1/a/%2E%2E/o', '/v1/a/c/.%0A'])(
    '%s is refused by default',
    async (path) => {
      const reason =
        'Object/Container/Account name contains a forbidden substring from regular expression /\\./|/\\.\\./|/\\.$|/\\.\\.$';
      expect(await answer(path)).toEqual([400, reason]);
    },
  );

  test.each(['/v1/a/c/...', '/v1/a/c/.x', '/v1/a/c/x.'])('%s passes by default', async (path) => {
    expect(await answer(path)).toEqual(PASSED);
  });

  test('are those of the config, if there are any', async () => {
    expect(await answer('/v1/a/c/..', { forbidden_regexp: '' })).toEqual(PASSED);
    expect((await answer('/v1/a/c/HIDDEN', { forbidden_regexp: '(?i)hidden$' }))[0]).toBe(400);
    expect((await answer('/v1/a/c/%C3%A9', { forbidden_regexp: '\\xc3' }))[0]).toBe(400);
  });

  test('of an expression that cannot be are told at start', async () => {
    await expect(answer('/v1/a', { forbidden_regexp: 'a(b' })).rejects.toThrow(
      'forbidden_regexp: expected a regular expression of Python (missing ), at character 3), not "a(b"',
    );
  });
});

test('/info tells what is checked', async () => {
  const host = fakeHost();
  await load(filterFactory, { maximum_length: '9', forbidden_regexp: 'x' }, fakeSwift(), host);
  expect(host.info.get()).toEqual({
    name_check: { forbidden_chars: '\'"`<>', maximum_length: 9, forbidden_regexp: 'x' },
  });
});

interface Golden {
  texts: string[];
  /** Indexes of the texts in which Python found the pattern; null: Python refused it. */
  patterns: { pattern: string; found: number[] | null }[];
}

describe('an expression of Python', () => {
  const golden = JSON.parse(
    readFileSync(new URL('../../golden/python-regexps.json', import.meta.url), 'utf8'),
  ) as Golden;

  test.each(golden.patterns.filter(({ found }) => found !== null))('$pattern finds what Python finds', (one) => {
    const regExp = pythonRegExp(one.pattern);
    expect(golden.texts.flatMap((each, at) => (regExp.test(each) ? [at] : []))).toEqual(one.found);
  });

  test.each(golden.patterns.filter(({ found }) => found === null))(
    '$pattern is refused, as by Python',
    ({ pattern }) => {
      expect(() => pythonRegExp(pattern)).toThrow('expected a regular expression of Python');
    },
  );

  test.each([
    ['(a)?b\\1', 'a reference back to a group that may not have matched is not supported'],
    ['(?:(a)|b)\\1', 'a reference back to a group that may not have matched is not supported'],
    ['(a)(?(1)b|c)', 'conditions are not supported'],
    ['\\N{DASH}', '\\N is not supported'],
    ['(?a)b', 'unknown extension, or flags that are not at the start'],
  ])('%s is told to be beyond JavaScript', (pattern, reason) => {
    expect(() => pythonRegExp(pattern)).toThrow(reason);
  });

  test('of any characters is understood or refused, never mistaken for another fault', () => {
    const syntax = fc.constantFrom(...'ab1(?P<n>:=!)[^]-{,}*+.|$\\#ixw '.split(''));
    fc.assert(
      fc.property(fc.string({ unit: syntax, maxLength: 14 }), (pattern) => {
        try {
          return pythonRegExp(pattern) instanceof RegExp;
        } catch (error) {
          return (error as Error).message.startsWith('expected a regular expression of Python (');
        }
      }),
      { numRuns: 3000 },
    );
  });
});
