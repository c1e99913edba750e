import { expect, test } from 'vitest';
import { ContentTypeGuesser } from '../../../src/http/content-type-guess.ts';

test.each([
  ['/v1/a/c/x.txt', 'text/plain'],
  ['/v1/a/c/x.WAV', 'audio/x-wav'],
  ['/v1/a/c/x.zip', 'application/zip'],
  ['/v1/a/c/x.tgz', 'application/x-tar'],
  ['/v1/a/c/x.svgz', 'image/svg+xml'],
  ['/v1/a/c/x.gz', undefined],
  ['/v1/a/c/x', undefined],
  ['/v1/a/c/.txt', undefined],
  ['/v1/a/c/..txt', undefined],
  ['/v1/a/c.txt/x', undefined],
  ['/v1/a/c/x.', undefined],
  ['/v1/a/c/x.constructor', undefined],
])('the end of %s means %s', (path, type) => {
  expect(new ContentTypeGuesser().guess(path)).toBe(type);
});

test('an operator adds types and changes them', () => {
  const guesser = new ContentTypeGuesser([
    '# comment\napplication/x-own own ow2 # more\ntext/x-changed txt\napplication/x-none',
  ]);
  expect(['a.own', 'a.ow2', 'a.txt', 'a.more'].map((path) => guesser.guess(path))).toEqual([
    'application/x-own',
    'application/x-own',
    'text/x-changed',
    undefined,
  ]);
});
