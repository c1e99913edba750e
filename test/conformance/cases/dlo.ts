/** Dynamic large objects: manifests refused, read whole, in ranges, on conditions, by others, copied, and gone wrong. */

import { type Area, copy, del, get, head, post, put, scenario, type Step, type UserName } from '../scenario.ts';

/** Five segments of 17 bytes together, one of them empty, and a manifest `{c}/m`. */
const LARGE: readonly Step[] = [
  put('{c}', {}),
  put('{c}s'),
  ...['aaaa', 'bbbbbb', 'cc', '', 'ddddd'].map((body, at) => put(`{c}s/p/0${at}`, { body })),
  put('{c}s/q', { body: 'not of it' }),
  put('{c}/m', {
    headers: { 'X-Object-Manifest': '{c}s/p/', 'X-Object-Meta-Color': 'blue', 'Content-Type': 'text/x' },
  }),
];

/** Waits until the container's listing holds what was put: rows may arrive late. */
const LISTED: Step = get('{c}s?prefix=p/', { until: ({ body }) => body.toString().trim().split('\n').length === 5 });

const REFUSED = ['{c}', '/{c}', '{c}/', '{c}//x', '{c}/x?y', '{c}/x&y', '', '{c}%2Fp%2F'];

const RANGES = [
  ...['bytes=0-3', 'bytes=2-7', 'bytes=4-9', 'bytes=-3', 'bytes=-100', 'bytes=16-', 'bytes=17-', 'bytes=100-200'],
  ...['bytes=0-0,5-6', 'bytes=0-3,', 'bytes=0-0,100-', 'junk', 'bytes=3-2', 'bytes=0-100', 'bytes=10-', 'bytes=a-b'],
];

/** That of the whole. */
const ETAG = '34745f529f9b6de23acfd7b4bf3ca6a9';
const EMPTY_ETAG = 'd41d8cd98f00b204e9800998ecf8427e';
const [PAST, FUTURE] = ['Sun, 22 Nov 2020 13:06:11 GMT', 'Sun, 22 Nov 2037 13:06:11 GMT'];

const CONDITIONS: readonly Readonly<Record<string, string>>[] = [
  { 'If-Match': ETAG },
  { 'If-Match': `"${ETAG}"` },
  { 'If-Match': '"x"' },
  { 'If-Match': '*' },
  { 'If-Match': EMPTY_ETAG },
  { 'If-None-Match': `"x", "${ETAG}"` },
  { 'If-None-Match': '"x"' },
  { 'If-None-Match': '*' },
  { 'If-None-Match': EMPTY_ETAG },
  { 'If-Modified-Since': PAST },
  { 'If-Modified-Since': FUTURE },
  { 'If-Unmodified-Since': PAST },
  { 'If-Unmodified-Since': FUTURE },
  { 'If-None-Match': ETAG, Range: 'bytes=0-1' },
  { 'If-Match': ETAG, Range: 'bytes=2-5' },
  { 'If-Match': '"x"', Range: 'bytes=100-' },
];

/** Both ways of reading `path`. */
function read(path: string, headers: Readonly<Record<string, string>> = {}, as: UserName = 'tester'): Step[] {
  return [get(path, { headers, as }), head(path, { headers, as })];
}

const ACLS = ['', 'test:tester3', '.r:*', '.r:*,.rlistings', '.r:example.com,.rlistings'];

export const area: Area = [
  {
    scenarios: [
      scenario(
        'a manifest must name a container and a prefix',
        put('{c}'),
        ...REFUSED.map((value) => put('{c}/m', { headers: { 'X-Object-Manifest': value } })),
        put('{c}/chunked', { headers: { 'X-Object-Manifest': 'x' }, body: 'some body', chunked: true }),
        put('{c}', { headers: { 'X-Object-Manifest': 'x' } }),
      ),
      scenario('a manifest is read as its segments', ...LARGE, LISTED, ...read('{c}/m')),
      scenario(
        'multipart-manifest=get asks for the manifest itself',
        ...LARGE,
        ...read('{c}/m?multipart-manifest=get'),
        ...read('{c}/m?multipart-manifest=get', { Range: 'bytes=0-3' }),
      ),
      scenario(
        'one range is honoured, several are not',
        ...LARGE,
        LISTED,
        ...RANGES.flatMap((Range) => read('{c}/m', { Range })),
      ),
      scenario(
        'conditions are held against the whole',
        ...LARGE,
        LISTED,
        ...CONDITIONS.flatMap((each) => read('{c}/m', each)),
      ),
      scenario(
        'a manifest without segments, or whose container is not there',
        put('{c}'),
        put('{c}/empty', { headers: { 'X-Object-Manifest': '{c}/zzz' }, body: 'own content' }),
        ...read('{c}/empty'),
        ...read('{c}/empty', { Range: 'bytes=0-1' }),
        ...read('{c}/empty', { Range: 'bytes=-1' }),
        put('{c}/none', { headers: { 'X-Object-Manifest': 'nosuch/p' } }),
        ...read('{c}/none'),
      ),
      scenario(
        'a manifest may be its own segment, and long',
        put('{c}'),
        put('{c}/self', { headers: { 'X-Object-Manifest': '{c}/self' }, body: 3000 }),
        get('{c}', { until: ({ body }) => body.length > 0 }),
        ...read('{c}/self'),
        ...read('{c}/self', { Range: 'bytes=2000-2004' }),
      ),
      scenario(
        'names of segments in other scripts, with slashes and percent signs',
        put('{c}'),
        put('{c}/%E2%98%83%2Fp1', { body: 'snow' }),
        put('{c}/%E2%98%83/p2%20%2541%3F', { body: 'man' }),
        get('{c}', { until: ({ body }) => body.toString().trim().split('\n').length === 2 }),
        put('{c}/m', { headers: { 'X-Object-Manifest': '{c}/%E2%98%83%2Fp' } }),
        ...read('{c}/m'),
        put('{c}/raw', { headers: { 'X-Object-Manifest': '{c}/☃/p' } }),
        ...read('{c}/raw'),
      ),
      scenario(
        'POST keeps the object a manifest only when it says so',
        ...LARGE,
        LISTED,
        post('{c}/m', { headers: { 'X-Object-Manifest': '{c}s/p/0', 'X-Object-Meta-New': '1' } }),
        ...read('{c}/m'),
        post('{c}/m', { headers: { 'X-Object-Meta-New': '2' } }),
        ...read('{c}/m'),
      ),
      scenario(
        'a copy of a manifest is one of what it is read as, or of itself',
        ...LARGE,
        LISTED,
        copy('{c}/m', { headers: { Destination: '{c}/whole' } }),
        ...read('{c}/whole'),
        copy('{c}/m?multipart-manifest=get', { headers: { Destination: '{c}/itself' } }),
        ...read('{c}/itself'),
        put('{c}/part', { headers: { 'X-Copy-From': '{c}/m', Range: 'bytes=2-5' } }),
        ...read('{c}/part'),
      ),
      ...ACLS.map((acl) =>
        scenario(
          `segments in a container with the ACL ${JSON.stringify(acl)} are read in the name of the user`,
          ...LARGE,
          LISTED,
          post('{c}', { headers: { 'X-Container-Read': '.r:*,test:tester3' } }),
          post('{c}s', { headers: { 'X-Container-Read': acl } }),
          ...(['tester3', 'none', 'tester2'] as const).flatMap((as) => [
            ...read('{c}/m', {}, as),
            ...read('{c}/m', { Referer: 'http://example.com/' }, as),
          ]),
        ),
      ),
      scenario('a manifest is deleted without its segments', ...LARGE, del('{c}/m'), get('{c}/m'), get('{c}s/p/00')),
    ],
  },
];
