/** Headers of PUT and POST of an object: expiry, type, time, checksum. */

import { type Area, del, get, head, post, put, scenario, type StepSource } from '../scenario.ts';

type Headers = Record<string, string>;

/** Sent with a PUT and a POST, each followed by a HEAD. */
function stored(...all: Headers[]): StepSource[] {
  const type = { 'Content-Type': 'text/plain' };
  return all.flatMap((headers) => [
    put('{c}/o', { body: 'hello', headers }),
    head('{c}/o'),
    put('{c}/o', { body: 'hello', headers: type }),
    post('{c}/o', { headers }),
    head('{c}/o'),
  ]);
}

export const area: Area = [
  {
    scenarios: [
      scenario(
        'times of expiry that make no sense',
        put('{c}'),
        put('{c}/o'),
        ...['abc', '1', '', '-1', '1e10', '99999999999.5'].flatMap((at) => [
          put('{c}/o', { headers: { 'X-Delete-At': at } }),
          post('{c}/o', { headers: { 'X-Delete-At': at } }),
        ]),
        ...['abc', '0', '-1', '1.5', ''].flatMap((after) => [
          put('{c}/o', { headers: { 'X-Delete-After': after } }),
          post('{c}/o', { headers: { 'X-Delete-After': after } }),
        ]),
      ),
      scenario(
        'times of expiry that are far away, and their removal',
        put('{c}'),
        put('{c}/o', { headers: { 'X-Delete-At': '99999999999999' } }),
        head('{c}/o'),
        put('{c}/o', { headers: { 'X-Delete-At': ' 4102444800 ' } }),
        head('{c}/o'),
        post('{c}/o', { headers: { 'X-Remove-Delete-At': 'x' } }),
        head('{c}/o'),
        post('{c}/o', { headers: { 'X-Delete-At': '4102444800' } }),
        head('{c}/o'),
        ...['5', 'abc', '', '4102444800'].map((at) => del('{c}/o', { headers: { 'X-If-Delete-At': at } })),
      ),
      scenario(
        'types in odd forms',
        put('{c}'),
        ...stored(
          { 'Content-Type': '' },
          { 'Content-Type': 'noslash' },
          { 'Content-Type': 'téxt' },
          { 'Content-Type': 'text/plain;swift_bytes=1' },
          { 'Content-Type': 'a/b;c=d;swift_x' },
          { 'Content-Type': 'a/b; charset=utf-8 ; c=d' },
          { 'X-Detect-Content-Type': 'true' },
          { 'X-Detect-Content-Type': 'true', 'Content-Type': 'a/b' },
        ),
        put('{c}/a.png', { headers: { 'X-Detect-Content-Type': 'true', 'Content-Type': 'a/b' } }),
        head('{c}/a.png'),
      ),
      scenario(
        'what only servers may say',
        put('{c}'),
        ...stored(
          { 'X-Timestamp': '1' },
          { 'X-Timestamp': 'abc' },
          { 'X-Timestamp': '-5' },
          { 'X-Backend-Timestamp': '1' },
          { 'X-Object-Sysmeta-Foo': 'b' },
          { 'X-Object-Transient-Sysmeta-A': 'c' },
          { 'X-Backend-Storage-Policy-Index': '1' },
          { 'X-Storage-Policy': 'silver' },
          { 'X-Backend-Container-Update-Override-Size': '5' },
          { 'X-Backend-Etag-Is-At': 'x' },
          { 'X-Backend-Replication': 'true' },
          { 'X-Newest': 'true' },
          { 'X-If-Delete-At': '5' },
        ),
        get('{c}?format=json'),
      ),
      scenario(
        'checksums and conditions of time',
        put('{c}'),
        ...stored(
          { Etag: 'bad' },
          { Etag: '5d41402abc4b2a76b9719d911017c592' },
          { Etag: '"5d41402abc4b2a76b9719d911017c592"' },
          { Etag: '5D41402ABC4B2A76B9719D911017C592' },
          { ETag: '' },
          { 'If-Match': 'abc' },
          { 'If-Match': '*' },
          { 'If-Modified-Since': 'Sun, 06 Nov 1994 08:49:37 GMT' },
          { 'If-Unmodified-Since': 'Sun, 06 Nov 1994 08:49:37 GMT' },
          { Range: 'bytes=0-1' },
          { Accept: 'nonsense' },
        ),
      ),
    ],
  },
];
