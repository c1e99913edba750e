/** Static large objects: manifests good and bad, what is read of them under conditions and ranges, and how they are deleted. */

import { hash } from 'node:crypto';
import { headerOf, type RawAnswer } from '../raw-client.ts';
import {
  type Area,
  copy,
  del,
  get,
  head,
  post,
  put,
  type Scenario,
  scenario,
  type Step,
  type StepSource,
} from '../scenario.ts';

const PUT = '?multipart-manifest=put';
const GET = '?multipart-manifest=get';
const ONE = '0123456789';
const TWO = 'abcdefghij';
const MD5_ONE = hash('md5', ONE);
const MD5_TWO = hash('md5', TWO);
/** ETag of ONE followed by TWO. */
const LARGE_ETAG = hash('md5', MD5_ONE + MD5_TWO);
const FIRST = { path: '/{c}/1' };
const SECOND = { path: '/{c}/2' };

const SETUP: readonly Step[] = [
  put('{c}'),
  put('{c}/1', { body: ONE, headers: { 'Content-Type': 'text/plain; charset=x' } }),
  put('{c}/2', { body: TWO }),
  put('{c}/empty'),
];

type Rest = Parameters<typeof put>[1];

function manifest(name: string, items: unknown, rest: Rest = {}, query = PUT): Step {
  return put(`{c}/${name}${query}`, { body: typeof items === 'string' ? items : JSON.stringify(items), ...rest });
}

/** The ETag of a manifest comes of the time when its segments were made, so it is another in every run. */
function hidingEtags(step: Step): StepSource {
  return (context) => ({
    ...step,
    capture: {
      hidden: (answer: RawAnswer) => {
        const isManifest = step.path.includes(GET) && !step.path.includes('raw');
        const etag = headerOf(answer, 'x-manifest-etag') ?? (isManifest ? headerOf(answer, 'etag') : undefined);
        return etag === undefined || etag.length < 32 ? '' : context.hide('manifest-etag', etag.replaceAll('"', ''));
      },
    },
  });
}

const LARGE: readonly Step[] = [...SETUP, manifest('large', [FIRST, SECOND])];

/** Manifests that are refused, a few to a scenario. */
function refused(title: string, bodies: readonly unknown[]): Scenario {
  return scenario(title, ...SETUP, ...bodies.map((body) => manifest('large', body)), get('{c}/large'));
}

const BAD: readonly Scenario[] = [
  refused('a manifest must be a list in JSON', ['', 'x', '[', '{}', '"text"', '5', 'null', '[1,]', '\ufeff[', '[] x']),
  refused('an item of a manifest must be an object', [['x'], [[]], [['path']], [FIRST, 'x', null].slice(0, 2)]),
  refused('keys that are not known are refused', [
    [{ path: '/{c}/1', x: 1 }],
    [{ path: '/{c}/1', z: 1, b: 2, 'ä"': 3 }],
    [{ path: '/{c}/1', data: 'AAAA' }],
    [{ data: 'AAAA', size_bytes: 3 }],
    [{ data: 'AAAA', etag: 'x', range: '0-1' }, FIRST],
    [{ path: '/{c}/1', name: '/{c}/1' }],
    [{ path: '/{c}/1', hash: 'x', bytes: 10 }],
  ]),
  refused('a path must be text that names an object', [
    [{ path: 5 }],
    [{ path: null }],
    [{ path: ['/{c}/1'] }],
    [{ path: '' }],
    [{ path: '/' }],
    [{ path: '{c}' }],
    [{ path: '/{c}' }],
    [{ path: '/{c}/' }],
    [{ path: '//{c}//' }],
    [{ path: '/{c}/large' }],
    [{ path: '{c}/large' }],
    [{ path: '//{c}/large' }],
  ]),
  refused('an etag must be text or null', [
    [{ ...FIRST, etag: 5 }],
    [{ ...FIRST, etag: [] }],
    [{ ...FIRST, etag: true }],
    [{ ...FIRST, etag: {} }],
  ]),
  refused('a size must be a whole number', [
    [{ ...FIRST, size_bytes: 'x' }],
    [{ ...FIRST, size_bytes: '' }],
    [{ ...FIRST, size_bytes: '10.0' }],
    [{ ...FIRST, size_bytes: '0x0a' }],
    [{ ...FIRST, size_bytes: [10] }],
    [{ ...FIRST, size_bytes: {} }],
    [{ ...FIRST, size_bytes: 0 }, SECOND],
    [{ ...FIRST, size_bytes: -1 }, SECOND],
    [{ ...FIRST, size_bytes: false }, SECOND],
    [{ ...FIRST, size_bytes: '-0' }, SECOND],
  ]),
  refused('a range must be one that the segment has', [
    [{ ...FIRST, range: 'x' }],
    [{ ...FIRST, range: '-' }],
    [{ ...FIRST, range: '5-4' }],
    [{ ...FIRST, range: 'bytes=0-1' }],
    [{ ...FIRST, range: 5 }],
    [{ ...FIRST, range: true }],
    [{ ...FIRST, range: ['0-1'] }],
    [{ ...FIRST, range: '0-1,3-4' }],
    [{ ...FIRST, range: '0-1,' }],
    [{ ...FIRST, range: '20-30', size_bytes: 10 }],
    [{ ...FIRST, range: '-0', size_bytes: 10 }],
    [{ ...FIRST, range: '20-30' }],
    [{ ...FIRST, range: '-0' }],
    [{ ...FIRST, range: '0-1', size_bytes: 0 }, SECOND],
  ]),
  refused('inline data must be base64 of something', [
    [{ data: 5 }, FIRST],
    [{ data: null }, FIRST],
    [{ data: 'A' }, FIRST],
    [{ data: 'AA' }, FIRST],
    [{ data: 'AA=' }, FIRST],
    [{ data: 'AAA' }, FIRST],
    [{ data: 'AAAAA' }, FIRST],
    [{ data: 'AA-_' }, FIRST],
    [{ data: 'AA AA' }, FIRST],
    [{ data: 'AAAA\n' }, FIRST],
    [{ data: 'AA=A' }, FIRST],
    [{ data: '' }, FIRST],
    [{ data: '====' }, FIRST],
    [{ data: 'ä===' }, FIRST],
    [{ data: 'AAAA' }],
    [{ data: 'AAAA' }, { data: 'AAAA' }],
  ]),
  refused('every bad item is told of', [
    [{ path: 5 }, FIRST, { data: '' }, { ...SECOND, range: 'x' }, { ...SECOND, size_bytes: 'x' }],
    [{ data: '' }, { data: '!' }],
  ]),
  refused('segments that are not as they are said to be are told of', [
    [{ ...FIRST, etag: MD5_TWO }],
    [{ ...FIRST, etag: `"${MD5_ONE}"` }],
    [{ ...FIRST, etag: '' }],
    [{ ...FIRST, size_bytes: 11 }],
    [{ ...FIRST, size_bytes: 9, etag: 'x' }],
    [{ ...FIRST, size_bytes: 9, etag: 'x', range: '9-9' }],
    [{ path: '/{c}/none' }],
    [{ path: '/{c}/none/ä &?#%41' }],
    [{ path: '/{c}-none/o' }],
    [{ path: '/{c}/empty' }, FIRST],
    [{ path: '/{c}/empty', range: '0-' }],
    [{ path: '/{c}/empty', range: '-5' }, FIRST],
    [FIRST, { path: '/{c}/empty', size_bytes: -1 }],
    [{ path: '/{c}/none' }, { path: '/{c}/none' }],
  ]),
];

function problemsIn(accept: string): Scenario {
  // Of one object: Swift tells of several in the order in which they were asked.
  const items = [{ path: '/{c}/<none>&' }, { path: '/{c}/<none>&' }];
  const headers = { Accept: accept };
  return scenario(
    `problems for Accept: ${accept}`,
    ...SETUP,
    manifest('large', items, { headers }),
    manifest('large', items, { headers }, `${PUT}&heartbeat=on`),
    manifest('large', [FIRST], { headers: { ...headers, ETag: 'x' } }, `${PUT}&heartbeat=yes`),
    manifest('large', [FIRST], { headers }, `${PUT}&heartbeat=1`),
    manifest('large', [FIRST], { headers: { ...headers, 'If-None-Match': 'x' } }, `${PUT}&heartbeat=1`),
    manifest('large', '[', { headers }, `${PUT}&heartbeat=1`),
    del('{c}/large?multipart-manifest=delete', { headers }),
    del('{c}/large?multipart-manifest=delete', { headers }),
  );
}

const REPORTS = [
  'text/plain',
  'application/json',
  'application/xml',
  'text/xml',
  'image/png',
  'nonsense',
  'application/json;q=0.1, text/xml',
].map(problemsIn);

const PUTS: readonly Scenario[] = [
  scenario(
    'a manifest is stored with what was found of its segments',
    ...LARGE,
    hidingEtags(get('{c}/large')),
    hidingEtags(head('{c}/large')),
    get('{c}?format=json', { json: true, until: (answer) => answer.body.includes('slo_etag') }),
    hidingEtags(get(`{c}/large${GET}`)),
    hidingEtags(head(`{c}/large${GET}`)),
    get(`{c}/large${GET}&format=raw`),
    get(`{c}/large${GET}&format=raw`, { headers: { Range: 'bytes=1-5' } }),
    hidingEtags(get(`{c}/large${GET}`, { headers: { Range: 'bytes=0-1' } })),
  ),
  scenario(
    'ranges, inline data and an empty last segment',
    ...SETUP,
    manifest('large', [
      { ...FIRST, range: '2-4', size_bytes: '10', etag: MD5_ONE },
      { data: 'aGVsbG8=' },
      { ...SECOND, range: '-3' },
      { ...SECOND, range: '0-99', etag: null, size_bytes: null },
      { ...SECOND, range: '5-' },
      { ...FIRST, range: '' },
      { path: '{c}/empty' },
    ]),
    hidingEtags(get('{c}/large')),
    hidingEtags(get(`{c}/large${GET}`)),
    get(`{c}/large${GET}&format=raw`),
    hidingEtags(get('{c}/large', { headers: { Range: 'bytes=2-9' } })),
  ),
  scenario(
    'numbers and padding are taken as Python takes them',
    ...SETUP,
    manifest('large', [
      { ...FIRST, size_bytes: ' +1_0 ' },
      { ...SECOND, size_bytes: 10.7 },
      { data: 'aGk==' },
      { data: '=aGk=' },
      { data: 'aGl=' },
    ]),
    get(`{c}/large${GET}&format=raw`),
    manifest('large', '[{"path": "/{c}/1", "path": "/{c}/2"}]'),
    get(`{c}/large${GET}&format=raw`),
  ),
  scenario('an empty manifest', ...SETUP, manifest('large', []), hidingEtags(get('{c}/large')), get(`{c}/large${GET}`)),
  scenario(
    'the client says what the ETag is to be',
    ...SETUP,
    manifest('large', [FIRST, SECOND], { headers: { ETag: LARGE_ETAG } }),
    manifest('large', [FIRST, SECOND], { headers: { ETag: `"${LARGE_ETAG}"` } }),
    manifest('large', [FIRST, SECOND], { headers: { ETag: MD5_ONE } }),
    manifest('large', [FIRST, SECOND], { headers: { ETag: '' } }),
  ),
  scenario(
    'what the manifest is besides',
    ...SETUP,
    manifest('large.txt', [FIRST], { headers: { 'X-Object-Meta-A': 'b', 'Content-Encoding': 'gzip' } }),
    hidingEtags(head('{c}/large.txt')),
    manifest('typed', [FIRST], { headers: { 'Content-Type': 'a/b; c=d' } }),
    hidingEtags(head('{c}/typed')),
    manifest('typed', [FIRST], { headers: { 'Content-Type': 'a/b;swift_bytes=7' } }),
    hidingEtags(head('{c}/typed')),
    manifest('typed', [FIRST], { headers: { 'X-Detect-Content-Type': 'true', 'Content-Type': 'a/b' } }),
    hidingEtags(head('{c}/typed')),
    get('{c}?format=json&prefix=t', { json: true, until: (answer) => answer.body.includes('octet') }),
  ),
  scenario(
    'PUT under conditions, chunked, and from a copy',
    ...SETUP,
    manifest('large', [FIRST, SECOND], { chunked: true }),
    manifest('large', [FIRST, SECOND], { headers: { 'If-None-Match': '*' } }),
    manifest('new', [FIRST, SECOND], { headers: { 'If-None-Match': '*' } }),
    manifest('large', [FIRST, SECOND], { headers: { 'If-None-Match': 'x' } }),
    manifest('large', [FIRST, SECOND], { headers: { Expect: '100-continue' } }),
    put(`{c}/large${PUT}`),
    put(`{c}-none/large${PUT}`, { body: JSON.stringify([FIRST]) }),
    manifest('large', [FIRST], { as: 'tester3' }),
    manifest('large', [FIRST], { as: 'none' }),
    put(`{c}/large`, { body: 'x', headers: { 'X-Static-Large-Object': 'true' } }),
    post(`{c}/large`, { headers: { 'X-Static-Large-Object': 'true' } }),
    put(`{c}/plain?multipart-manifest=get`, { body: 'x' }),
  ),
  scenario(
    'POST keeps the manifest',
    ...LARGE,
    post('{c}/large', { headers: { 'X-Object-Meta-A': 'b', 'Content-Type': 'x/y' } }),
    hidingEtags(get('{c}/large')),
    get('{c}?format=json&prefix=l', {
      json: true,
      until: (answer) => answer.body.includes('x/y') && answer.body.includes('slo_etag'),
    }),
  ),
  scenario(
    'nested manifests',
    ...LARGE,
    manifest('outer', [
      { path: '{c}/large', etag: LARGE_ETAG, size_bytes: 20, range: '5-14' },
      FIRST,
      { path: '{c}/large' },
    ]),
    hidingEtags(get('{c}/outer')),
    hidingEtags(get('{c}/outer', { headers: { Range: 'bytes=3-27,35-' } })),
    get(`{c}/outer${GET}`),
    manifest('outer', [{ path: '{c}/large', etag: MD5_ONE, size_bytes: 2 }]),
    del('{c}/2'),
    hidingEtags(get('{c}/outer', { headers: { Range: 'bytes=0-3' } })),
    get('{c}/outer', { headers: { Range: 'bytes=5-8' } }),
    del('{c}/large'),
    get('{c}/outer'),
  ),
];

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

const READS: readonly Scenario[] = [
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

const DELETES: readonly Scenario[] = [
  scenario(
    'DELETE with all segments',
    ...LARGE,
    manifest('outer', [{ path: '{c}/large' }, { path: '/{c}/empty' }]),
    del('{c}/outer?multipart-manifest=delete', { headers: { Accept: 'application/json' } }),
    get('{c}', { until: (answer) => answer.body.length === 0 }),
  ),
  scenario(
    'DELETE of what is no manifest, is gone, or has lost segments',
    ...LARGE,
    del('{c}/1?multipart-manifest=delete'),
    del('{c}/none?multipart-manifest=delete'),
    del('{c}-none/o?multipart-manifest=delete'),
    del('{c}?multipart-manifest=delete'),
    del('{c}/1'),
    del('{c}/large?multipart-manifest=delete', { as: 'tester3' }),
    del('{c}/large?multipart-manifest=delete', { as: 'none' }),
    del('{c}/large?multipart-manifest=delete'),
    del('{c}/%00?multipart-manifest=delete'),
    del('{c}/%ff?multipart-manifest=delete'),
  ),
  scenario(
    'DELETE of the manifest alone',
    ...LARGE,
    del('{c}/large'),
    get('{c}/1'),
    manifest('large', [FIRST]),
    del('{c}/large?multipart-manifest=x'),
    get('{c}/1'),
  ),
  scenario(
    'DELETE that leaves the segments to the expirer',
    ...LARGE,
    put('{c}2'),
    put('{c}2/1', { body: 'x' }),
    manifest('outer', [{ path: '{c}/large' }]),
    manifest('both', [FIRST, { path: '/{c}2/1' }]),
    del('{c}/outer?multipart-manifest=delete&async=on'),
    del('{c}/both?multipart-manifest=delete&async=on'),
    del('{c}/1?multipart-manifest=delete&async=on'),
    del('{c}/none?multipart-manifest=delete&async=on'),
    del('{c}/%00?multipart-manifest=delete&async=on'),
    del('{c}/large?multipart-manifest=delete&async=on', { as: 'tester3' }),
    del('{c}/large?multipart-manifest=delete&async=on'),
    get('{c}/large'),
    get('{c}/1'),
    manifest('none', []),
    del('{c}/none?multipart-manifest=delete&async=on'),
    del('{c}/none?multipart-manifest=delete&async=on'),
  ),
];

const COPIES: readonly Scenario[] = [
  scenario(
    'a copy is one object, or the manifest',
    ...LARGE,
    copy('{c}/large', { headers: { Destination: '{c}/whole' } }),
    get('{c}/whole'),
    hidingEtags(head(`{c}/large${GET}`)),
    copy(`{c}/large${GET}`, { headers: { Destination: '{c}/manifest' } }),
    hidingEtags(get('{c}/manifest')),
    put(`{c}/put${GET}`, { headers: { 'X-Copy-From': '{c}/large' } }),
    hidingEtags(get('{c}/put')),
    put(`{c}/put${PUT}`, { headers: { 'X-Copy-From': '{c}/large' } }),
    copy('{c}/large', { headers: { Destination: '{c}/part', Range: 'bytes=5-14' } }),
    get('{c}/part'),
  ),
];

const LIMITED: readonly Scenario[] = [
  scenario(
    'manifests have a largest size and number of segments',
    ...SETUP,
    manifest('large', [FIRST, SECOND, FIRST]),
    manifest('large', [FIRST, { data: 'AAAA' }, SECOND]),
    manifest('large', `${JSON.stringify([FIRST])}${' '.repeat(400)}`),
    manifest('large', `${' '.repeat(400)}${JSON.stringify([FIRST])}`, { chunked: true }),
    del('{c}/large?multipart-manifest=delete&async=on'),
  ),
];

export const area: Area = [
  { scenarios: [...BAD, ...REPORTS, ...PUTS, ...READS, ...DELETES, ...COPIES] },
  {
    config: {
      proxy: { 'filter:slo': { max_manifest_segments: '2', max_manifest_size: '300', allow_async_delete: 'no' } },
    },
    scenarios: LIMITED,
  },
];
