/** Writes refused to a whole cluster. */

import type { ClusterConfig } from '../../cluster/configuration.ts';
import { type Area, copy, del, get, head, options, post, put, type Scenario, scenario, send } from '../scenario.ts';

const PIPELINE =
  'catch_errors gatekeeper proxy-logging cache read_only listing_formats tempauth copy slo dlo proxy-logging proxy-server';

const readOnly = (conf: Readonly<Record<string, string>>): ClusterConfig => ({
  pipeline: PIPELINE,
  proxy: { 'filter:read_only': { use: 'egg:swift#read_only', ...conf } },
});

const requests = (title: string): Scenario =>
  scenario(
    title,
    put('{c}'),
    put('{c}/o', { body: 'x' }),
    put('{c}/o', { as: 'none' }),
    put('{c}/o', { body: 'x', headers: { Expect: '100-continue' } }),
    post('{c}', { headers: { 'X-Container-Meta-A': '1' } }),
    post('{c}/o', { headers: { 'X-Object-Meta-A': '1' } }),
    post('/v1/AUTH_test', { headers: { 'X-Account-Meta-A': '' } }),
    copy('{c}/o', { headers: { Destination: '{c}/o2' } }),
    copy('{c}/o', { headers: { Destination: '{c}/o2', 'Destination-Account': 'AUTH_test2' } }),
    get('{c}/o'),
    head('{c}'),
    options('{c}/o'),
    del('{c}/o'),
    del('{c}'),
    send('REPORT', '{c}/o'),
    put('/v2/AUTH_test/{c}'),
    put('/v1', { as: 'none' }),
    post('/v1/AUTH_test/'),
    put('/v1//c'),
  );

export const area: Area = [
  { config: readOnly({}), scenarios: [requests('without options everything passes')] },
  {
    config: readOnly({ read_only: 'true' }),
    scenarios: [
      requests('nothing is written'),
      scenario(
        'a destination account that is none',
        copy('{c}/o', {
          headers: { Destination: '{c}/o2', 'Destination-Account': 'a/b' },
          differs: {
            reason: 'Python Swift breaks on it and answers 500; here it is refused as by the copy filter.',
            status: '412 Precondition Failed',
            headers: { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': '35' },
            body: 'Account name cannot contain slashes',
          },
        }),
      ),
    ],
  },
  { config: readOnly({ read_only: 'true', allow_deletes: 'yes' }), scenarios: [requests('only deletes pass')] },
];
