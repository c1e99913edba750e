/** Copies inside the cluster: COPY, and PUT with X-Copy-From. */

import { hash } from 'node:crypto';
import {
  type Area,
  copy,
  get,
  type HeaderValue,
  options,
  post,
  put,
  type Scenario,
  scenario,
  type Step,
} from '../scenario.ts';

type HeaderSet = Readonly<Record<string, HeaderValue>>;

const CONTENT = '0123456789';
const MD5 = hash('md5', CONTENT);
const FAR_FUTURE = '4000000000';

const RICH: HeaderSet = {
  'Content-Type': 'text/plain; charset=x',
  'Content-Encoding': 'gzip',
  'Content-Disposition': 'attachment',
  'Cache-Control': 'no-store',
  'X-Robots-Tag': 'noindex',
  'X-Delete-At': FAR_FUTURE,
  'X-Object-Meta-A': '1',
  'X-Object-Meta-B': 'café',
};

/** A source with all that an object can have, and an empty container for copies. */
const SETUP: readonly Step[] = [put('{c}'), put('{c}-to'), put('{c}/o', { body: CONTENT, headers: RICH })];

/** The same copy asked for in both ways, and what came of each. */
function bothWays(headers: HeaderSet, query = ''): Step[] {
  return [
    copy(`{c}/o${query}`, { headers: { Destination: '{c}-to/copied', ...headers } }),
    get('{c}-to/copied'),
    put(`{c}-to/put${query}`, { headers: { 'X-Copy-From': '{c}/o', ...headers } }),
    get('{c}-to/put'),
  ];
}

function variants(title: string, sets: readonly HeaderSet[]): Scenario[] {
  return sets.map((headers) => scenario(`${title} ${shown(headers)}`, ...SETUP, ...bothWays(headers)));
}

function shown(headers: HeaderSet): string {
  const lines = Object.entries(headers).map(
    ([name, value]) => `${name}: ${typeof value === 'string' ? value : 'bytes'}`,
  );
  return lines.join(', ').replace(/(.)\1{20,}/g, '$1…');
}

const METADATA: readonly HeaderSet[] = [
  {},
  { 'X-Object-Meta-A': '2', 'X-Object-Meta-C': '3' },
  { 'X-Object-Meta-A': '' },
  { 'X-Remove-Object-Meta-A': 'x' },
  { 'X-Fresh-Metadata': 'true', 'X-Object-Meta-C': '3' },
  { 'X-Fresh-Metadata': 'True' },
  { 'X-Fresh-Metadata': 'nope', 'X-Object-Meta-C': '3' },
  { 'X-Fresh-Metadata': '' },
  { 'Content-Type': 'application/x' },
  { 'Content-Type': '' },
  { 'Content-Type': 'a/b;swift_bytes=5' },
  { 'X-Detect-Content-Type': 'true' },
  { 'Content-Encoding': '' },
  { 'Content-Encoding': 'br', 'Cache-Control': 'private' },
  { 'X-Delete-At': '' },
  { 'X-Remove-Delete-At': '1' },
  { 'X-Delete-After': 'bad' },
  { 'X-Delete-At': '5' },
  { 'X-Delete-At': '4000000007' },
  { 'X-Object-Meta-ฒ': 'ฒ' },
  { 'X-Object-Meta-X': Buffer.from('\xff', 'latin1') },
  { [`X-Object-Meta-${'x'.repeat(129)}`]: 'v' },
  { 'X-Object-Meta-X': 'v'.repeat(257) },
  { 'X-Timestamp': '1' },
  { 'X-Backend-Storage-Policy-Index': '1' },
  { 'X-Object-Sysmeta-X': '1', 'X-Object-Transient-Sysmeta-X': '1' },
  { 'User-Agent': 'me' },
  { 'X-Newest': 'false' },
  { 'X-Storage-Policy': 'silver' },
  { 'X-Copy-From-Account': '' },
  { 'X-If-Delete-At': '5' },
  { 'X-Symlink-Target': '{c}/o' },
  { Expect: '100-continue' },
];

const CONDITIONS: readonly HeaderSet[] = [
  { 'If-None-Match': '*' },
  { 'If-None-Match': MD5 },
  { 'If-None-Match': '"other"' },
  { 'If-None-Match': '' },
  { 'If-Match': MD5 },
  { 'If-Match': 'other' },
  { 'If-Match': '*' },
  { 'If-Modified-Since': 'Thu, 01 Jan 2099 00:00:00 GMT' },
  { 'If-Modified-Since': 'Thu, 01 Jan 1998 00:00:00 GMT' },
  { 'If-Unmodified-Since': 'Thu, 01 Jan 1998 00:00:00 GMT' },
  { Etag: 'other' },
  { Etag: MD5 },
  { Etag: `"${MD5}"` },
  { Etag: 'other', Range: 'bytes=2-4' },
  { Etag: hash('md5', '234'), Range: 'bytes=2-4' },
  { Range: 'bytes=2-4' },
  { Range: 'bytes=-3' },
  { Range: 'bytes=100-' },
  { Range: 'bytes=0-9' },
  { Range: 'bytes=0-0', 'X-Fresh-Metadata': 'yes' },
  { Range: 'junk' },
];

const BAD_PLACES = [
  '',
  '{c}',
  '/{c}',
  '{c}/',
  '/{c}/',
  '//{c}/o',
  '/',
  '//',
  '{c}//o',
  '/{c}//o',
  '{c}/o/',
  '{c}/./o',
  '{c}/../o',
  '{c}/o?x=1',
  '{c}/a%00b',
];

const places: Scenario[] = BAD_PLACES.map((place) =>
  scenario(
    `a place ${JSON.stringify(place)}`,
    ...SETUP,
    copy('{c}/o', { headers: { Destination: place } }),
    put('{c}-to/o', { headers: { 'X-Copy-From': place } }),
  ),
);

const notUtf8 = {
  reason:
    'Python Swift breaks on a name in a header that is not UTF-8 and answers 500; it is refused as it is in a path.',
  status: '412 Precondition Failed',
  headers: { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': '29' },
  body: 'Invalid UTF8 or contains NULL',
};

const names: Scenario[] = [
  scenario(
    'names are percent-encoded in headers, both ways',
    put('{c}%20p%C3%A9'),
    put('{c}%20p%C3%A9/%25o%2Fx%20y%3F', { body: 'odd' }),
    put('{c}%20p%C3%A9/%E0%B8%92', { body: 'thai' }),
    copy('{c}%20p%C3%A9/%25o%2Fx%20y%3F', { headers: { Destination: '/{c}%20p%C3%A9/%2525copy' } }),
    get('{c}%20p%C3%A9/%2525copy'),
    copy('{c}%20p%C3%A9/%E0%B8%92', { headers: { Destination: '{c} pé/ฒ raw' } }),
    get('{c}%20p%C3%A9/%E0%B8%92%20raw'),
    put('{c}%20p%C3%A9/x', { headers: { 'X-Copy-From': '{c} pé/%25o%2Fx%20y%3F' } }),
    get('{c}%20p%C3%A9/x'),
    get('{c}%20p%C3%A9'),
  ),
  scenario(
    'a name in a header that is not UTF-8 is refused',
    ...SETUP,
    put('{c}-to/x', { headers: { 'X-Copy-From': '{c}/%FF' }, differs: notUtf8 }),
    put('{c}-to/x', { headers: { 'X-Copy-From': Buffer.from('c/\xff', 'latin1') }, differs: notUtf8 }),
    copy('{c}/o', { headers: { Destination: '{c}/%FF' }, differs: notUtf8 }),
    copy('{c}/o', { headers: { Destination: '{c}/x', 'Destination-Account': '%FF' }, differs: notUtf8 }),
  ),
  scenario(
    'names that are too long are refused, or not found',
    ...SETUP,
    copy('{c}/o', { headers: { Destination: `{c}/${'x'.repeat(1025)}` } }),
    copy('{c}/o', { headers: { Destination: `${'x'.repeat(257)}/o` } }),
    put('{c}/o2', { headers: { 'X-Copy-From': `{c}/${'x'.repeat(1025)}` } }),
  ),
];

const whole: Scenario[] = [
  scenario(
    'a COPY needs a destination',
    ...SETUP,
    copy('{c}/o'),
    copy('{c}/o', { headers: { 'Destination-Account': 'AUTH_test' } }),
  ),
  scenario(
    'what is not there cannot be copied, nor anything into it',
    ...SETUP,
    copy('{c}/none', { headers: { Destination: '{c}/x' } }),
    copy('{c}-none/o', { headers: { Destination: '{c}/x' } }),
    copy('{c}/o', { headers: { Destination: '{c}-none/x' } }),
    put('{c}/x', { headers: { 'X-Copy-From': '{c}/none', 'If-None-Match': '*' } }),
    get('{c}'),
  ),
  scenario(
    'the body of a PUT with X-Copy-From is refused, that of a COPY not looked at',
    ...SETUP,
    put('{c}-to/x', { headers: { 'X-Copy-From': '{c}/o' }, body: 'body' }),
    put('{c}-to/chunked', { headers: { 'X-Copy-From': '{c}/o' }, body: 'body', chunked: true }),
    get('{c}-to/chunked'),
    copy('{c}/o', { headers: { Destination: '{c}-to/x' }, body: 'body' }),
    copy('{c}/o', { headers: { Destination: '{c}-to/chunked' }, body: 'body', chunked: true }),
    get('{c}-to/x'),
    get('{c}-to/chunked'),
  ),
  scenario(
    'an X-Copy-From without a value is none',
    put('{c}'),
    put('{c}/o', { headers: { 'X-Copy-From': '' }, body: 'body' }),
    put('{c}/o2', { headers: { 'X-Copy-From': '', 'X-Copy-From-Account': 'AUTH_test2' }, body: 'body' }),
    put('{c}/o3', { headers: { 'X-Copy-From-Account': 'AUTH_test2' }, body: 'body' }),
    get('{c}/o'),
  ),
  scenario(
    'an empty object, and an object onto itself',
    ...SETUP,
    put('{c}/empty'),
    copy('{c}/empty', { headers: { Destination: '{c}-to/empty' } }),
    get('{c}-to/empty'),
    copy('{c}/o', { headers: { Destination: '{c}/o', 'X-Object-Meta-New': 'yes' } }),
    get('{c}/o'),
  ),
  scenario(
    'between containers of other policies',
    ...SETUP,
    put('{c}-silver', { headers: { 'X-Storage-Policy': 'silver' } }),
    copy('{c}/o', { headers: { Destination: '{c}-silver/o' } }),
    get('{c}-silver/o'),
    put('{c}-to/back', { headers: { 'X-Copy-From': '{c}-silver/o' } }),
    get('{c}-to/back'),
  ),
  scenario(
    'parameters go to both requests, those for the source alone do not',
    ...SETUP,
    ...bothWays({}, '?multipart-manifest=get'),
    ...bothWays({}, '?version-id=null&foo=bar'),
    ...bothWays({}, '?x=%C3%A9+y'),
  ),
  scenario(
    'only objects are copied',
    ...SETUP,
    put('{c}-new', { headers: { 'X-Copy-From': '{c}/o' } }),
    copy('/v2/AUTH_test/{c}/o', { headers: { Destination: '{c}-to/o' } }),
    copy('/v1//{c}/o', { headers: { Destination: '{c}-to/o' } }),
  ),
  scenario(
    'CORS headers are those of a PUT',
    ...SETUP,
    post('{c}-to', { headers: { 'X-Container-Meta-Access-Control-Allow-Origin': 'http://ok' } }),
    copy('{c}/o', { headers: { Destination: '{c}-to/x', Origin: 'http://ok' } }),
    copy('{c}/o', { headers: { Destination: '{c}/x', Origin: 'http://ok' } }),
    copy('{c}/o', { headers: { Origin: 'http://ok' } }),
    options('{c}-to/x', { as: 'none', headers: { Origin: 'http://ok', 'Access-Control-Request-Method': 'COPY' } }),
    options('{c}-to/x', { as: 'none', headers: { Origin: 'http://other', 'Access-Control-Request-Method': 'PUT' } }),
  ),
];

const fromOther = { 'X-Copy-From': '{c}-2/o', 'X-Copy-From-Account': 'AUTH_test2' };
const toOther = { Destination: '{c}-2/from1', 'Destination-Account': 'AUTH_test2' };

/** Each copy that crosses the border. */
const CROSSING: readonly Step[] = [
  copy('{c}/o', { headers: toOther }),
  put('{c}-to/from2', { headers: fromOther }),
  copy('/v1/AUTH_test2/{c}-2/o', { headers: { Destination: '{c}-to/x', 'Destination-Account': 'AUTH_test' } }),
  copy('/v1/AUTH_test2/{c}-2/o', {
    as: 'tester2',
    headers: { Destination: '{c}-to/x', 'Destination-Account': 'AUTH_test' },
  }),
  copy('{c}-2/o', { headers: { Destination: '{c}-to/x', 'X-Copy-From-Account': 'AUTH_test2' } }),
  copy('{c}/o', { headers: { ...toOther, 'X-Copy-From-Account': 'AUTH_test2' } }),
  copy('{c}/o', { as: 'none', headers: { Destination: '{c}-to/x' } }),
  copy('{c}/o', { as: 'tester3', headers: { Destination: '{c}-to/x' } }),
  put('{c}-to/x', { as: 'tester3', headers: { 'X-Copy-From': '{c}/o' } }),
];

const TWO_ACCOUNTS: readonly Step[] = [
  ...SETUP,
  put('/v1/AUTH_test2/{c}-2', { as: 'tester2' }),
  put('/v1/AUTH_test2/{c}-2/o', { as: 'tester2', body: 'of account 2' }),
];

const accounts: Scenario[] = [
  scenario('without an ACL nothing is copied between accounts', ...TWO_ACCOUNTS, ...CROSSING),
  scenario(
    'reading the source needs its ACL alone',
    ...TWO_ACCOUNTS,
    post('{c}', { headers: { 'X-Container-Read': 'test:tester3' } }),
    post('/v1/AUTH_test2/{c}-2', { as: 'tester2', headers: { 'X-Container-Read': 'test:tester' } }),
    ...CROSSING,
    get('{c}-to/from2'),
  ),
  scenario(
    'writing the destination needs its ACL alone',
    ...TWO_ACCOUNTS,
    post('{c}-to', { headers: { 'X-Container-Write': 'test:tester3' } }),
    post('/v1/AUTH_test2/{c}-2', { as: 'tester2', headers: { 'X-Container-Write': 'test:tester' } }),
    ...CROSSING,
    get('/v1/AUTH_test2/{c}-2/from1', { as: 'tester2' }),
  ),
  scenario(
    'with both a copy crosses accounts',
    ...TWO_ACCOUNTS,
    post('{c}', { headers: { 'X-Container-Read': 'test:tester3' } }),
    post('{c}-to', { headers: { 'X-Container-Write': 'test:tester3,test2:tester2' } }),
    post('/v1/AUTH_test2/{c}-2', {
      as: 'tester2',
      headers: { 'X-Container-Read': 'test:tester', 'X-Container-Write': 'test:tester' },
    }),
    ...CROSSING,
    get('{c}-to/x'),
    get('/v1/AUTH_test2/{c}-2/from1', { as: 'tester2' }),
  ),
  ...['', 'a/b', 'AUTH_test2/', '%2F', 'AUTH%5Ftest', 'nosuch', 'AUTH_nosuch'].map((account) =>
    scenario(
      `an account ${JSON.stringify(account)}`,
      ...SETUP,
      copy('{c}/o', { headers: { Destination: '{c}-to/x', 'Destination-Account': account } }),
      copy('{c}/o', { headers: { Destination: '{c}', 'Destination-Account': account } }),
      put('{c}-to/y', { headers: { 'X-Copy-From': '{c}/o', 'X-Copy-From-Account': account } }),
      get('{c}-to'),
    ),
  ),
];

export const area: Area = [
  {
    scenarios: [
      ...variants('metadata', METADATA),
      ...variants('conditions', CONDITIONS),
      ...places,
      ...names,
      ...whole,
      ...accounts,
    ],
  },
  {
    config: { swiftConf: { 'swift-constraints': { max_file_size: '20' } } },
    scenarios: [
      scenario(
        'a source that is larger than an object may be is not copied, a part of it is',
        put('{c}'),
        put('{c}/o', { body: CONTENT }),
        put('{c}/dlo', { headers: { 'X-Object-Manifest': '{c}/o' } }),
        copy('{c}/dlo', { headers: { Destination: '{c}/o2' } }),
        copy('{c}/o', { headers: { Destination: '{c}/o3' } }),
        get('{c}/dlo', { until: (answer) => answer.body.length === 30 }),
        copy('{c}/dlo', { headers: { Destination: '{c}/x' } }),
        copy('{c}/dlo', { headers: { Destination: '{c}/x', Range: 'bytes=5-14' } }),
        get('{c}/x'),
      ),
    ],
  },
];
