/** Access lists of containers: what is taken, how it is kept, whom it lets in. */

import { type Area, del, get, head, post, put, scenario, type Step, type UserName } from '../scenario.ts';

const GOOD = [
  '.r:*',
  '.r:*,.rlistings',
  '.rlistings',
  '.r:example.com',
  '.r:.example.com,.rlistings',
  '.r:*,.r:-.bad.com',
  'test:tester3',
  'test2',
  '*:*',
  '*',
  'test2:*',
  '*:tester3',
];
const ODD = [
  ...[
    '.r:*.example.com',
    '.ref:*',
    '.referer:*',
    '.referrer:*',
    '.r: *',
    '. r : *',
    '.r:',
    '.r',
    '.r:-',
    '.r:.',
    '.r:*.',
  ],
  ...[
    ' a , b ',
    'a,,b',
    ',',
    '',
    '.x:*',
    '.foo',
    'test:tester3 , .r:*',
    '.R:*',
    '.r:http://a',
    '.r:a b',
    '.r:-*',
    '.r:*a',
  ],
  ...['.r:a*', 'é', '%2E', '.r:**', '"a"', ',,.r:*,', '.r:*:8080'],
];
const REFERRERS = ['http://www.example.com/x', 'http://x.bad.com/', 'https://example.com:8080/'];
const OTHERS: UserName[] = ['tester3', 'tester2', 'none'];

function tried(): Step[] {
  return OTHERS.flatMap((as) => [
    get('{c}/o', { as }),
    ...REFERRERS.map((Referer) => get('{c}/o', { as, headers: { Referer } })),
    get('{c}', { as }),
    head('{c}', { as }),
    put('{c}/new', { as }),
    post('{c}/o', { as }),
    del('{c}/new', { as }),
    post('{c}', { as }),
  ]);
}

const made = [put('{c}'), put('{c}/o', { body: 'x', headers: { 'Content-Type': 'a/b' } })];

export const area: Area = [
  {
    scenarios: [
      ...GOOD.flatMap((acl) => [
        scenario(`readers ${acl}`, ...made, post('{c}', { headers: { 'X-Container-Read': acl } }), ...tried()),
        ...(acl.startsWith('.')
          ? []
          : [scenario(`writers ${acl}`, ...made, post('{c}', { headers: { 'X-Container-Write': acl } }), ...tried())]),
      ]),
      scenario(
        'lists in odd forms',
        put('{c}'),
        ...[...GOOD, ...ODD].flatMap((acl) => [
          post('{c}', { headers: { 'X-Container-Read': acl } }),
          post('{c}', { headers: { 'X-Container-Write': acl } }),
          head('{c}'),
        ]),
      ),
      scenario(
        'lists are removed, by an empty value and by name',
        put('{c}', { headers: { 'X-Container-Read': '.r:*', 'X-Container-Write': 'a:b' } }),
        post('{c}', { headers: { 'X-Remove-Container-Read': 'x' } }),
        head('{c}'),
        post('{c}', { headers: { 'X-Container-Write': '' } }),
        head('{c}'),
        put('{c}', { headers: { 'X-Container-Read': '.r:bad bad:' } }),
      ),
      scenario(
        'an operator says whether a container may be sharded, and sees it',
        put('{c}'),
        ...['true', 'on', 'banana', ''].flatMap((value) => [
          post('{c}', { headers: { 'X-Container-Sharding': value }, as: 'admin' }),
          head('/v1/AUTH_test/{c}', { as: 'admin' }),
          head('{c}'),
        ]),
      ),
    ],
  },
];
