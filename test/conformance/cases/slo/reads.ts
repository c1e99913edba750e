/** Large objects read, under conditions and in ranges. */

import { del, get, head, put, type Scenario, scenario } from '../../scenario.ts';
import { MD5_ONE, LARGE_ETAG, FIRST, SECOND, SETUP, manifest, hidingEtags, LARGE } from './manifests.ts';

/** The same requests as GET and HEAD. */
function reads(title: string, sets: readonly Readonly<Record<string, string>>[]): Scenario {
  const steps = sets.flatMap((headers) => [
    hidingEtags(get('{c}/large', { headers })),
    hidingEtags(head('{c}/large', { headers })),
  ]);
  return scenario(title, ...LARGE, hidingEtags(head('{c}/large')), ...steps);
}

const LONG_AGO = 'Sat, 01 Jan 2000 00:00:00 GMT';
const FAR_AHEAD = 'Fri, 01 Jan 2049 00:00:00 GMT';

export const READS: readonly Scenario[] = [
  reads('conditions on the ETag', [
    { 'If-Match': LARGE_ETAG },
    { 'If-Match': `"${LARGE_ETAG}"` },
    { 'If-Match': '*' },
    { 'If-Match': MD5_ONE },
    { 'If-Match': `${MD5_ONE}, "${LARGE_ETAG}"` },
    { 'If-Match': '' },
    { 'If-None-Match': LARGE_ETAG },
    { 'If-None-Match': `"${LARGE_ETAG}"` },
    { 'If-None-Match': '*' },
    { 'If-None-Match': MD5_ONE },
    { 'If-Match': LARGE_ETAG, 'If-None-Match': LARGE_ETAG },
    { 'If-Match': MD5_ONE, 'If-None-Match': LARGE_ETAG },
    { 'If-Match': 'x', Range: 'bytes=0-1' },
    { 'If-None-Match': LARGE_ETAG, Range: 'bytes=0-1' },
    { 'If-Match': LARGE_ETAG, Range: 'bytes=0-1' },
  ]),
  reads('conditions on the time', [
    { 'If-Modified-Since': LONG_AGO },
    { 'If-Modified-Since': FAR_AHEAD },
    { 'If-Unmodified-Since': LONG_AGO },
    { 'If-Unmodified-Since': FAR_AHEAD },
    { 'If-Modified-Since': FAR_AHEAD, 'If-None-Match': 'x' },
    { 'If-Unmodified-Since': LONG_AGO, 'If-Match': LARGE_ETAG },
    { 'If-Modified-Since': FAR_AHEAD, Range: 'bytes=0-1' },
    { 'If-Modified-Since': 'nonsense' },
  ]),
  reads(
    'ranges',
    [
      '0-0',
      '0-19',
      '0-',
      '9-10',
      '10-',
      '15-99',
      '-1',
      '-15',
      '-99',
      '-0',
      '20-',
      '99-',
      '0-1,3-4',
      '0-0,19-19',
      '8-11,8-11',
      '15-18,2-12',
      '0-1,99-',
      '-5,0-3',
      '0-1, x',
      '5-2',
      '0-9,5-14,8-16,2-19',
    ].map((range) => ({ Range: `bytes=${range}` })),
  ),
  reads('ranges in other units, and of others', [
    { Range: 'lines=0-1' },
    { Range: 'bytes 0-1' },
    { Range: 'bytes=0-1', 'If-Range': MD5_ONE },
    { Range: 'bytes=0-1', 'X-Newest': 'true' },
  ]),
  scenario(
    'an empty large object under ranges',
    ...SETUP,
    manifest('large', [{ path: '{c}/empty' }]),
    ...['0-', '-5', '0-0'].map((range) => hidingEtags(get('{c}/large', { headers: { Range: `bytes=${range}` } }))),
  ),
  scenario(
    'a first segment that is gone or changed is 409, a later one breaks the connection',
    put('{c}'),
    put('{c}/1', { body: 100_000 }),
    put('{c}/2', { body: 100_000 }),
    manifest('large', [FIRST, SECOND]),
    put('{c}/2', { body: 'changed' }),
    hidingEtags(get('{c}/large', { headers: { Range: 'bytes=0-9' } })),
    get('{c}/large', { headers: { Range: 'bytes=100000-' } }),
    hidingEtags(get('{c}/large')),
    put('{c}/1', { body: 'abcdefghij' }),
    get('{c}/large'),
    get('{c}/large', { headers: { Range: 'bytes=0-1,3-4' } }),
    hidingEtags(head('{c}/large')),
    del('{c}/1'),
    get('{c}/large'),
    get('{c}/large', { headers: { Range: 'bytes=3-4' } }),
  ),
  scenario(
    'other parameters of the manifest',
    ...LARGE,
    hidingEtags(get('{c}/large?multipart-manifest=put')),
    hidingEtags(get('{c}/large?multipart-manifest=x')),
    hidingEtags(get('{c}/large?format=raw')),
    hidingEtags(get('{c}/large?multipart-manifest=get&format=x')),
    hidingEtags(get('{c}/large?part-number=1')),
    get('{c}/1?multipart-manifest=get'),
    get('{c}/1?multipart-manifest=get&format=raw'),
    get('{c}/none?multipart-manifest=get'),
    get('{c}?multipart-manifest=get'),
    get('{c}/large', { as: 'none' }),
    get('{c}/large', { as: 'tester3' }),
    put('{c}/large', { body: 'plain' }),
    get('{c}/large'),
  ),
];
