/** Paths of every kind: what they name, and what is refused. */

import { type Area, del, get, head, options, post, put, scenario, type Scenario } from '../scenario.ts';

const ODD = [
  ...['/', '//', '/v1', '/v1/', '/v1//', '/v1//c', '/v1/AUTH_test/c//o', '/v2/AUTH_test', '/V1/AUTH_test', '/v1foo'],
  ...['/v1.0/AUTH_test/{c}', '/v1.1/AUTH_test', '/v1/AUTH_test/a%2Fb', '/v1/AUTH_test/{c}/%2F', '/v1/AUTH_test/{c}/.'],
  ...[
    '/v1/AUTH_test/{c}/..',
    '/v1/AUTH_test/{c}/../o',
    '/v1/AUTH_test/./{c}',
    '/v1/AUTH_test/{c}/o/',
    '/v1/AUTH_test/{c}/',
  ],
  ...[
    '/v1/AUTH_test/%ff',
    '/v1/AUTH_test/{c}/%ff',
    '/v1/AUTH_test/{c}/%00',
    '/v1/AUTH_test/%00c',
    '/v1/AUTH_test/%00c/%00o',
  ],
  ...['/v1/%00a', '/v1/AUTH_test/{c}/%', '/v1/AUTH_test/{c}/%zz', '/v1/AUTH_test/{c}/%2', '/v1/AUTH_test/{c}/o%20'],
  ...['/v1/AUTH_test/{c}/%C3%A9', '/v1/AUTH_test/{c}/a;b', '/v1/AUTH_test/{c}/a?b', '/v1/AUTH_test/{c}/a%3Fb'],
  ...[
    '/v1/AUTH_test/{c}/a+b',
    '/v1/AUTH_test/{c}/a%0Ab',
    '/v1/AUTH_test/{c}/%ED%A0%80',
    '/v1/AUTH_test/{c}/%F4%90%80%80',
  ],
  ...['/v1/AUTH_test/{c}/%C0%80', '/v1/AUTH_test/{c}/#f', `/v1/AUTH_test/${'c'.repeat(257)}`],
  ...[`/v1/AUTH_test/${'%C3%A9'.repeat(129)}`, `/v1/AUTH_test/{c}/${'o'.repeat(1025)}`, `/v1/${'a'.repeat(257)}`],
  ...[
    '/healthcheck/',
    '/info/',
    '/endpoints/a/b',
    '/auth/',
    '/auth/v2',
    '/v1/OTHER_x',
    '/v1/.expiring_objects',
    '/v1/.foo/c',
  ],
];

/** All but DELETE of what other scenarios use. */
function asked(path: string): Scenario {
  const spared = /^\/v1(\.\d)?\/AUTH_test\/?$/.test(path);
  return scenario(
    path,
    put('{c}'),
    get(path),
    head(path),
    options(path),
    put(path, { body: 'x' }),
    post(path),
    get(path),
    ...(spared ? [] : [del(path), get(path, { as: 'none' }), put(path, { as: 'none', body: 'x' })]),
  );
}

/** A listing of the whole account differs from run to run. */
const LISTS_ALL = new Set(['/v1.1/AUTH_test']);

export const area: Area = [{ scenarios: ODD.filter((path) => !LISTS_ALL.has(path)).map(asked) }];
