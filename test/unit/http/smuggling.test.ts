import { expect, test } from 'vitest';
import { readAll } from '../../../src/http/body.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { exchange, startServer, statuses } from './http-harness.ts';

const SECOND = 'GET /second HTTP/1.1\r\nHost: h\r\n\r\n';
const put = (headers: string, body: string): string => `PUT /first HTTP/1.1\r\nHost: h\r\n${headers}\r\n${body}`;
const get = (headers: string): string => `GET /first HTTP/1.1\r\nHost: h\r\n${headers}\r\n`;
const chunked = (body: string): string => put('Transfer-Encoding: chunked\r\n', body);

/** Refused at the head: no handler may see them. */
const heads: [string, string, number][] = [
  [
    'Content-Length with Transfer-Encoding',
    put('Content-Length: 3\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'),
    400,
  ],
  [
    'Transfer-Encoding with Content-Length',
    put('Transfer-Encoding: chunked\r\nContent-Length: 3\r\n', '0\r\n\r\n'),
    400,
  ],
  ['the same Content-Length twice', put('Content-Length: 3\r\nContent-Length: 3\r\n', 'abc'), 400],
  ['two Content-Lengths', put('Content-Length: 3\r\nContent-Length: 5\r\n', 'abc'), 400],
  ['a list of Content-Lengths', put('Content-Length: 3, 3\r\n', 'abc'), 400],
  ['a signed Content-Length', put('Content-Length: +3\r\n', 'abc'), 400],
  ['a negative Content-Length', put('Content-Length: -3\r\n', 'abc'), 400],
  ['a Content-Length in hex', put('Content-Length: 0x3\r\n', 'abc'), 400],
  ['a Content-Length with a fraction', put('Content-Length: 3.0\r\n', 'abc'), 400],
  ['a Content-Length with a blank inside', put('Content-Length: 1 0\r\n', 'abc'), 400],
  ['an empty Content-Length', put('Content-Length: \r\n', 'abc'), 400],
  ['a Content-Length beyond any number', put(`Content-Length: ${'9'.repeat(30)}\r\n`, 'abc'), 400],
  ['a Content-Length of digits that are not ASCII', put('Content-Length: \xb2\r\n', 'abc'), 400],
  ['a coding before chunked', put('Transfer-Encoding: gzip, chunked\r\n', '0\r\n\r\n'), 501],
  ['chunked before a coding', put('Transfer-Encoding: chunked, identity\r\n', '0\r\n\r\n'), 501],
  ['identity', put('Transfer-Encoding: identity\r\n', 'abc'), 501],
  ['an empty coding', put('Transfer-Encoding: \r\n', 'abc'), 501],
  ['chunked twice', put('Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n', '0\r\n\r\n'), 501],
  ['chunked in quotes', put('Transfer-Encoding: "chunked"\r\n', '0\r\n\r\n'), 501],
  ['chunked with a vertical tab', put('Transfer-Encoding: \x0bchunked\r\n', '0\r\n\r\n'), 501],
  ['chunked in HTTP/1.0', 'PUT /first HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
  ['lines that end in bare LF', 'GET /first HTTP/1.1\nHost: h\n\n', 400],
  ['a header that ends in bare LF', get('X: a\n'), 400],
  ['a bare LF before the empty line', 'GET /first HTTP/1.1\r\nHost: h\n\r\n', 400],
  ['a bare CR inside a value', get('X: a\rb\r\n'), 400],
  ['a bare CR before CR LF', get('X: a\r\r\n'), 400],
  ['a bare CR in the request line', 'GET /first\r HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a folded header', get('X: a\r\n b\r\n'), 400],
  ['a folded header with a tab', get('X: a\r\n\tb\r\n'), 400],
  ['a first header that is indented', 'GET /first HTTP/1.1\r\n Host: h\r\n\r\n', 400],
  ['a blank before the colon', put('Content-Length : 3\r\n', 'abc'), 400],
  ['a tab before the colon', put('Transfer-Encoding\t: chunked\r\n', '0\r\n\r\n'), 400],
  ['a header without a colon', get('Xabc\r\n'), 400],
  ['a header without a name', get(': abc\r\n'), 400],
  ['a blank inside a name', get('X Y: abc\r\n'), 400],
  ['a control byte in a name', get('X\x01Y: abc\r\n'), 400],
  ['NUL in a value', get('X: a\0b\r\n'), 400],
  ['NUL in a name', get('X\0: a\r\n'), 400],
  ['NUL in the target', 'GET /first\0 HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a Content-Length with an underscore', put('Content_Length: 3\r\n', 'abc'), 400],
  ['a Transfer-Encoding with an underscore', put('Transfer_Encoding: chunked\r\n', '0\r\n\r\n'), 400],
  ['two Hosts', get('Host: other\r\n'), 400],
  ['a blank before the request line', ' GET /first HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['empty lines before the request line', '\r\n\r\nGET /first HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['two blanks in the request line', 'GET  /first HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a blank in the target', 'GET /fi rst HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a blank behind the version', 'GET /first HTTP/1.1 \r\nHost: h\r\n\r\n', 400],
  ['tabs in the request line', 'GET\t/first\tHTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['no version', 'GET /first\r\nHost: h\r\n\r\n', 400],
  ['a version of another protocol', 'GET /first HTTX/1.1\r\nHost: h\r\n\r\n', 400],
  ['a version in lower case', 'GET /first http/1.1\r\nHost: h\r\n\r\n', 400],
  ['a version with more digits', 'GET /first HTTP/1.10\r\nHost: h\r\n\r\n', 400],
  ['HTTP/2.0', 'GET /first HTTP/2.0\r\nHost: h\r\n\r\n', 505],
  ['HTTP/1.2', 'GET /first HTTP/1.2\r\nHost: h\r\n\r\n', 505],
  ['the preface of HTTP/2', 'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n', 505],
  ['a method that is no token', 'G@T /first HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a method with a colon', 'GET: /first HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a target without a slash', 'GET first HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a target with a user', 'GET http://u@h/first HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a target without an authority', 'GET http:///first HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['an authority as the target', 'CONNECT h:443 HTTP/1.1\r\nHost: h\r\n\r\n', 400],
  ['a TLS handshake', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n', 400],
  ['a request line above the limit', `GET /${'a'.repeat(8192)} HTTP/1.1\r\nHost: h\r\n\r\n`, 414],
  ['a header line above the limit', get(`X: ${'a'.repeat(8192)}\r\n`), 400],
  ['too many headers', get(Array.from({ length: 125 }, (_, at) => `X-${at}: a\r\n`).join('')), 431],
  [
    'too many bytes of headers',
    get(Array.from({ length: 17 }, (_, at) => `X-${at}: ${'a'.repeat(4000)}\r\n`).join('')),
    400,
  ],
];

test.each(heads)('%s is refused and nothing behind it is read', async (_, raw, status) => {
  const seen: string[] = [];
  const server = await startServer((req) => {
    seen.push(req.target);
    return Promise.resolve(new SwiftResponse(200));
  });
  const answer = await exchange(server.port, raw + SECOND);
  expect(statuses(answer)).toEqual([status]);
  expect(answer).toMatch(/\r\nConnection: close\r\n/);
  expect(answer).toMatch(/\r\nContent-Type: text\/plain; charset=UTF-8\r\n/);
  const [head, body] = answer.split('\r\n\r\n') as [string, string];
  expect(head).toContain(`\r\nContent-Length: ${body.length}`);
  expect(seen).toEqual([]);
});

test('the longest lines, the most headers and the most bytes that Swift takes are taken, one more is not', async () => {
  const server = await startServer(() => Promise.resolve(new SwiftResponse(204)));
  const close = 'Connection: close\r\n';
  const target = (length: number): string => `GET /${'a'.repeat(length - 16)} HTTP/1.1\r\n${close}\r\n`;
  const line = (length: number): string => `GET / HTTP/1.1\r\n${close}X: ${'a'.repeat(length - 5)}\r\n\r\n`;
  const count = (headers: number): string =>
    `GET / HTTP/1.1\r\n${close}${Array.from({ length: headers - 1 }, (_, at) => `X-${at}: a\r\n`).join('')}\r\n`;
  const bytes = (length: number): string => {
    const full = `X: ${'a'.repeat(7995)}\r\n`.repeat(8);
    return `GET / HTTP/1.1\r\n${close}${full}Y: ${'a'.repeat(length - close.length - full.length - 7)}\r\n\r\n`;
  };
  const cases: [string, number][] = [
    [target(8191), 204],
    [target(8192), 414],
    [line(8191), 204],
    [line(8192), 400],
    [count(125), 204],
    [count(126), 431],
    [bytes(65536), 204],
    [bytes(65537), 400],
  ];
  for (const [raw, status] of cases) expect(statuses(await exchange(server.port, raw))).toEqual([status]);
});

/** Refused inside the body: the handler is called once and its read throws. */
const bodies: [string, string][] = [
  ['a chunk size that is no number', chunked('zz\r\nabc\r\n0\r\n\r\n')],
  ['a signed chunk size', chunked('+3\r\nabc\r\n0\r\n\r\n')],
  ['a negative chunk size', chunked('-3\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size with 0x', chunked('0x3\r\nabc\r\n0\r\n\r\n')],
  ['an empty chunk size', chunked('\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size with a blank before it', chunked(' 3\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size with a blank behind it', chunked('3 \r\nabc\r\n0\r\n\r\n')],
  ['a chunk size with an underscore', chunked('1_0\r\nabcdefghijklmnop\r\n0\r\n\r\n')],
  ['a chunk size of many digits', chunked('00000000000003\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size beyond any number', chunked('ffffffffffffffff\r\nabc\r\n0\r\n\r\n')],
  ['a chunk size that ends in bare LF', chunked('3\nabc\r\n0\r\n\r\n')],
  ['a chunk size that ends in bare CR', chunked('3\rabc\r\n0\r\n\r\n')],
  ['a chunk longer than its size', chunked('3\r\nabcd\r\n0\r\n\r\n')],
  ['a chunk without CR LF', chunked('3\r\nabc0\r\n\r\n')],
  ['a chunk that ends in bare LF', chunked('3\r\nabc\n0\r\n\r\n')],
  ['a bare LF in a chunk extension', chunked('3;a\nb\r\nabc\r\n0\r\n\r\n')],
  ['a bare CR in a chunk extension', chunked('3;a\rb\r\nabc\r\n0\r\n\r\n')],
  ['NUL in a chunk extension', chunked('3;a\0b\r\nabc\r\n0\r\n\r\n')],
  ['a chunk extension without end', chunked(`3;${'a'.repeat(300)}\r\nabc\r\n0\r\n\r\n`)],
  ['a last chunk that ends in bare LF', chunked('0\n\n')],
  ['a bare LF in the trailers', chunked('0\r\nX: a\n\r\n')],
  ['NUL in the trailers', chunked('0\r\nX: a\0\r\n\r\n')],
  ['trailers without end', chunked(`0\r\n${'X: abcdef\r\n'.repeat(1000)}\r\n`)],
];

test.each(bodies)('%s is refused and nothing behind it is read', async (_, raw) => {
  const seen: string[] = [];
  const server = await startServer(async (req) => {
    seen.push(req.target);
    return new SwiftResponse(200, {}, await readAll(req.body));
  });
  const answer = await exchange(server.port, raw + SECOND);
  expect(statuses(answer)).toEqual([400]);
  expect(answer).toMatch(/\r\nConnection: close\r\n/);
  expect(seen).toEqual(['/first']);
});

test.each(bodies)('%s is refused when no one reads the body either', async (_, raw) => {
  const seen: string[] = [];
  const server = await startServer((req) => {
    seen.push(req.target);
    return Promise.resolve(new SwiftResponse(204));
  });
  const answer = await exchange(server.port, raw + SECOND);
  expect(statuses(answer)).toEqual([204]);
  expect(seen).toEqual(['/first']);
});
