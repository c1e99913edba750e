import { describe, expect, test } from 'vitest';
import { DEFAULT_CONSTRAINTS } from '../../../src/common/constraints.ts';
import { Headers } from '../../../src/http/headers.ts';
import {
  checkDeleteHeaders,
  checkMetadata,
  checkObjectCreation,
  messageLength,
} from '../../../src/http/metadata-limits.ts';
import { HttpError } from '../../../src/http/response.ts';

const PUT = { 'content-length': '0', 'content-type': 'a/b' };
const NOW = 1_700_000_000;

function refusal(headers: Record<string, string>, object = 'o'): [number, string] | undefined {
  const fault = checkObjectCreation(new Headers({ ...PUT, ...headers }), object, DEFAULT_CONSTRAINTS, NOW);
  return fault && [fault.status, fault.text ?? ''];
}

const many = (count: number, value: string): Record<string, string> =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`x-object-meta-foo${at}`, value]));

describe('a PUT of an object is refused with the text that Swift gives', () => {
  test.each([
    ['metadata without a name', { 'x-object-meta-': 'x' }, 400, 'Metadata name cannot be empty'],
    [
      'a name of 129 bytes',
      { [`x-object-meta-${'a'.repeat(129)}`]: 'x' },
      400,
      `Metadata name too long: x-object-meta-A${'a'.repeat(128)}`,
    ],
    [
      'a value of 257 bytes',
      { 'x-object-meta-foo': 'x'.repeat(257) },
      400,
      'Metadata value longer than 256: x-object-meta-Foo',
    ],
    ['91 items', many(91, 'x'), 400, 'Too many metadata items; max 90'],
    ['more than 4096 bytes altogether', many(20, 'x'.repeat(250)), 400, 'Total metadata too large; max 4096'],
    ['a header of more than 8192 bytes', { 'x-foo': 'x'.repeat(8193) }, 400, 'Header value too long: X-Foo'],
    ['a body above the limit', { 'content-length': '5368709123' }, 413, 'Your request is too large.'],
    ['a content type that is not UTF-8', { 'content-type': '\xff' }, 400, 'Invalid Content-Type'],
    ['an empty content type', { 'content-type': '' }, 400, 'Invalid Content-Type'],
    ['X-Delete-At with a fraction', { 'x-delete-at': '1.5' }, 400, 'Non-integer X-Delete-At'],
    ['X-Delete-At in the past', { 'x-delete-at': '1600000000' }, 400, 'X-Delete-At in past'],
    ['X-Delete-After with letters', { 'x-delete-after': 'x' }, 400, 'Non-integer X-Delete-After'],
    ['X-Delete-After below zero', { 'x-delete-after': '-1' }, 400, 'X-Delete-After in past'],
    ['an encoding it does not know', { 'transfer-encoding': 'gzip' }, 400, 'Invalid Transfer-Encoding header value'],
    [
      'two encodings',
      { 'transfer-encoding': 'gzip, chunked' },
      501,
      'Unsupported Transfer-Coding header value specified in Transfer-Encoding header',
    ],
  ])('%s', (_, headers, status, text) => {
    expect(refusal(headers)).toEqual([status, text]);
  });

  test('a name of 1025 characters, however many bytes they take', () => {
    expect(refusal({}, `${'é'.repeat(512)}${'🐦'.repeat(513)}`)).toEqual([
      400,
      'Object name length of 1025 longer than 1024',
    ]);
    expect(refusal({}, `${'é'.repeat(512)}${'🐦'.repeat(512)}`)).toBeUndefined();
  });

  test('neither length nor chunked', () => {
    const fault = checkObjectCreation(new Headers({ 'content-type': 'a/b' }), 'o', DEFAULT_CONSTRAINTS, NOW);
    expect([fault?.status, fault?.text]).toEqual([411, 'Missing Content-Length header.']);
  });
});

test('refusals are text/plain without a charset', async () => {
  const response = (checkDeleteHeaders(new Headers({ 'x-delete-at': 'x' }), NOW) as HttpError).toResponse();
  expect(response.headers.get('content-type')).toBe('text/plain');
  expect(await response.text()).toBe('Non-integer X-Delete-At');
});

test('metadata at the limits passes', () => {
  expect(refusal({ ...many(15, 'x'.repeat(256)), [`x-object-meta-${'b'.repeat(128)}`]: '1' })).toBeUndefined();
  expect(refusal(many(90, '1'))).toBeUndefined();
});

test('metadata of accounts and containers must be UTF-8, that of objects need not', () => {
  const check = (target: 'account' | 'container' | 'object'): string | undefined =>
    checkMetadata(new Headers({ [`x-${target}-meta-a`]: '\xff' }), target, DEFAULT_CONSTRAINTS)?.text;
  expect(check('account')).toBe('Metadata must be valid UTF-8');
  expect(check('container')).toBe('Metadata must be valid UTF-8');
  expect(check('object')).toBeUndefined();
});

test('X-Delete-After becomes X-Delete-At, counted from the time of the request', () => {
  const headers = new Headers({ 'x-delete-after': '60', 'x-delete-at': 'x' });
  expect(checkDeleteHeaders(headers, NOW + 0.5)).toBeUndefined();
  expect(headers.get('x-delete-at')).toBe('1700000060');
  expect(headers.has('x-delete-after')).toBe(false);
});

test('replication may write objects that have expired', () => {
  const headers = new Headers({ 'x-delete-at': '1600000000', 'x-backend-replication': 'True' });
  expect(checkDeleteHeaders(headers, NOW)).toBeUndefined();
});

test('the length of a message is that of Content-Length, none when it is chunked', () => {
  expect(messageLength(new Headers({ 'content-length': '12' }))).toBe(12);
  expect(messageLength(new Headers({ 'transfer-encoding': 'Chunked', 'content-length': '12' }))).toBeNull();
  expect(messageLength(new Headers())).toBeNull();
  expect(messageLength(new Headers({ 'content-length': '1e3' }))).toBeInstanceOf(HttpError);
});
