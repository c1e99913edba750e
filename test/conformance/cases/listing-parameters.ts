/** Listings with every parameter, sensible and not. */

import { type Area, get, head, put, scenario, type Step } from '../scenario.ts';

const NAMES = [
  'a',
  'a/b',
  'a/b/c',
  'a/c',
  'b',
  'b//x',
  'ab',
  'z',
  'zz/1',
  'zz/2',
  '%C3%A9',
  '%20sp',
  '%2541',
  '%F0%9F%98%80',
  '%EF%BF%AE',
];

const QUERIES = [
  ...['limit=2', 'limit=0', 'limit=10000', 'limit=10001', 'limit=-1', 'limit=abc', 'limit=', 'limit=1_0', 'limit=+3'],
  ...['prefix=a', 'prefix=a/', 'prefix=%ff', 'prefix=%C3%A9', 'prefix=a%2Fb', 'prefix=a+b', 'prefix=%', 'prefix=%zz'],
  ...['delimiter=/', 'delimiter=b/', 'delimiter=//', 'delimiter=%ff', 'delimiter=%C3%A9', 'delimiter='],
  ...['path=', 'path=a', 'path=a/', 'path=/', 'path=a&delimiter=/', 'path=a&prefix=z', 'path=a&limit=1', 'path=%ff'],
  ...['marker=a', 'marker=a/b&reverse=true', 'end_marker=b', 'end_marker=b&reverse=yes', 'marker=z&end_marker=a'],
  ...['marker=%ff', 'end_marker=%00', 'marker=%00', 'reverse=1', 'reverse=no', 'reverse=', 'reverse=%ff'],
  ...['prefix=a&delimiter=/', 'prefix=a&delimiter=/&reverse=on', 'prefix=a/&delimiter=/&marker=a/b'],
  ...['delimiter=/&marker=a/', 'delimiter=/&marker=a/&reverse=t', 'states=listing', 'states=bogus', 'includes=a'],
  ...['deleted=1', 'unknown=1', 'version_marker=a&marker=a', '=x', 'limit', '&limit=1', '?limit=1'],
  ...['limit=1&&prefix=a', 'limit=1&limit=2', 'prefix=%e2%28'],
];
const FORMATS = [
  'format=',
  'format=plain',
  'format=JSON',
  'format=Xml',
  'format=foo',
  'format=%ff',
  'format=json&format',
];

/** The policy's name in listings of accounts is newer than what recorded the answers, so accounts are asked for text. */
function requests(path: string, json: boolean): Step[] {
  return [
    ...QUERIES.map((query) => get(`${path}?${query}`)),
    ...(json ? QUERIES.map((query) => get(`${path}?${query}&format=json`)) : []),
    ...FORMATS.filter((format) => json || !/json/i.test(format)).map((format) => get(`${path}?${format}`)),
    ...['prefix=%ff', 'limit=10001', ...FORMATS].map((query) => head(`${path}?${query}`)),
  ];
}

export const area: Area = [
  {
    scenarios: [
      scenario(
        'a container is listed by every parameter',
        put('{c}'),
        ...NAMES.map((name) => put(`{c}/${name}`, { body: name, headers: { 'Content-Type': 'text/plain; a="<&>"' } })),
        get('{c}', { until: ({ body }) => body.toString().split('\n').length === NAMES.length + 1 }),
        ...requests('{c}', true),
      ),
    ],
  },
];
