/** Limits on metadata of accounts, containers and objects, by POST and PUT. */

import { type Area, head, post, put, type Scenario, scenario, type Step } from '../scenario.ts';

type Headers = Record<string, string>;

const many = (prefix: string, count: number, value: string, tail = ''): Headers =>
  Object.fromEntries(Array.from({ length: count }, (_, at) => [`${prefix}k${at}${tail}`, value]));

/** Requests at the limits and just beyond them. */
function limits(prefix: string): Headers[] {
  return [
    { [`${prefix}${'a'.repeat(128)}`]: 'x' },
    { [`${prefix}${'a'.repeat(129)}`]: 'x' },
    { [`${prefix}v`]: 'x'.repeat(256) },
    { [`${prefix}v`]: 'x'.repeat(257) },
    { [`${prefix}v`]: 'é'.repeat(128) },
    { [`${prefix}v`]: 'é'.repeat(129) },
    many(prefix, 90, 'x'),
    many(prefix, 91, 'x'),
    many(prefix, 17, 'x'.repeat(250)),
    many(prefix, 15, 'x'.repeat(200), 'n'.repeat(100)),
    { [prefix]: 'x' },
    { [`${prefix}empty`]: '' },
    { [`${prefix}nul`]: 'a%00b' },
    { [`${prefix}under_score`]: '1' },
    { 'X-Other': 'x'.repeat(7000) },
  ];
}

function of(
  kind: 'Account' | 'Container' | 'Object',
  path: string,
  made: Step[],
  rest: Partial<Step> = {},
): Scenario[] {
  const requests = limits(`X-${kind}-Meta-`);
  const removal = { [`X-Remove-${kind}-Meta-K1`]: 'x', [`X-${kind}-Meta-K2`]: '' };
  return [
    scenario(
      `${kind}: a POST at and beyond the limits`,
      ...made,
      ...requests.map((headers) => post(path, { ...rest, headers })),
      post(path, { ...rest, headers: removal }),
      head(path, rest),
    ),
    scenario(
      `${kind}: a PUT at and beyond the limits`,
      ...made,
      ...requests.map((headers) => put(path, { ...rest, headers })),
    ),
  ];
}

export const area: Area = [
  {
    scenarios: [
      ...of('Account', '/v1/{a}', [put('/v1/{a}', { as: 'admin' })], { as: 'admin' }),
      ...of('Container', '{c}', [put('{c}')]),
      ...of('Object', '{c}/o', [put('{c}'), put('{c}/o', { body: 'x' })]),
    ],
  },
];
