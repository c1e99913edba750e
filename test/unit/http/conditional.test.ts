import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { Timestamp } from '../../../src/common/timestamp.ts';
import { conditionalResponse, evaluateConditions, type Entity } from '../../../src/http/conditional.ts';
import { Headers } from '../../../src/http/headers.ts';
import { parseHttpDate } from '../../../src/http/http-date.ts';

const file = new URL('../../golden/http/conditions.json', import.meta.url);
const lastModified = new Timestamp(179535277034107); // 13:06:10.34107, so 13:06:11 as a date
const entity: Entity = { etag: 'abc', lastModified, contentLength: 5, contentType: 'a/b' };

test('conditions come out as OpenStack Swift answered the same headers', () => {
  const vectors = JSON.parse(readFileSync(file, 'utf8')) as [Record<string, string>, number, number][];
  for (const [headers, status, wanted] of vectors) {
    const subject = status === 200 ? { exists: true, etag: 'abc', lastModified } : { exists: false };
    expect([headers, status, evaluateConditions(new Headers(headers), subject) ?? status]).toEqual([
      headers,
      status,
      wanted,
    ]);
  }
});

function answer(method: string, request: Record<string, string>, of: Entity = entity): [number, string, object] {
  const headers = new Headers({ 'content-type': of.contentType, 'x-foo': '1' });
  const decided = conditionalResponse({ method, headers: new Headers(request) }, of, headers);
  return [decided.status, decided.kind, Object.fromEntries(headers)];
}

test('quotes are taken off a tag in pairs only', () => {
  const subject = { exists: true, etag: 'abc' };
  const matches = (tag: string): boolean => evaluateConditions(new Headers({ 'if-match': tag }), subject) === null;
  expect(['abc', '"abc"', ' "abc" ', 'x, "abc"', '"*"', '*'].filter((tag) => !matches(tag))).toEqual([]);
  expect(['"abc', 'abc"', '"x,abc"', '""abc""', '', '"'].filter(matches)).toEqual([]);
  expect(evaluateConditions(new Headers({ 'if-match': '"*"' }), { exists: false })).toBe(412);
});

test('a 304 has no body and keeps the headers of the object', () => {
  const headers = { 'content-type': 'a/b', 'x-foo': '1', 'content-length': '0' };
  expect(answer('GET', { 'if-none-match': 'abc', range: 'bytes=0-1' })).toEqual([304, 'none', headers]);
});

test('one range is a 206 with Content-Range', () => {
  const headers = { 'content-type': 'a/b', 'x-foo': '1', 'content-length': '2', 'content-range': 'bytes 1-2/5' };
  expect(answer('GET', { range: 'bytes=1-2' })).toEqual([206, 'range', headers]);
});

test('a range behind the end is a 416 with a page, the object keeping its type', () => {
  const headers = { 'content-type': 'a/b', 'x-foo': '1', 'content-length': '97', 'content-range': 'bytes */5' };
  expect(answer('GET', { range: 'bytes=9-' })).toEqual([416, 'unsatisfiable', headers]);
});

test('HEAD ignores ranges', () => {
  const headers = { 'content-type': 'a/b', 'x-foo': '1', 'content-length': '5' };
  expect(answer('HEAD', { range: 'bytes=9-' })).toEqual([200, 'whole', headers]);
});

test('a suffix of an empty object is the whole of it, any other range is a 416', () => {
  const empty = { ...entity, contentLength: 0 };
  expect(answer('GET', { range: 'bytes=-5' }, empty)[0]).toBe(200);
  expect(answer('GET', { range: 'bytes=0-' }, empty)[0]).toBe(416);
});

test('dates that do not exist are no dates', () => {
  expect(parseHttpDate('Sun, 22 Nov 2026 25:06:11 GMT')).toBeUndefined();
  expect(parseHttpDate('Sun, 22 Foo 2026 13:06:11 GMT')).toBeUndefined();
  expect(parseHttpDate('Sun, 22 Nov 2026 15:06:11 +0200')).toBe(1795352771);
});
