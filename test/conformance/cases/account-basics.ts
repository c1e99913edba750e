/** Accounts: what is told of them, their listings, their metadata and their end. */

import { type Area, type Difference, del, get, head, options, post, put, scenario, send } from '../scenario.ts';

const POLICIES_LISTED = 'JSON listings of an account name the policy of each container, as later versions of Swift do';

/** What Apus answers in place of a listing without policies. */
function withPolicies(body: string, lengthBytes: number): { differs: Difference } {
  return { differs: { reason: POLICIES_LISTED, body, headers: { 'Content-Length': String(lengthBytes) } } };
}

const row = (name: string): string =>
  `{"name": "${name}", "count": 0, "bytes": 0, "last_modified": "<iso-date.ffffff>", "storage_policy": "gold"}`;
const LISTING = '/v1/{a}';
const asAdmin = { as: 'admin' } as const;

export const area: Area = [
  {
    scenarios: [
      scenario('an account that nobody has used is empty', head(LISTING, asAdmin), get(LISTING, asAdmin)),
      scenario(
        'an empty account is listed as nothing in every format',
        get(`${LISTING}?format=json`, asAdmin),
        get(`${LISTING}?format=xml`, asAdmin),
        get(`${LISTING}?format=plain`, asAdmin),
        get(`${LISTING}?format=other`, asAdmin),
      ),
      scenario(
        'containers are listed in every format',
        put(`${LISTING}/b`, asAdmin),
        put(`${LISTING}/a%20%3C%26%22`, asAdmin),
        put(`${LISTING}/%C3%BC`, asAdmin),
        get(LISTING, asAdmin),
        get(`${LISTING}?format=json`, {
          as: 'admin',
          ...withPolicies(`[${row('a <&\\"')}, ${row('b')}, ${row('\\u00fc')}]`, 346),
        }),
        get(`${LISTING}?format=xml`, asAdmin),
        head(`${LISTING}?format=json`, asAdmin),
      ),
      scenario(
        'a listing is asked for by Accept',
        put(`${LISTING}/b`, asAdmin),
        ...['application/xml', 'text/xml', 'text/plain', 'text/html', '*/*', ''].map((accept) =>
          get(LISTING, { as: 'admin', headers: { Accept: accept } }),
        ),
        ...['application/json', 'application/*', 'application/xml;q=0.5, application/json;q=0.9'].map((accept) =>
          get(LISTING, { as: 'admin', headers: { Accept: accept }, ...withPolicies(`[${row('b')}]`, 112) }),
        ),
        get(LISTING, { as: 'admin', headers: { Accept: 'application/xml;q=much' } }),
        get(LISTING, { as: 'admin', headers: { Accept: 'image/png' } }),
        get(`${LISTING}?format=xml`, { as: 'admin', headers: { Accept: 'application/json' } }),
      ),
      scenario(
        'a listing is cut by limit, marker, end_marker, prefix and delimiter, in both orders',
        ...['a-1', 'a-2', 'b', 'c-1'].map((name) => put(`${LISTING}/${name}`, asAdmin)),
        ...[
          'limit=2',
          'limit=0',
          'limit=x',
          'limit=-1',
          'limit=10001',
          'marker=a-1',
          'marker=a-1&end_marker=c',
          'prefix=a',
          'prefix=a&delimiter=-',
          'delimiter=-',
          'delimiter=-&format=xml',
          'reverse=on',
          'reverse=true&limit=2&marker=c-1',
          'reverse=no',
          'prefix=%00',
        ].map((query) => get(`${LISTING}?${query}`, asAdmin)),
        get(`${LISTING}?delimiter=-&format=json`, {
          as: 'admin',
          ...withPolicies(`[{"subdir": "a-"}, ${row('b')}, {"subdir": "c-"}]`, 148),
        }),
      ),
      scenario(
        "an account's metadata is set, changed and removed",
        post(LISTING, { as: 'admin', headers: { 'X-Account-Meta-Color': 'blue', 'X-Account-Meta-ฒ': 'ß' } }),
        head(LISTING, asAdmin),
        post(LISTING, { as: 'admin', headers: { 'X-Account-Meta-Color': 'green' } }),
        head(LISTING, asAdmin),
        post(LISTING, { as: 'admin', headers: { 'X-Remove-Account-Meta-Color': 'x', 'X-Account-Meta-ฒ': '' } }),
        get(LISTING, asAdmin),
      ),
      scenario(
        'metadata whose name has a letter of two bytes',
        post(LISTING, {
          as: 'admin',
          headers: { 'X-Account-Meta-ü': 'v' },
          differs: {
            reason: 'Python lower-cases the bytes of such names, and then finds that they are not UTF-8',
            status: '204 No Content',
            headers: { 'Content-Length': '0' },
            body: '',
          },
        }),
      ),
      scenario(
        'metadata that is too long, too much or has no name is refused',
        post(LISTING, { as: 'admin', headers: { [`X-Account-Meta-${'n'.repeat(128)}`]: 'v' } }),
        post(LISTING, { as: 'admin', headers: { [`X-Account-Meta-${'n'.repeat(129)}`]: 'v' } }),
        post(LISTING, { as: 'admin', headers: { 'X-Account-Meta-A': 'v'.repeat(256) } }),
        post(LISTING, { as: 'admin', headers: { 'X-Account-Meta-A': 'v'.repeat(257) } }),
        post(LISTING, { as: 'admin', headers: { 'X-Account-Meta-': 'v' } }),
        post(LISTING, {
          as: 'admin',
          headers: Object.fromEntries(Array.from({ length: 91 }, (_, at) => [`X-Account-Meta-${at}`, 'v'])),
        }),
      ),
      scenario(
        'only a reseller makes and ends accounts',
        put('/v1/AUTH_test'),
        del('/v1/AUTH_test'),
        put(LISTING, asAdmin),
        put(LISTING, asAdmin),
        del(LISTING, asAdmin),
        head(LISTING, asAdmin),
        get(LISTING, asAdmin),
        put(`${LISTING}/c`, asAdmin),
        del(LISTING, asAdmin),
      ),
      scenario(
        'an account with containers is ended, too',
        put(`${LISTING}/c`, asAdmin),
        del(`${LISTING}?x`, asAdmin),
        get(`${LISTING}/c`, asAdmin),
      ),
      scenario(
        'who has no token, a wrong one or no rights is kept out',
        get('/v1/AUTH_test', { as: 'none' }),
        head('/v1/AUTH_test', { as: 'none' }),
        get('/v1/AUTH_test', { as: 'none', headers: { 'X-Auth-Token': 'AUTH_tkwrong' } }),
        get('/v1/AUTH_test', { as: 'tester2' }),
        get('/v1/AUTH_test', { as: 'tester3' }),
        get('/v1/OTHER_test'),
        get('/v1/AUTH_'),
      ),
      scenario(
        'tokens are given for name and key',
        get('/auth/v1.0', { as: 'none' }),
        get('/auth/v1.0', { as: 'none', headers: { 'X-Auth-User': 'test:tester', 'X-Auth-Key': 'testing' } }),
        get('/auth/v1.0', { as: 'none', headers: { 'X-Storage-User': 'test:tester', 'X-Storage-Pass': 'testing' } }),
        get('/auth/v1.0', { as: 'none', headers: { 'X-Auth-User': 'test:tester', 'X-Auth-Key': 'wrong' } }),
        get('/auth/v1.0', { as: 'none', headers: { 'X-Auth-User': 'tester', 'X-Auth-Key': 'testing' } }),
        get('/auth/v2.0', { as: 'none' }),
        get('/auth/', { as: 'none' }),
      ),
      scenario(
        'paths that name no account are refused',
        get('/'),
        get('/v1'),
        get('/v1/'),
        get('/v2/AUTH_test'),
        get('/v1.0/{a}?limit=1', asAdmin),
        get('//AUTH_test'),
        get('/nothing'),
        get('/v1//c/o'),
      ),
      scenario(
        'a method that accounts do not have is refused with those that they have',
        send('PATCH', LISTING, asAdmin),
        send('COPY', LISTING, asAdmin),
        send('REPLICATE', LISTING, asAdmin),
        send('get', LISTING, asAdmin),
        options(LISTING, asAdmin),
        options(LISTING, { as: 'none' }),
      ),
      scenario(
        'names that are not UTF-8 are refused',
        get('/v1/AUTH_%ff', asAdmin),
        get('/v1/AUTH_test/%ff'),
        put('%ff'),
        get('{c}/%ff'),
      ),
      scenario(
        'health and crossdomain are told to everybody',
        get('/healthcheck', { as: 'none' }),
        head('/healthcheck', { as: 'none' }),
        put('/healthcheck', { as: 'none' }),
        get('/crossdomain.xml', { as: 'none' }),
      ),
    ],
  },
];
