/** Static large objects: manifests good and bad, what is read of them under conditions and ranges, and how they are deleted. */

import { type Area, copy, del, get, head, put, type Scenario, scenario } from '../scenario.ts';
import { PUT, GET, FIRST, SECOND, SETUP, manifest, hidingEtags, LARGE } from './slo/manifests.ts';
import { PUTS } from './slo/puts.ts';
import { READS } from './slo/reads.ts';
import { BAD, REPORTS } from './slo/refused.ts';

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
