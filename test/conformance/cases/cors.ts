/** Requests from scripts of other origins. */

import { type Area, del, get, head, options, post, put, scenario, type Scenario, type Step } from '../scenario.ts';

const ORIGINS = ['http://a.example', 'http://c.example', '', '*'];
const CONTAINERS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'that says nothing': {},
  'that allows one origin': { 'X-Container-Meta-Access-Control-Allow-Origin': 'http://a.example' },
  'that allows several': {
    'X-Container-Meta-Access-Control-Allow-Origin': 'http://a.example  http://b.example',
    'X-Container-Meta-Access-Control-Max-Age': '77',
    'X-Container-Meta-Access-Control-Expose-Headers': 'X-Foo  X-Bar x-timestamp',
  },
  'that allows all': { 'X-Container-Meta-Access-Control-Allow-Origin': '*' },
  'that allows all and one': { 'X-Container-Meta-Access-Control-Allow-Origin': '* http://a.example' },
  'of odd values': {
    'X-Container-Meta-Access-Control-Allow-Origin': ' * ',
    'X-Container-Meta-Access-Control-Max-Age': 'abc',
    'X-Container-Meta-Access-Control-Expose-Headers': ',',
  },
};

/** Those that are refused. What is allowed has its names spelled in lower case by Swift, and its lists in no order. */
function preflights(path: string, Origin: string): Step[] {
  const asked: Record<string, string>[] = [
    {},
    { 'Access-Control-Request-Method': 'PATCH' },
    { 'Access-Control-Request-Method': 'get' },
  ];
  return asked.map((headers) => options(path, { as: 'none', headers: { Origin, ...headers } }));
}

function asked(Origin: string): Step[] {
  const headers = { Origin };
  return [
    get('{c}/o', { headers }),
    head('{c}/o', { headers }),
    get('{c}', { headers }),
    get('{c}/missing', { headers }),
    get('{c}/o', { headers, as: 'none' }),
    get('{c}/o', { headers: { Origin, Range: 'bytes=100-' } }),
    put('{c}/new', { headers, body: 'x' }),
    post('{c}/o', { headers }),
    del('{c}/new', { headers }),
    ...preflights('{c}/o', Origin),
  ];
}

function scenarios(where = ''): Scenario[] {
  return Object.entries(CONTAINERS).map(([name, headers]) =>
    scenario(
      `a container ${name}${where}`,
      put('{c}', { headers }),
      put('{c}/o', { body: 'hello', headers: { 'X-Object-Meta-Color': 'blue' } }),
      get('{c}', { until: ({ body }) => body.length > 0 }),
      ...ORIGINS.flatMap(asked),
      ...preflights('{c}', 'http://a.example'),
      ...preflights('/v1/AUTH_test', 'http://a.example'),
    ),
  );
}

export const area: Area = [
  { scenarios: scenarios() },
  {
    config: {
      proxy: {
        'app:proxy-server': {
          strict_cors_mode: 'false',
          cors_allow_origin: 'http://c.example , http://d.example',
          cors_expose_headers: 'X-Operator, X-foo',
        },
      },
    },
    scenarios: scenarios(' where the operator says more'),
  },
];
