import { expect, test } from 'vitest';
import { ByteInput } from '../../../src/http/byte-input.ts';
import { DEFAULT_HEAD_LIMITS, type HeadParser } from '../../../src/http/head-parser.ts';
import { RequestHeadParser } from '../../../src/http/request-head.ts';
import { ResponseHeadParser } from '../../../src/http/response-head.ts';

function parse<Head>(parser: HeadParser<Head>, text: string): Head | undefined {
  const input = new ByteInput();
  input.push(Buffer.from(text, 'latin1'));
  return parser.poll(input);
}

const asked = (line: string): string => `GET / HTTP/1.1\r\n${line}\r\n\r\n`;
const answered = (line: string): string => `HTTP/1.1 200 OK\r\n${line}\r\n\r\n`;

test('a name with a blank that a storage node may send is refused of clients and other servers even after it came', () => {
  const head = parse(new ResponseHeadParser(DEFAULT_HEAD_LIMITS, true), answered('X-Known Name: 1'));
  expect(head?.headers.get('x-known name')).toBe('1');
  expect(() => parse(new ResponseHeadParser(DEFAULT_HEAD_LIMITS), answered('X-Known Name: 1'))).toThrow('header name');
  expect(() => parse(new RequestHeadParser(DEFAULT_HEAD_LIMITS), asked('X-Known Name: 1'))).toThrow('header name');
});

test('a name with an underscore is kept with a hyphen each time it comes, and as it is in an answer', () => {
  const parser = new RequestHeadParser(DEFAULT_HEAD_LIMITS);
  for (let time = 0; time < 2; time++) {
    expect(parse(parser, asked('X_Known_Twice: 1'))?.headers.get('x-known-twice')).toBe('1');
  }
  const answer = parse(new ResponseHeadParser(DEFAULT_HEAD_LIMITS), answered('X_Known_Twice: 1'));
  expect(answer?.headers.get('x_known_twice')).toBe('1');
});

test('a name that is refused is refused each time it comes', () => {
  for (let time = 0; time < 2; time++) {
    const parser = new RequestHeadParser(DEFAULT_HEAD_LIMITS);
    expect(() => parse(parser, asked('Content_Length: 1'))).toThrow('header name');
  }
});
