/** Where accounts, containers and objects are. */

import type { ClusterConfig } from '../../cluster/configuration.ts';
import { type Area, type Difference, get, head, options, post, put, raw, scenario } from '../scenario.ts';

const PIPELINE = 'catch_errors gatekeeper proxy-logging cache list-endpoints listing_formats tempauth proxy-server';

const config = (conf: Readonly<Record<string, string>>): ClusterConfig => ({
  pipeline: PIPELINE,
  proxy: { 'filter:list-endpoints': { use: 'egg:swift#list_endpoints', ...conf } },
});

const refused = (path: string): string => `GET ${path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n`;

const NO_CONTAINER: Difference = {
  reason: 'an object without a container is refused, where Python Swift breaks',
  status: '400 Bad Request',
  headers: { 'Content-Length': '22', 'Content-Type': 'text/html; charset=UTF-8' },
  body: 'No container specified',
};

export const area: Area = [
  {
    config: config({}),
    scenarios: [
      scenario(
        'what names nothing is refused',
        ...[
          ...['/endpoints/', '/endpoints/v1', '/endpoints/v1/', '/endpoints/v2/', '/endpoints//a', '/endpoints/v1//c'],
          ...['/endpoints/v3/a', '/endpoints/v/a', '/endpoints/v1.1/a/c'],
          ...['/endpoints/vx/a/c', '/endpoints/v%31x/a', '/endpoints/v3%3Cb%3E/a', '/endpoints/v1e9/a'],
        ].map((path) => raw(refused(path))),
        ...['/endpoints/a//o', '/endpoints/v2/a//'].map((path) => ({ ...raw(refused(path)), differs: NO_CONTAINER })),
      ),
      scenario(
        'only GET is answered',
        head('/endpoints/AUTH_test', { as: 'none' }),
        put('/endpoints/AUTH_test/c', { as: 'none' }),
        post('/endpoints/v2/AUTH_test', { as: 'none' }),
        options('/endpoints/AUTH_test', { as: 'none' }),
      ),
      scenario(
        'other paths are passed on',
        get('/endpoints', { as: 'none' }),
        get('/endpointsx/a', { as: 'none' }),
        get('/v1/endpoints/a', { as: 'none' }),
      ),
    ],
  },
  {
    config: config({ list_endpoints_path: '/where' }),
    scenarios: [
      scenario(
        'the path can be another',
        get('/where/', { as: 'none' }),
        get('/where/v1', { as: 'none' }),
        get('/endpoints/v1', { as: 'none' }),
        get('/where', { as: 'none' }),
      ),
    ],
  },
];
