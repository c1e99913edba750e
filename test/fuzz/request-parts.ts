/** A request as the fuzzers make it: parts that can be changed one by one before they become bytes. */

import { chance, mutate, pick, type Random } from './random.ts';
import { ACLS, DATES, ETAGS, NUMBERS, RANGES, TEXTS, TOKENS } from './values.ts';

/** Takes a token's place until the request is sent, and is as long as one. */
export const TOKEN_PLACE: string = 'T'.repeat('AUTH_tk'.length + 32);

export interface RequestParts {
  method: string;
  /** As on the request line. */
  target: string;
  headers: [name: string, value: string][];
  /** One character for each byte. */
  body: string;
}

export function parts(method: string, target: string, headers: Record<string, string> = {}, body = ''): RequestParts {
  return { method, target, headers: Object.entries(headers), body };
}

const METHODS = [
  'GET',
  'HEAD',
  'PUT',
  'POST',
  'DELETE',
  'COPY',
  'OPTIONS',
  'PATCH',
  'get',
  'REPLICATE',
  'SSYNC',
  'UPDATE',
  '',
];

/** Headers that change what a request means, with values for each. */
const HEADERS: readonly (readonly [name: string, values: readonly string[]])[] = [
  ['Range', RANGES],
  ['If-Match', ETAGS],
  ['If-None-Match', ETAGS],
  ['If-Modified-Since', DATES],
  ['If-Unmodified-Since', DATES],
  ['If-Range', [...ETAGS, ...DATES]],
  ['ETag', ETAGS],
  ['Content-Type', TEXTS],
  ['Content-Encoding', TEXTS],
  ['Content-Disposition', TEXTS],
  ['Accept', [...TEXTS, 'text/xml;q=x', '*/*;q=0', 'application/xml;q=0.1,text/plain;q=1.5', ',;=']],
  ['X-Delete-At', NUMBERS],
  ['X-Delete-After', NUMBERS],
  ['X-Newest', TEXTS],
  ['X-Object-Meta-A', TEXTS],
  ['X-Object-Meta-', TEXTS],
  ['X-Container-Meta-Quota-Bytes', NUMBERS],
  ['X-Container-Meta-Quota-Count', NUMBERS],
  ['X-Container-Meta-Access-Control-Allow-Origin', TEXTS],
  ['X-Account-Meta-Quota-Bytes', NUMBERS],
  ['X-Account-Meta-A', TEXTS],
  ['X-Container-Read', ACLS],
  ['X-Container-Write', ACLS],
  ['X-Copy-From', ['fz/o', '/fz/o', 'fz', '', '/fz/none', '%FF/%FF', 'fz/%zz']],
  ['X-Copy-From-Account', ['AUTH_test', 'AUTH_%FF', '', 'a/b']],
  ['Destination', ['fz/copied', '/fz/copied', 'fz', '', 'none/x', '%FF/%FF']],
  ['X-Fresh-Metadata', TEXTS],
  ['X-Object-Manifest', ['fz/seg', 'fz', '/', '', '%FF/x', 'fz/%zz', 'none/x', 'fz/dlo']],
  ['X-Storage-Policy', ['gold', 'silver', 'bronze', '', '\xff']],
  ['X-Auth-Token', ['', 'AUTH_tkx', '\xff', TOKEN_PLACE]],
  [
    'Host',
    ['c.AUTH-test.example.com', 'fz.auth-test.example.com', '.example.com', '', 'h:x', '\xff', 'a.b.c.example.com'],
  ],
  ['Origin', ['http://a', '*', '', '\xff']],
  ['Access-Control-Request-Method', ['GET', 'BREW', '']],
  ['Content-Length', NUMBERS],
  ['Transfer-Encoding', ['chunked', 'gzip', 'gzip, chunked', 'identity', '', 'CHUNKED', 'chunked, chunked']],
  ['Expect', ['100-continue', '100-Continue', '200-ok', '']],
  ['Connection', ['close', 'keep-alive', 'upgrade', 'close, x', '']],
];

/** Zero to two headers put in, changed or taken away; sometimes another method; sometimes a mutated target or body. */
export function vary(request: RequestParts, random: Random): RequestParts {
  const varied = { ...request, headers: request.headers.map(([name, value]): [string, string] => [name, value]) };
  for (let left = random(3); left > 0; left--) {
    const [name, values] = pick(random, HEADERS);
    varied.headers.push([name, pick(random, values)]);
  }
  if (chance(random, 8)) varied.method = pick(random, METHODS);
  if (chance(random, 6)) varied.target = mutate(varied.target, random, TOKENS);
  if (chance(random, 4)) varied.body = mutate(varied.body, random, TOKENS);
  if (chance(random, 6) && varied.headers.length > 0) {
    const at = random(varied.headers.length);
    const [name, value] = varied.headers[at] as [string, string];
    varied.headers[at] = chance(random, 4)
      ? [mutate(name, random, TOKENS), value]
      : [name, mutate(value, random, TOKENS)];
  }
  return varied;
}

/** One character for each byte. The length is that of the body, unless a header says otherwise. */
export function serialize({ method, target, headers, body }: RequestParts): string {
  const framed = headers.some(([name]) => /^(content-length|transfer-encoding)$/i.test(name));
  const isBare = body === '' && /^(GET|HEAD|DELETE|OPTIONS|COPY)$/.test(method);
  const all = framed || isBare ? headers : [...headers, ['Content-Length', String(body.length)] as const];
  const lines = all.map(([name, value]) => `${name}: ${value}\r\n`);
  return `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
}
