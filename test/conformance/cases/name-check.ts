/** Paths that an operator does not want. */

import type { ClusterConfig } from '../../cluster/configuration.ts';
import { type Area, get, head, put, type Scenario, scenario } from '../scenario.ts';

const PIPELINE =
  'catch_errors gatekeeper healthcheck proxy-logging name_check cache listing_formats tempauth copy slo dlo proxy-logging proxy-server';

const nameCheck = (conf: Readonly<Record<string, string>>): ClusterConfig => ({
  pipeline: PIPELINE,
  proxy: { 'filter:name_check': { use: 'egg:swift#name_check', ...conf } },
});

const PATHS = [
  "/v1/AUTH_test/c/it's",
  '/v1/AUTH_test/c/%27quoted%27',
  '/v1/AUTH_test/c/%22',
  '/v1/AUTH_test/c/%2522',
  '/v1/AUTH_test/%60c/o',
  '/v1/AUTH_%3Ctest/c/o',
  '/v1/AUTH_test/c/%3E',
  '/v1/AUTH_test/c/a%3B',
  '/v1/AUTH_test/c/./o',
  '/v1/AUTH_test/c/../o',
  '/v1/AUTH_test/c/.',
  '/v1/AUTH_test/c/..',
  '/v1/AUTH_test/c/...',
  '/v1/AUTH_test/c/.%0A',
  '/v1/AUTH_test/c/%2E%2E/o',
  '/v1/AUTH_test/c/x/%2e',
  '/v1/AUTH_test/c/.hidden',
  '/v1/AUTH_test/c/caf%C3%A9',
  '/v1/AUTH_test/c/%E2%82%AC',
  '/v1/AUTH_test/c/%FF',
  `/v1/AUTH_test/c/${'x'.repeat(239)}`,
  `/v1/AUTH_test/c/${'x'.repeat(240)}`,
  `/v1/AUTH_test/c/${'%C3%A9'.repeat(119)}`,
  `/v1/AUTH_test/c/${'%C3%A9'.repeat(120)}`,
  '/v1/AUTH_test/c/o?x=%22%3C',
  "/info'",
  '/healthcheck',
];

const paths = (title: string): Scenario =>
  scenario(
    title,
    ...PATHS.map((path) => get(path, { as: 'none' })),
    head(`/v1/AUTH_test/c/"`, { as: 'none' }),
    put(`{c}/<`),
  );

export const area: Area = [
  { config: nameCheck({}), scenarios: [paths('by default')] },
  {
    config: nameCheck({ forbidden_chars: 'é€;', maximum_length: '40', forbidden_regexp: '(?i)HIDDEN|\\.\\Z|x{3,}' }),
    scenarios: [paths('with options of its own')],
  },
  {
    config: nameCheck({ forbidden_chars: '', maximum_length: '1000', forbidden_regexp: '' }),
    scenarios: [paths('with nothing forbidden')],
  },
];
