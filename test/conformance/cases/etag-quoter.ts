/** Quotes around ETags, for accounts and containers that want them. */

import type { ClusterConfig } from '../../cluster/configuration.ts';
import { type Area, copy, get, head, post, put, type Scenario, scenario, type Step } from '../scenario.ts';

const BY_DEFAULT: ClusterConfig = { proxy: { 'filter:etag-quoter': { enable_by_default: 'yes' } } };

const ACCOUNT = '/v1/{a}';

/** Every request that has an ETag in its answer. */
function answersWithEtags(container: string): Step[] {
  return [
    put(`${container}/o`, { as: 'admin', body: 'hello' }),
    head(`${container}/o`, { as: 'admin' }),
    get(`${container}/o`, { as: 'admin' }),
    get(`${container}/o`, { as: 'admin', headers: { Range: 'bytes=1-2' } }),
    get(`${container}/o`, { as: 'admin', headers: { 'If-None-Match': '"5d41402abc4b2a76b9719d911017c592"' } }),
    get(`${container}/o`, { as: 'admin', headers: { 'If-Match': 'other' } }),
    get(`${container}/none`, { as: 'admin' }),
    copy(`${container}/o`, { as: 'admin', headers: { Destination: `/{c}/copied` } }),
    post(`${container}/o`, { as: 'admin', headers: { 'X-Object-Meta-A': '1' } }),
    get(`${container}?format=json`, { as: 'admin' }),
  ];
}

const container = (value: string): Step =>
  put(`${ACCOUNT}/{c}`, { as: 'admin', headers: { 'X-Container-Rfc-Compliant-Etags': value } });
const account = (value: string): Step =>
  post(ACCOUNT, { as: 'admin', headers: { 'X-Account-Rfc-Compliant-Etags': value } });

const settings: Scenario[] = [
  scenario(
    'an account that says nothing has what the config says',
    put(`${ACCOUNT}/{c}`, { as: 'admin' }),
    ...answersWithEtags(`${ACCOUNT}/{c}`),
  ),
  ...['true', 'no', 'nonsense'].flatMap((value) => [
    scenario(
      `a container decides for itself: ${value}`,
      container(value),
      head(`${ACCOUNT}/{c}`, { as: 'admin' }),
      ...answersWithEtags(`${ACCOUNT}/{c}`),
    ),
    scenario(
      `an account decides for its containers: ${value}`,
      account(value),
      head(ACCOUNT, { as: 'admin' }),
      put(`${ACCOUNT}/{c}`, { as: 'admin' }),
      ...answersWithEtags(`${ACCOUNT}/{c}`),
    ),
  ]),
  scenario(
    'a container wins over its account',
    account('true'),
    container('false'),
    head(`${ACCOUNT}/{c}`, { as: 'admin' }),
    ...answersWithEtags(`${ACCOUNT}/{c}`),
  ),
  scenario(
    'a setting goes with an empty value or with X-Remove-',
    account('on'),
    container('on'),
    post(`${ACCOUNT}/{c}`, { as: 'admin', headers: { 'X-Container-Rfc-Compliant-Etags': '' } }),
    head(`${ACCOUNT}/{c}`, { as: 'admin' }),
    post(ACCOUNT, {
      as: 'admin',
      headers: { 'X-Remove-Account-Rfc-Compliant-Etags': 'x', 'X-Account-Rfc-Compliant-Etags': 'on' },
    }),
    head(ACCOUNT, { as: 'admin' }),
    container('off'),
    post(`${ACCOUNT}/{c}`, { as: 'admin', headers: { 'X-Remove-Container-Rfc-Compliant-Etags': '' } }),
    head(`${ACCOUNT}/{c}`, { as: 'admin' }),
    get(`${ACCOUNT}/{c}`, { as: 'admin' }),
  ),
  scenario(
    'a path that is none of its own is left alone',
    get('/v1', { as: 'none' }),
    get('/v2/{a}/c/o', { as: 'admin' }),
    get('/v1/{a}/{c}-none/o', { as: 'admin' }),
    get('/v1/{a}//o', {
      as: 'admin',
      differs: {
        reason: 'Python Swift breaks on it and answers 500; it is refused as without this filter.',
        status: '412 Precondition Failed',
        headers: { 'Content-Type': 'text/html; charset=UTF-8', 'Content-Length': '7' },
        body: 'Bad URL',
      },
    }),
  ),
];

export const area: Area = [
  { scenarios: settings },
  {
    config: BY_DEFAULT,
    scenarios: [
      scenario('quoted by default', put(`${ACCOUNT}/{c}`, { as: 'admin' }), ...answersWithEtags(`${ACCOUNT}/{c}`)),
      scenario(
        'an account may have them bare where quotes are the default',
        account('false'),
        put(`${ACCOUNT}/{c}`, { as: 'admin' }),
        ...answersWithEtags(`${ACCOUNT}/{c}`),
      ),
    ],
  },
];
