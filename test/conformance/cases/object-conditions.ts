/** Conditional requests on objects, containers and accounts. */

import { type Area, del, get, head, post, put, scenario, type Step } from '../scenario.ts';

const ETAG = '4e6a1f4cf5d2cbd3e3e6e3d5a1b0f0d1';
const PAST = 'Sun, 06 Nov 1994 08:49:37 GMT';
const FUTURE = 'Tue, 06 Nov 2040 08:49:37 GMT';
const BODY = '0123456789'.repeat(3);

function conditions(etag: string): Record<string, string>[] {
  return [
    ...['*', 'x', '', etag, `"${etag}"`, `x, "${etag}"`, `W/"${etag}"`].flatMap((tags) => [
      { 'If-Match': tags },
      { 'If-None-Match': tags },
    ]),
    ...[PAST, FUTURE, 'junk', '', '784111777', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994'].flatMap(
      (date) => [{ 'If-Modified-Since': date }, { 'If-Unmodified-Since': date }],
    ),
    { 'If-None-Match': etag, 'If-Modified-Since': PAST },
    { 'If-Match': 'x', 'If-None-Match': etag },
    ...[etag, 'x', FUTURE, PAST].map((range) => ({ 'If-Range': range, Range: 'bytes=0-1' })),
    { 'If-None-Match': etag, Range: 'bytes=100-' },
    { 'If-Match': etag, Range: 'bytes=1-2' },
    { 'X-Newest': 'true', 'If-None-Match': etag },
  ];
}

const RANGES = [
  ...[
    'bytes=0-4',
    'bytes=5-',
    'bytes=-5',
    'bytes=-0',
    'bytes=30-',
    'bytes=29-100',
    'bytes=100-',
    'bytes=5-2',
    'bytes=a-b',
  ],
  ...['bytes=', 'bytes=-', 'bytes=0-1,3-4,100-', 'bytes=100-,200-', 'bytes=0-5,2-7', 'bytes=0-5,0-5,0-5', 'bits=0-1'],
  ...['bytes=0-9,1-8,2-7,3-6', 'bytes=20-21,18-19,16-17,14-15,12-13,10-11,8-9,6-7,4-5', 'bytes 0-1', 'Bytes=0-1'],
  ...['bytes = 0-1', 'bytes=0-1 , 3-4', 'bytes=0 - 1', 'bytes=0-1;', 'bytes=-100', 'bytes=0-99999999999999999999'],
  ...['bytes=+1-5', 'bytes=1-+5', 'bytes=--5', '', 'bytes=0-0,-1'],
];

/** `{etag}` is the stored one; without an object it is any. */
function all(path: string, etag: string): Step[] {
  return conditions(etag).flatMap((headers) => [get(path, { headers }), head(path, { headers })]);
}

const stored = put('{c}/o', {
  body: BODY,
  headers: { 'Content-Type': 'text/plain' },
  capture: { etag: ({ headers }) => headers.find(([name]) => name.toLowerCase() === 'etag')?.[1] ?? '' },
});

export const area: Area = [
  {
    scenarios: [
      scenario('an object', put('{c}'), stored, ...all('{c}/o', '{etag}')),
      scenario('an object that is not there', put('{c}'), ...all('{c}/o', ETAG)),
      scenario('a container', put('{c}'), ...all('{c}', ETAG)),
      scenario(
        'conditions that do not concern a POST or DELETE',
        put('{c}'),
        stored,
        ...[{ 'If-Match': 'x' }, { 'If-None-Match': '*' }, { 'If-Unmodified-Since': PAST }].flatMap((headers) => [
          post('{c}/o', { headers }),
          post('{c}', { headers }),
          del('{c}/missing', { headers }),
          put('{c}', { headers }),
        ]),
      ),
      scenario(
        'an object is only made, never replaced',
        put('{c}'),
        ...['*', '"*"', 'abc,*', 'abc', ''].flatMap((tags) => [
          put('{c}/o', { body: 'x', headers: { 'If-None-Match': tags } }),
          put('{c}/o', { body: 'x', headers: { 'If-None-Match': tags } }),
          del('{c}/o'),
        ]),
      ),
      scenario(
        'ranges in odd forms',
        put('{c}'),
        stored,
        ...RANGES.flatMap((Range) => [get('{c}/o', { headers: { Range } }), head('{c}/o', { headers: { Range } })]),
      ),
    ],
  },
];
