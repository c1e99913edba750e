import { readFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { filterFactory, makeFilterFactory } from '../../../src/middleware/ratelimit.ts';
import {
  type Cache,
  CacheConnectionError,
  ClientDisconnect,
  type Conf,
  type Handler,
  type Host,
  MemoryCache,
  type RequestEnv,
  SwiftRequest,
  SwiftResponse,
} from '../../../src/middleware-api.ts';
import { LineLog } from '../http/silent-log.ts';

interface Step {
  method: string;
  path: string;
  status: string;
  body: string;
  type: string;
  calls: ({ increment: string; by: number; result: number } | { set: string; value: number })[];
  sleeps: number[];
}

interface Scenario {
  name: string;
  conf: Conf;
  /** Headers, and `status`, of the answers to HEAD by path. */
  infos: Record<string, Record<string, string | number>>;
  start: Record<string, number>;
  now: number;
  handled: boolean;
  steps: Step[];
}

// Requests sent through Python Swift's filter with a scripted clock, what it did with its counters, and how long it slept.
const golden = new URL('../../golden/ratelimit.json', import.meta.url);
const scenarios = JSON.parse(readFileSync(golden, 'utf8')) as Scenario[];

/** Keeps what is done with counters of rates. */
class RecordingCache extends MemoryCache {
  calls: Step['calls'] = [];

  override async increment(key: string, delta: number, ttlSeconds: number): Promise<number> {
    const result = await super.increment(key, delta, ttlSeconds);
    this.calls.push({ increment: key, by: delta, result });
    return result;
  }

  override async set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    if (key.startsWith('ratelimit')) this.calls.push({ set: key, value: value as number });
    await super.set(key, value, ttlSeconds);
  }
}

function appOf(infos: Scenario['infos']): Handler {
  return (req) => {
    const { status = 204, ...headers } = infos[req.path] ?? {};
    return Promise.resolve(
      new SwiftResponse(req.method === 'HEAD' ? Number(status) : 200, headers as Record<string, string>),
    );
  };
}

interface Setup {
  conf: Conf;
  now?: number;
  cache?: Cache;
  app?: Handler;
}

async function setUp(setup: Setup): Promise<{
  send: (method: string, path: string, env?: RequestEnv, signal?: AbortSignal) => Promise<SwiftResponse>;
  log: LineLog;
  sleeps: number[];
  registered: Record<string, unknown>;
}> {
  let now = setup.now ?? 1_800_000_000;
  const sleeps: number[] = [];
  const log = new LineLog();
  const registered: Record<string, unknown> = {};
  const info = { register: (section: string, values: unknown) => (registered[section] = values) };
  const host = { now: () => now, log, info } as unknown as Host;
  const factory = makeFilterFactory((seconds) => {
    sleeps.push(seconds);
    now += seconds;
    return Promise.resolve();
  });
  const handler = await (await factory({}, setup.conf, host))(setup.app ?? appOf({}));
  const cache = setup.cache ?? new MemoryCache();
  const send = (
    method: string,
    path: string,
    env: RequestEnv = { cache },
    signal?: AbortSignal,
  ): Promise<SwiftResponse> => handler(new SwiftRequest({ method, target: path, env, log, signal }));
  return { send, log, sleeps, registered };
}

describe('what Python Swift did', () => {
  test.for(scenarios)('$name', async ({ conf, infos, start, now, handled, steps }) => {
    const cache = new RecordingCache();
    for (const [key, value] of Object.entries(start)) await cache.set(key, value, 0);
    const { send, sleeps } = await setUp({ conf, now, cache, app: appOf(infos) });
    for (const step of steps) {
      cache.calls = [];
      sleeps.length = 0;
      const res = await send(step.method, step.path, { cache, ...(handled ? { ratelimitHandled: true } : undefined) });
      const isRefused = res.status > 400;
      expect({
        ...{ method: step.method, path: step.path, status: res.statusLine, calls: cache.calls, sleeps },
        body: isRefused ? await res.text() : '',
        type: isRefused ? res.headers.get('content-type') : '',
      }).toEqual({ ...step, status: isRefused ? step.status : res.statusLine });
      expect(isRefused).toBe(Number(step.status.slice(0, 3)) > 400);
    }
  });
});

test('what is configured stands in /info', async () => {
  const conf = {
    account_ratelimit: '3',
    container_ratelimit_10: '50',
    container_ratelimit_0: '100',
    container_listing_ratelimit_5: '1.5',
  };
  expect((await setUp({ conf })).registered).toEqual({
    ratelimit: {
      account_ratelimit: 3,
      max_sleep_time_seconds: 60,
      container_ratelimits: [
        [0, 100],
        [10, 50],
      ],
      container_listing_ratelimits: [[5, 1.5]],
    },
  });
});

test('a cache that does not answer limits nothing', async () => {
  class DeadCache extends MemoryCache {
    override increment(): Promise<number> {
      return Promise.reject(new CacheConnectionError('dead'));
    }
  }
  const { send, sleeps } = await setUp({ conf: { account_ratelimit: '1' }, cache: new DeadCache() });
  for (let i = 0; i < 3; i++) expect((await send('PUT', '/v1/a/c')).status).toBe(200);
  expect(sleeps).toEqual([]);
});

test('without a cache every request passes, with a warning', async () => {
  const { send, log } = await setUp({ conf: { account_ratelimit: '1' } });
  expect((await send('PUT', '/v1/a/c', {})).status).toBe(200);
  expect(log.lines).toEqual(['warn ratelimit: there is no cache before it in the pipeline, so nothing is limited']);
});

test('waits longer than log_sleep_time_seconds are logged, refusals always', async () => {
  const logged = async (logAbove: string): Promise<string[]> => {
    const { send, log } = await setUp({ conf: { account_ratelimit: '1', log_sleep_time_seconds: logAbove } });
    for (let i = 0; i < 2; i++) await send('PUT', '/v1/a/c');
    return log.lines;
  };
  expect(await logged('0')).toEqual([]);
  expect(await logged('1')).toEqual([]);
  expect(await logged('0.9')).toEqual(['warn ratelimit: PUT /v1/a/c waits 1 s']);
  const { send, log } = await setUp({ conf: { account_ratelimit: '1', max_sleep_time_seconds: '0.5' } });
  for (let i = 0; i < 2; i++) await send('PUT', '/v1/a/c');
  expect(log.lines).toEqual(['error ratelimit: 498 to PUT /v1/a/c: a wait of 1.00 s would be needed']);
});

test('a wait ends when the client goes, and the app is not reached', async () => {
  const client = new AbortController();
  let reached = 0;
  const app: Handler = (req) => {
    if (req.method === 'PUT') reached++;
    return Promise.resolve(new SwiftResponse(204));
  };
  const cache = new MemoryCache();
  const log = new LineLog();
  const host = { now: () => 1_800_000_000, log, info: { register: () => undefined } } as unknown as Host;
  const handler = await (await filterFactory({}, { account_ratelimit: '0.1' }, host))(app);
  const send = (): Promise<SwiftResponse> =>
    handler(new SwiftRequest({ method: 'PUT', target: '/v1/a/c', env: { cache }, log, signal: client.signal }));
  await send();
  const waiting = send();
  client.abort();
  await expect(waiting).rejects.toThrow(ClientDisconnect);
  expect(reached).toBe(1);
});

test('many at once are spread over time at the rate', async () => {
  const { send, sleeps } = await setUp({ conf: { account_ratelimit: '10' } });
  await send('PUT', '/v1/a/c');
  const answers = await Promise.all(Array.from({ length: 4 }, () => send('PUT', '/v1/a/c')));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(sleeps).toEqual([0.1, 0.2, 0.3, 0.4]);
});

test('a rate that is no number stops the start and is named', async () => {
  for (const [key, value] of [
    ['account_ratelimit', 'x'],
    ['container_ratelimit_x', '1'],
    ['container_ratelimit_5', 'x'],
    ['container_listing_ratelimit_5', ''],
    ['clock_accuracy', '1.5'],
  ] as const) {
    await expect(setUp({ conf: { [key]: value } }), key).rejects.toThrow(key);
  }
});
