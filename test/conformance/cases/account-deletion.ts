/** Accounts that are gone: 410 until they are made again. */

import { type Area, del, get, head, options, post, put, scenario, send } from '../scenario.ts';

const A = '/v1/{a}';
const as = { as: 'admin' } as const;
const plain = { as: 'admin', headers: { Accept: 'text/plain' } } as const;

export const area: Area = [
  {
    scenarios: [
      scenario(
        'a deleted account answers 410 to all and is not made anew by a container',
        put(A, as),
        put(`${A}/c`, as),
        put(`${A}/c/o`, { ...as, body: 'x' }),
        del(A, as),
        get(A, plain),
        head(A, as),
        post(A, as),
        del(A, as),
        get(`${A}/c`, plain),
        head(`${A}/c`, as),
        post(`${A}/c`, as),
        put(`${A}/d`, as),
        del(`${A}/c`, as),
        get(`${A}/c/o`, as),
        put(`${A}/c/p`, { ...as, body: 'x' }),
        post(`${A}/c/o`, as),
        del(`${A}/c/o`, as),
        options(A, as),
        put(A, as),
      ),
      scenario(
        'accounts are for resellers to make and end',
        ...(['tester', 'tester2', 'tester3', 'none'] as const).flatMap((user) => [
          put('/v1/AUTH_test', { as: user }),
          del('/v1/AUTH_test', { as: user }),
          put(A, { as: user }),
          del(A, { as: user }),
          get(A, { as: user }),
        ]),
        del(`${A}?x=y`, as),
        del(A, as),
        del(`${A}/`, as),
        send('PATCH', A, as),
        send('TRACE', A, as),
      ),
      scenario(
        'an account that nobody made',
        get(A, plain),
        head(A, as),
        get(`${A}/c`, plain),
        head(`${A}/c/o`, as),
        del(`${A}/c`, as),
        post(`${A}/c`, as),
        put(`${A}/c/o`, { ...as, body: 'x' }),
        post(A, { ...as, headers: { 'X-Account-Meta-A': 'b' } }),
        head(A, as),
      ),
    ],
  },
  {
    config: { proxy: { 'app:proxy-server': { allow_account_management: 'false', account_autocreate: 'false' } } },
    scenarios: [
      scenario(
        'without account management',
        put(A, as),
        del(A, as),
        get(A, plain),
        head(A, as),
        post(A, as),
        put(`${A}/c`, as),
        options(A, as),
        options(`${A}/c`, as),
        send('PATCH', A, as),
      ),
    ],
  },
];
