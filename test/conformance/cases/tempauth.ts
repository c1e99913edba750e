import { type Area, get, head, post, put, scenario, send } from '../scenario.ts';

const LOGIN = { 'X-Auth-User': 'test:tester', 'X-Auth-Key': 'wrong' };
const ACL = 'X-Account-Access-Control';

const BAD_ACLS = [
  '{',
  '[]',
  '"text"',
  'null',
  'plain',
  "it's",
  'both \' and "',
  '{"admin": "x"}',
  '{"admin": [1]}',
  '{"admin": null}',
  '{"read-only": [["a"]], "write": []}',
  '{"ฒ": []}',
  '{"read-write": {}, "admin": ["a", 1]}',
  'ฒ',
];

const GOOD_ACLS = [
  '{"read-only":["ฒ:é","test:tester3"]}',
  '{"read-only":["\\u0e12"]}',
  '{"read-write": ["b", "a"],  "admin": ["c"]}',
  '{}',
  '',
  '{"admin":[]}',
];

const paths = [
  '',
  'v1.0/x',
  'v1',
  'v1/',
  'v2',
  'auth',
  'auth/x',
  'v1/test',
  'v1/test/auth',
  'v1/test/auth/',
  'v1/test/auth/x',
];
const odd = ['v1/other/auth', 'v1/%E0%B8%92/auth', 'v1//auth', '/', 'v1.0', 'v1.0/'];

export const area: Area = [
  {
    scenarios: [
      ...[...paths, ...odd].map((path) =>
        scenario(`a token is asked for at /auth/${path}`, get(`/auth/${path}`, { as: 'none', headers: LOGIN })),
      ),
      scenario(
        'tokens are got by GET, with a name and a key',
        head('/auth/v1.0', { as: 'none', headers: LOGIN }),
        put('/auth/v1.0', { as: 'none', headers: LOGIN }),
        get('/auth/v1.0', { as: 'none' }),
        get('/auth/v1.0', { as: 'none', headers: { 'X-Auth-User': 'nobody', 'X-Auth-Key': 'x' } }),
        get('/auth/v1.0', { as: 'none', headers: { 'X-Auth-User': ':x', 'X-Auth-Key': 'x' } }),
        get('/auth/v1.0', { as: 'none', headers: { 'X-Auth-User': 'test:nobody', 'X-Auth-Key': 'x' } }),
        get('/auth/v1.0', { as: 'none', headers: { 'X-Auth-User': 'test:tester' } }),
      ),
      ...BAD_ACLS.map((acl) =>
        scenario(`an account ACL that is none: ${acl}`, post('/v1/{a}', { as: 'admin', headers: { [ACL]: acl } })),
      ),
      ...GOOD_ACLS.map((acl) =>
        scenario(
          `an account ACL: ${acl}`,
          put('/v1/{a}/c', { as: 'admin' }),
          post('/v1/{a}', { as: 'admin', headers: { [ACL]: acl } }),
          head('/v1/{a}', { as: 'admin' }),
          head('/v1/{a}', { as: 'tester3' }),
        ),
      ),
      scenario(
        'what each level of an account ACL lets a user do',
        put('/v1/{a}/c', { as: 'admin' }),
        ...['read-only', 'read-write', 'admin'].flatMap((level) => [
          post('/v1/{a}', { as: 'admin', headers: { [ACL]: `{"${level}":["test:tester3"]}` } }),
          head('/v1/{a}', { as: 'tester3' }),
          head('/v1/{a}/c', { as: 'tester3' }),
          put('/v1/{a}/c/o', { as: 'tester3', body: 'x' }),
          post('/v1/{a}', { as: 'tester3', headers: { 'X-Account-Meta-Color': 'blue' } }),
        ]),
      ),
      scenario(
        'an account ACL sent with a container is checked too',
        put('/v1/{a}/c', { as: 'admin', headers: { [ACL]: '{"x":[]}' } }),
        put('/v1/{a}/c', { as: 'admin', headers: { [ACL]: '{"read-only":["x"]}' } }),
        head('/v1/{a}', { as: 'admin' }),
      ),
      scenario(
        'names beyond ASCII in container ACLs, as they are and percent-encoded',
        put('/v1/{a}/c', { as: 'admin', headers: { 'X-Container-Read': 'ฒ:é,test%3Atester3' } }),
        put('/v1/{a}/c/o', { as: 'admin', body: 'x' }),
        get('/v1/{a}/c/o', { as: 'tester3' }),
        get('/v1/{a}/c', { as: 'tester3' }),
        head('/v1/{a}/c', { as: 'admin' }),
      ),
      scenario(
        'a bad token names the account as realm',
        send('GET', '/v1/AUTH_%E0%B8%92/c', { as: 'none', headers: { 'X-Auth-Token': 'AUTH_tkx' } }),
        send('GET', '/v1/AUTH_%E0%B8%92/c', { as: 'none' }),
        send('GET', '/v1/', { as: 'none', headers: { 'X-Auth-Token': 'AUTH_tkx' } }),
        send('GET', '/v1/AUTH_test/c', { as: 'none', headers: { 'X-Auth-Token': 'other' } }),
      ),
    ],
  },
];
