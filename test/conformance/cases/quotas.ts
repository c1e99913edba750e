/** Quotas of accounts and containers. */

import { type Area, copy, get, post, put, scenario } from '../scenario.ts';

const BYTES = 'X-Container-Meta-Quota-Bytes';
const COUNT = 'X-Container-Meta-Quota-Count';
const VALUES = ['100', '0', '', 'lots', '-1', '1.5', ' 7 '];
const ACCOUNT_QUOTA = 'X-Account-Meta-Quota-Bytes';

export const area: Area = [
  {
    scenarios: [
      scenario(
        'a quota of a container is a number',
        put('{c}'),
        ...[BYTES, COUNT].flatMap((name) =>
          VALUES.flatMap((value) => [
            put('{c}', { headers: { [name]: value } }),
            post('{c}', { headers: { [name]: value } }),
          ]),
        ),
        post('{c}', { headers: { 'X-Remove-Container-Meta-Quota-Bytes': 'x' } }),
      ),
      scenario(
        'an upload may not take a container beyond its bytes',
        put('{c}', { headers: { [BYTES]: '5' } }),
        put('{c}/o', { body: '123456' }),
        put('{c}/o', { body: '123456', headers: { Expect: '100-continue' } }),
        put('{c}/o', { body: '12345' }),
        put('{c}/chunked', { body: '123', chunked: true, headers: { 'X-Object-Meta-A': 'b' } }),
        post('{c}/o', { headers: { 'X-Object-Meta-A': 'b' } }),
        put('{c}/o', { body: '123456', as: 'tester2' }),
        put('{c}/o', { body: '123456', as: 'none' }),
      ),
      scenario(
        'an upload may not take a container beyond its number of objects',
        put('{c}', { headers: { [COUNT]: '0' } }),
        put('{c}/o', { body: '' }),
        put('{c}/o', { body: '1', chunked: true }),
        put('{c}/o/', { body: '1' }),
      ),
      scenario(
        'a copy counts as an upload',
        put('{c}', { headers: { [BYTES]: '5' } }),
        put('{c}s'),
        put('{c}s/o', { body: '123456' }),
        copy('{c}s/o', { headers: { Destination: '{c}/o' } }),
        put('{c}/o', { headers: { 'X-Copy-From': '{c}s/o' } }),
        put('{c}/o', { headers: { 'X-Copy-From': '{c}s/o', Range: 'bytes=0-1' } }),
      ),
      scenario(
        'only resellers set the quota of an account',
        ...['100', '', 'lots'].map((value) => post('/v1/AUTH_test', { headers: { [ACCOUNT_QUOTA]: value } })),
        post('/v1/AUTH_test', { headers: { 'X-Remove-Account-Meta-Quota-Bytes': 'x' } }),
        post('/v1/AUTH_test', { headers: { [ACCOUNT_QUOTA]: '1' }, as: 'none' }),
        put('/v1/{a}', { as: 'admin' }),
        ...VALUES.map((value) => post('/v1/{a}', { headers: { [ACCOUNT_QUOTA]: value }, as: 'admin' })),
        post('/v1/{a}', {
          headers: { [ACCOUNT_QUOTA]: 'lots', 'X-Remove-Account-Meta-Quota-Bytes': 'x' },
          as: 'admin',
        }),
        get('/v1/{a}', { as: 'admin' }),
      ),
      scenario(
        'an upload may not take an account beyond its bytes, except a reseller’s',
        put('/v1/{a}', { headers: { [ACCOUNT_QUOTA]: '5' }, as: 'admin' }),
        put('/v1/{a}/c', {
          headers: { 'X-Container-Write': 'test:tester', 'X-Container-Read': 'test:tester' },
          as: 'admin',
        }),
        put('/v1/{a}/c/o', { body: '123456' }),
        put('/v1/{a}/c/o', { body: '123456', headers: { Expect: '100-continue' } }),
        put('/v1/{a}/c/o', { body: '12345' }),
        put('/v1/{a}/c/chunked', { body: '123', chunked: true }),
        post('/v1/{a}/c/o', { headers: { 'X-Object-Meta-A': 'b' } }),
        put('/v1/{a}/c/o', { body: '123456', as: 'tester2' }),
        put('/v1/{a}/c/o', { body: '123456', as: 'none' }),
        put('/v1/{a}/none/o', { body: '123456' }),
        put('/v1/{a}/c/o', { body: '123456', as: 'admin' }),
      ),
    ],
  },
];
