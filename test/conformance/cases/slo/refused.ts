/** Manifests that are refused, and the reports of it. */

import { del, get, type Scenario, scenario } from '../../scenario.ts';
import { PUT, MD5_ONE, MD5_TWO, FIRST, SECOND, SETUP, manifest } from './manifests.ts';

/** Manifests that are refused, a few to a scenario. */
function refused(title: string, bodies: readonly unknown[]): Scenario {
  return scenario(title, ...SETUP, ...bodies.map((body) => manifest('large', body)), get('{c}/large'));
}

export const BAD: readonly Scenario[] = [
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

export const REPORTS: readonly Scenario[] = [
  'text/plain',
  'application/json',
  'application/xml',
  'text/xml',
  'image/png',
  'nonsense',
  'application/json;q=0.1, text/xml',
].map(problemsIn);
