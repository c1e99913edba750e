import { expect, test } from 'vitest';
import { listingContentType } from '../../../src/http/listing-content-type.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { HttpError } from '../../../src/http/response.ts';
import { silentLog } from './silent-log.ts';

function negotiate(accept: string | undefined, query = ''): string | number {
  const req = new SwiftRequest({
    method: 'GET',
    target: `/sdb1/1/a/c${query}`,
    headers: accept === undefined ? {} : { accept },
    log: silentLog,
  });
  try {
    return listingContentType(req);
  } catch (error) {
    if (error instanceof HttpError) return error.status;
    throw error;
  }
}

// Recorded from Python Swift's container server.
const recorded: [string, string | number][] = [
  ['application/json,text/plain', 'application/json'],
  ['text/xml,application/xml', 'text/xml'],
  ['text/plain;q=0,application/json;q=0', 'text/plain'],
  ['text/plain;q=0.5,application/json;q=0.5', 'text/plain'],
  ['text/plain;q=0,*/*', 'text/plain'],
  ['*/*;q=0.5,text/xml;q=0.5', 'text/xml'],
  ['*/*', 'text/plain'],
  ['text/*', 'text/plain'],
  ['application/*', 'application/json'],
  ['*', 400],
  ['*/xml', 'application/xml'],
  ['text/*;q=0.3,text/xml;q=0.2', 'text/plain'],
  ['application/*, text/xml', 'text/xml'],
  ['text/plain ; q=0.5', 'text/plain'],
  ['text/plain;q="0.5"', 400],
  ['text/plain;foo=bar', 'text/plain'],
  ['TEXT/PLAIN', 406],
  ['text/plain,', 400],
  [',text/plain', 400],
  ['text/plain;', 400],
  ['text/plain;q=', 400],
  ['text/plain;q', 400],
  ['text/plain;q=-1', 'text/plain'],
  ['text/plain;q=1e-1,text/xml;q=0.2', 'text/xml'],
  ['text/plain q=1', 400],
  ['text/xml;q=0.5,application/json;q=0.5', 'text/xml'],
  ['text/xml,*/*', 'text/xml'],
  ['application/xml;q=0.9,*/*;q=0.9', 'application/xml'],
  ['image/png,*/*;q=0', 'text/plain'],
  ['image/png', 406],
  ['text/html', 406],
  ['text/plain;q=.5,text/xml;q=0.6', 'text/xml'],
  ['text/plain;q= 0.4,text/xml;q=0.45', 'text/xml'],
  ['a/b/c', 400],
  ['junk', 400],
  ['application/json; q=abc', 400],
  ['application/xml;charset=utf-8', 'application/xml'],
  ['text/plain;q=1;x=2,application/json', 'text/plain'],
  ['application/json;q=2', 'application/json'],
  ['application/json;q=0.1;q=0.9,text/xml;q=0.5', 400],
  ['text/plain; charset="a,b", application/json', 400],
  ['', 'text/plain'],
];

test.each(recorded)('Accept: %s gives %s', (accept, expected) => {
  expect(negotiate(accept)).toBe(expected);
});

test('a listing is plain text when nothing is asked for', () => {
  expect(negotiate(undefined)).toBe('text/plain');
});

test.each([
  ['json', 'application/json'],
  ['JSON', 'application/json'],
  ['xml', 'application/xml'],
  ['plain', 'text/plain'],
  ['junk', 'text/plain'],
])('format=%s wins over Accept and gives %s', (format, expected) => {
  expect(negotiate('image/png', `?format=${format}`)).toBe(expected);
});

test('an empty format asks for nothing', () => {
  expect(negotiate('text/xml', '?format=')).toBe('text/xml');
});
