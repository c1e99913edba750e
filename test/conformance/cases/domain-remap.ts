import { type Area, del, get, head, put, scenario } from '../scenario.ts';

const at = (host: string): { headers: Record<string, string> } => ({ headers: { Host: host } });

const hosts = (c: string): readonly string[] => [
  ...[`${c}.AUTH-test.example.com`, `${c}.auth_test.example.com`, `${c}.AUTH_test.example.com:8080`],
  ...[`${c}.test.example.com`, `a.${c}.AUTH_test.example.com`, `${c}.AUTH_test.EXAMPLE.com`, 'AUTH_test.example.com'],
  ...[
    'example.com',
    '.example.com',
    'xexample.com',
    `${c}.auth-te-st.example.com`,
    `.${c}.AUTH_test.example.com`,
    '-.example.com',
  ],
];

export const area: Area = [
  {
    scenarios: [
      ...hosts('{c}').map((host) =>
        scenario(`host ${host}`, put('{c}'), put('{c}/o', { body: 'x' }), get('/o', at(host)), get('/{c}/o', at(host))),
      ),
      scenario(
        'objects are written and read under the domain of their container',
        put('/', at('{c}.AUTH_test.example.com')),
        put('/a%20b/caf%C3%A9', { body: 'hello', ...at('{c}.auth-test.example.com') }),
        get('{c}/a%20b/caf%C3%A9'),
        head('/a%20b/caf%C3%A9', at('{c}.AUTH_test.example.com')),
        get('/v1/AUTH_test/{c}/a%20b/caf%C3%A9', at('{c}.AUTH_test.example.com')),
        del('/a%20b/caf%C3%A9', at('{c}.AUTH_test.example.com')),
        get('/v1', at('{c}.AUTH_test.example.com')),
      ),
      scenario(
        'containers under the domain of their account',
        put('/{c}', at('AUTH-test.example.com')),
        put('/{c}/o', { body: 'x', ...at('AUTH-test.example.com') }),
        get('{c}/o'),
        get('/{c}/', at('AUTH-test.example.com')),
      ),
    ],
  },
  {
    config: {
      proxy: {
        'filter:domain_remap': {
          storage_domain: '.dotted.org, plain.org',
          path_root: '/v1/',
          reseller_prefixes: 'SERVICE, auth',
          default_reseller_prefix: 'AUTH',
          mangle_client_paths: 'yes',
        },
      },
    },
    scenarios: [
      scenario(
        'a prefix of the operator, and paths that have the version already',
        put('{c}'),
        put('{c}/o', { body: 'x' }),
        ...[
          '{c}.test.plain.org',
          '{c}.test.dotted.org',
          '{c}.AUTH-test.plain.org',
          '{c}.service-test.plain.org',
          '{c}.test.example.com',
        ].map((host) => get('/o', at(host))),
        ...['/v1/o', '/v1', '/v1/', '/v1.0/o', '/v1x/o'].map((path) => get(path, at('{c}.test.plain.org'))),
      ),
    ],
  },
];
