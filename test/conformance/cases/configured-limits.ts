/** Limits and policies that swift.conf sets. */

import { type Area, get, head, post, put, scenario } from '../scenario.ts';

const as = { as: 'admin' } as const;

export const area: Area = [
  {
    config: {
      swiftConf: {
        'swift-constraints': {
          ...{ max_file_size: '100', max_meta_name_length: '10', max_meta_value_length: '20', max_meta_count: '3' },
          ...{
            max_meta_overall_size: '40',
            max_header_size: '300',
            extra_header_count: '2',
            max_object_name_length: '20',
          },
          ...{ container_listing_limit: '3', account_listing_limit: '2', max_account_name_length: '60' },
          ...{ max_container_name_length: '90', valid_api_versions: 'v1,v7' },
        },
        'storage-policy:1': { name: 'silver', aliases: 'argent, zilver', deprecated: 'yes' },
      },
    },
    scenarios: [
      scenario(
        'sizes and names',
        put('{c}'),
        put('{c}/o', { body: 100 }),
        put('{c}/o', { body: 101 }),
        put('{c}/o', { body: 101, chunked: true }),
        put('{c}/o', { body: 100, chunked: true }),
        put(`{c}/${'o'.repeat(20)}`, { body: 'x' }),
        put(`{c}/${'o'.repeat(21)}`, { body: 'x' }),
        put(`{c}/${'%C3%A9'.repeat(10)}`, { body: 'x' }),
        put(`{c}/${'%C3%A9'.repeat(11)}`, { body: 'x' }),
        get(`{c}/${'o'.repeat(21)}`),
        put(`/v1/AUTH_test/${'c'.repeat(91)}`),
        get(`/v1/AUTH_test/${'c'.repeat(91)}`),
        get(`/v1/AUTH_${'a'.repeat(60)}`, as),
        get('/v7/AUTH_test/{c}/o'),
        get('/v1.0/AUTH_test/{c}/o'),
      ),
      scenario(
        'metadata',
        put('{c}'),
        put('{c}/o', { body: 'x' }),
        ...['Container', 'Object'].flatMap((kind) => {
          const path = kind === 'Object' ? '{c}/o' : '{c}';
          const prefix = `X-${kind}-Meta-`;
          return [
            post(path, { headers: { [`${prefix}${'n'.repeat(10)}`]: 'v'.repeat(20) } }),
            post(path, { headers: { [`${prefix}${'n'.repeat(11)}`]: 'v' } }),
            post(path, { headers: { [`${prefix}N`]: 'v'.repeat(21) } }),
            post(path, {
              headers: { [`${prefix}A`]: '1', [`${prefix}B`]: '2', [`${prefix}C`]: '3', [`${prefix}D`]: '4' },
            }),
            post(path, { headers: { [`${prefix}A`]: 'v'.repeat(20), [`${prefix}B`]: 'v'.repeat(20) } }),
            head(path),
          ];
        }),
      ),
      scenario(
        'listings',
        put('{c}'),
        ...['1', '2', '3', '4'].map((name) => put(`{c}/${name}`, { body: 'x' })),
        get('{c}', { until: ({ body }) => body.toString().split('\n').length === 4 }),
        get('{c}?limit=3'),
        get('{c}?limit=4'),
        head('{c}?limit=4'),
        get('/v1/AUTH_test?limit=3'),
      ),
      scenario(
        'policies',
        put('{c}', { headers: { 'X-Storage-Policy': 'silver' } }),
        put('{c}', { headers: { 'X-Storage-Policy': 'Argent' } }),
        put('{c}', { headers: { 'X-Storage-Policy': 'gold' } }),
        put('{c}', { headers: { 'X-Storage-Policy': 'zilver' } }),
        put('{c}', { headers: { 'X-Storage-Policy': 'nope' } }),
        post('{c}', { headers: { 'X-Storage-Policy': 'silver' } }),
        head('{c}'),
      ),
    ],
  },
  {
    config: { swiftConf: { 'storage-policy:1': { name: 'silver', aliases: 'argent, zilver' } } },
    scenarios: [
      scenario(
        'a policy by its aliases, in any case, and its conflicts',
        put('{c}', { headers: { 'X-Storage-Policy': 'ARGENT' } }),
        head('{c}'),
        put('{c}', { headers: { 'X-Storage-Policy': 'zilver' } }),
        put('{c}', { headers: { 'X-Storage-Policy': 'gold' } }),
        put('{c}', { headers: { 'X-Storage-Policy': '' } }),
        put('{c}', { headers: { 'X-Storage-Policy': '1' } }),
        put('{c}', { headers: { 'X-Backend-Storage-Policy-Index': '0' } }),
        put('{c}'),
      ),
    ],
  },
];
