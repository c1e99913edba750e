/** What a listing looks like by Accept, in forms usual and odd. */

import { type Area, get, head, put, scenario, type Step } from '../scenario.ts';

const ACCEPTED = [
  ...[
    '',
    '*/*',
    'text/plain',
    'application/json',
    'application/xml',
    'text/xml',
    'text/html',
    'text/*',
    'application/*',
  ],
  ...[
    'application/json;q=0.5, text/plain;q=0.4',
    'text/plain;q=0,*/*',
    'application/json;q=1.5',
    'application/json;q=x',
  ],
  ...[
    'foo',
    'foo/bar',
    '/',
    '*',
    'text',
    'text/plain;',
    'text/plain;charset=utf-8',
    'text/plain;q=0',
    ';;;',
    ',',
    ', text/xml',
  ],
  ...['application/xml;q=0.9,text/xml', 'text/xml,application/xml', 'text/plain; q = 0.3 , application/json', '*/xml'],
  ...[
    'text/plain;a="b,c"',
    'application/json , */*;q=0.1',
    'Application/JSON',
    'text/plain;q=',
    'text/xml;q=1,*/*;q=1',
    'q=1',
  ],
];

function negotiated(path: string): Step[] {
  return [
    ...ACCEPTED.map((accept) => get(path, { headers: { Accept: accept } })),
    ...ACCEPTED.map((accept) => head(path, { headers: { Accept: accept } })),
    get(`${path}?format=xml`, { headers: { Accept: 'text/html' } }),
    get(path, { headers: { Accept: ['text/xml', 'application/json'] } }),
  ];
}

export const area: Area = [
  {
    scenarios: [
      scenario('an empty container', put('{c}'), ...negotiated('{c}')),
      scenario(
        'a container with an object',
        put('{c}'),
        put('{c}/o', { body: 'x' }),
        get('{c}', { until: ({ body }) => body.length > 0 }),
        ...negotiated('{c}'),
      ),
    ],
  },
];
