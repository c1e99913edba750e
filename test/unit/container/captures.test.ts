import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Headers } from '../../../src/http/headers.ts';
import { type RecordedExchange, recordedExchanges } from '../http/capture-reader.ts';
import { comparable } from './comparable.ts';
import { ask, databaseServers, type DatabaseServers, emptyAnswer, listen } from './support.ts';

/** Every scenario of the first recording, in order: the state of the databases comes from nothing but these requests. */
const WANTED = /^(01\d|02\d|03\d|05\d|06\d|07\d|08\d|09\d|11\d|12\d|14[12]|18\d|19\d|201|27[0-4]|281)-/;

const exchanges = recordedExchanges(WANTED).filter(({ server }) => server !== 'object-server');
const scenarios = [...new Set(exchanges.map((exchange) => exchange.scenario))];

/** Scenario 124 cut the container servers off, so what they were sent did not arrive. */
const isCutOff = (exchange: RecordedExchange): boolean => Number.isNaN(exchange.status);

type Seed = readonly [server: 'container' | 'account', method: string, target: string, headers: Record<string, string>];

function row(name: string, timestamp: string, etag: string, type: string): Seed {
  const headers = { 'x-timestamp': timestamp, 'x-size': '3', 'x-content-type': type, 'x-etag': etag };
  return ['container', 'PUT', `3/AUTH_test/c/${name}`, headers];
}

function accountRow(name: string, timestamp: string): Seed {
  const headers = {
    'x-put-timestamp': timestamp,
    'x-delete-timestamp': '0',
    'x-object-count': '0',
    'x-bytes-used': '0',
    'x-backend-storage-policy-index': '0',
  };
  return ['account', 'PUT', `50/AUTH_test/${name}`, headers];
}

function container(path: string, timestamp: string): Seed {
  return ['container', 'PUT', path, { 'x-timestamp': timestamp }];
}

const FAIL_O3: Seed = [
  'container',
  'PUT',
  '62/AUTH_test/fail/o3',
  {
    'x-timestamp': '1795352916.44319',
    'x-size': '5',
    'x-content-type': 'text/plain',
    'x-etag': '35d6d33467aae9a2e3dccb4b6b027878',
  },
];

const ACCOUNT_DEVICES = ['sdb1', 'sdb2', 'sdb3'];

/** What was done between the scenarios and not recorded; target without its device. */
const SEEDS: Readonly<Record<string, readonly [devices: readonly string[], seeds: readonly Seed[]][]>> = {
  '060-container-get': [
    [
      ['sdb1', 'sdb3', 'sdb4'],
      [
        row('a/1', '1795352774.93396', '32a390517fcc6e43df5fc5f2c94699e1', 'text/x-a'),
        row('a/2', '1795352774.95251', '08a3a0ab38cac589c7231d171c88091f', 'text/x-a'),
        row('b/1', '1795352774.96845', '46bc882b88120fd4dc12076ba56c7dd4', 'text/x-b'),
        row('b/2', '1795352774.98230', '83725edea4c6f6a7dae4d7f884b59894', 'text/x-b'),
        row('b-1', '1795352774.99505', 'b1d10db2016c2f83c13b25fcb170cdeb', 'text/x-b'),
      ],
    ],
  ],
  '065-container-delete': [
    [['sdb1', 'sdb2', 'sdb3'], [container('27/AUTH_test/todelete', '1795352776.71657')]],
    [ACCOUNT_DEVICES, [accountRow('todelete', '1795352776.71657')]],
  ],
  '070-slo-put': [[ACCOUNT_DEVICES, [accountRow('segs', '1795352777.60739')]]],
  '120-object-put-507': [
    [['sdb1', 'sdb3', 'sdb4'], [container('62/AUTH_test/fail', '1795352894.02025')]],
    [ACCOUNT_DEVICES, [accountRow('fail', '1795352894.02025')]],
  ],
  '281-container-head-newest': [[['sdb1', 'sdb3', 'sdb4'], [FAIL_O3]]],
};

/** Where account servers listened while it was recorded. */
const ACCOUNT_SERVERS = ['127.0.0.1:6712', '127.0.0.1:6722', '127.0.0.1:6732', '127.0.0.1:6742'];

const fromContainerServer = ({ headers }: RecordedExchange): boolean =>
  headers.get('user-agent')?.startsWith('container-server') === true;

/** The row as a container server sent it. */
function comparableRow(target: string, headers: Headers): unknown {
  const kept = new Headers(headers);
  for (const name of ['accept-encoding', 'host']) kept.delete(name);
  kept.set('user-agent', (kept.get('user-agent') ?? '').replace(/\d+$/, 'PID'));
  return [target, Object.fromEntries(kept.toTitled().sort(([a], [b]) => (a < b ? -1 : 1)))];
}

describe('recorded requests to container and account servers, in order, get the recorded answers', () => {
  let servers: DatabaseServers;
  const asked: { target: string; headers: Headers }[] = [];

  beforeAll(() => {
    servers = databaseServers();
    for (const address of ACCOUNT_SERVERS) {
      listen(servers, address, (req) => {
        asked.push({ target: req.target, headers: req.headers });
        return emptyAnswer(req.headers.get('x-delete-timestamp') === '0' ? 201 : 204);
      });
    }
  });
  afterAll(() => servers.close());

  /** Takes a device away for the time of a request, as was done in the recording. */
  async function whileMissing<T>(device: string | undefined, act: () => Promise<T>): Promise<T> {
    if (device === undefined) return act();
    const folder = join(servers.devices, device);
    renameSync(folder, `${folder}.away`);
    try {
      return await act();
    } finally {
      renameSync(`${folder}.away`, folder);
    }
  }

  async function seed(scenario: string): Promise<void> {
    for (const [devices, seeds] of SEEDS[scenario] ?? []) {
      for (const device of devices) {
        for (const [server, method, target, headers] of seeds) {
          expect((await ask(servers[server], method, `/${device}/${target}`, headers)).status).toBe(201);
        }
      }
    }
  }

  test.each(scenarios)('%s', async (scenario) => {
    await seed(scenario);
    asked.length = 0;
    const own = exchanges.filter((exchange) => exchange.scenario === scenario);
    for (const exchange of own) {
      if (isCutOff(exchange)) continue;
      const app = exchange.server === 'container-server' ? servers.container : servers.account;
      const { method, target, headers, body } = exchange;
      const answer = await whileMissing(exchange.status === 507 ? exchange.device : undefined, () =>
        ask(app, method, target, headers, headers.has('content-length') ? body : undefined),
      );
      const recorded = { status: exchange.status, headers: exchange.answerHeaders, body: exchange.answerBody };
      expect({ [`${method} ${target}`]: comparable(method, answer) }).toEqual({
        [`${method} ${target}`]: comparable(method, recorded),
      });
    }
    const recordedRows = own.filter(
      (exchange) => exchange.server === 'account-server' && fromContainerServer(exchange),
    );
    expect(asked.map(({ target, headers }) => comparableRow(target, headers)).sort()).toEqual(
      recordedRows.map(({ target, headers }) => comparableRow(target, headers)).sort(),
    );
  });
});
