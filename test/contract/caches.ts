/** The caches that the contract suite runs against. */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Redis } from 'ioredis';
import { answerCacheCalls } from '../../src/cli/parent-services.ts';
import { filterFactory } from '../../src/middleware/memcache.ts';
import {
  type Cache,
  type Conf,
  type Host,
  SHARED_CACHE,
  SwiftRequest,
  SwiftResponse,
} from '../../src/middleware-api.ts';
import { freePort, haveServer, type RealServer, startMemcached, startRedis, startSentinel } from '../real-servers.ts';
import type { Done, Order } from './parent-cache-worker.ts';
import { LineLog } from '../unit/http/silent-log.ts';

export interface OpenCache {
  cache: Cache;
  log: LineLog;
  /** Takes the pipeline down, with the cache's connections. */
  close(): Promise<void>;
}

/** The cache that the filter gives to requests with these options. `clock.now`: seconds since 1970; absent: real time. */
export async function openCache(conf: Conf, clock?: { now: number }, shared?: Cache): Promise<OpenCache> {
  const log = new LineLog();
  const closers: (() => void | Promise<void>)[] = [];
  const host = {
    now: () => clock?.now ?? Date.now() / 1000,
    log,
    swiftDir: '/nowhere',
    service: (key: unknown) => (key === SHARED_CACHE ? shared : undefined),
    onClose: (close: () => void) => closers.push(close),
  } as unknown as Host;
  const filter = await filterFactory({}, conf, host);
  let cache: Cache | undefined;
  const handler = await filter((req) => {
    cache = req.env.cache;
    return Promise.resolve(new SwiftResponse(204));
  });
  await handler(new SwiftRequest({ method: 'GET', target: '/', log }));
  if (cache === undefined) throw new Error('the filter gave no cache');
  const close = async (): Promise<void> => {
    for (const each of closers) await each();
  };
  return { cache, log, close };
}

export interface CacheUnderTest {
  readonly name: string;
  /** False when its servers cannot be had here. */
  readonly isPossible: boolean;
  /** `shared`: the cache that the composition root hands out. */
  start(): Promise<{ conf: Conf; shared?: Cache; stop: () => Promise<void> }>;
}

const hasMemcached = haveServer('memcached', 'the cache on memcached');
const hasRedis = haveServer('redis-server', 'the cache on Redis');

async function stopAll(servers: readonly RealServer[]): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

export const caches: readonly CacheUnderTest[] = [
  {
    name: 'memory',
    isPossible: true,
    start: () => Promise.resolve({ conf: {}, stop: () => Promise.resolve() }),
  },
  { name: 'memory that the parent of a worker holds', isPossible: true, start: () => startWorker() },
  {
    name: 'memcached',
    isPossible: hasMemcached,
    start: async () => {
      const servers = await Promise.all([startMemcached(), startMemcached(), startMemcached()]);
      const conf = { memcache_servers: servers.map(({ address }) => address).join(',') };
      return { conf, stop: () => stopAll(servers) };
    },
  },
  {
    name: 'memcached that is asked each time',
    isPossible: hasMemcached,
    start: async () => {
      const server = await startMemcached();
      return { conf: { memcache_servers: server.address, local_cache_seconds: '0' }, stop: () => server.stop() };
    },
  },
  {
    name: 'redis',
    isPossible: hasRedis,
    start: async () => {
      const servers = await Promise.all([startRedis(), startRedis()]);
      const conf = { memcache_servers: servers.map(({ address }) => `redis://${address}/1`).join(', ') };
      return { conf, stop: () => stopAll(servers) };
    },
  },
  { name: 'redis with a password', isPossible: hasRedis, start: startWithPassword },
  { name: 'a Redis cluster', isPossible: hasRedis, start: startCluster },
  { name: 'Redis behind a sentinel', isPossible: hasRedis, start: startBehindSentinel },
];

/** A worker of this process, and its cache as it sees it. `args`: `remembers` for one that keeps what it heard. */
export async function startWorker(
  answerCacheCall: ReturnType<typeof answerCacheCalls> = answerCacheCalls(),
  args: readonly string[] = [],
): Promise<{ conf: Conf; shared: Cache; stop: () => Promise<void> }> {
  const worker = fork(join(import.meta.dirname, 'parent-cache-worker.ts'), args, {
    execArgv: ['--disable-warning=ExperimentalWarning'],
  });
  const waiting = new Map<number, (value: unknown) => void>();
  worker.on('message', (message: Done) => {
    answerCacheCall(worker, message);
    if (message.type === 'done') waiting.get(message.id)?.(message.value);
  });
  let nextId = 0;
  const order = (method: Order['method'], ...args: unknown[]): Promise<never> =>
    new Promise((resolve) => {
      const id = nextId++;
      waiting.set(id, resolve as (value: unknown) => void);
      worker.send({ type: 'order', id, method, args } satisfies Order);
    });
  const shared: Cache = {
    get: (key) => order('get', key),
    set: (key, value, ttlSeconds) => order('set', key, value, ttlSeconds),
    increment: (key, delta, ttlSeconds) => order('increment', key, delta, ttlSeconds),
    delete: (key) => order('delete', key),
  };
  await shared.get('the worker listens');
  const stop = async (): Promise<void> => {
    const ended = once(worker, 'exit');
    worker.kill('SIGKILL');
    await ended;
  };
  return { conf: {}, shared, stop };
}

async function startWithPassword(): Promise<{ conf: Conf; stop: () => Promise<void> }> {
  const server = await startRedis(['--requirepass', 'p@ss']);
  return { conf: { memcache_servers: `redis://:p%40ss@${server.address}` }, stop: () => server.stop() };
}

const SLOTS = 16384;

/** Three masters without replicas, each with a third of the slots. */
async function startCluster(): Promise<{ conf: Conf; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'apus-redis-cluster-'));
  const nodes = await Promise.all([0, 1, 2].map((node) => startClusterNode(folder, node)));
  const servers = nodes.map(({ server }) => server);
  const clients = servers.map(({ port }) => new Redis(port, '127.0.0.1'));
  await Promise.all(
    clients.map(async (client, node) => {
      const from = Math.floor((node * SLOTS) / 3);
      await client.call('CLUSTER', 'ADDSLOTSRANGE', String(from), String(Math.floor(((node + 1) * SLOTS) / 3) - 1));
      await client.call('CLUSTER', 'SET-CONFIG-EPOCH', String(node + 1));
      const { server, bus } = nodes[0] as ClusterNode;
      if (node > 0) await client.call('CLUSTER', 'MEET', '127.0.0.1', String(server.port), String(bus));
    }),
  );
  for (const client of clients) await untilWhole(client);
  for (const client of clients) client.disconnect();
  const stop = async (): Promise<void> => {
    await stopAll(servers);
    rmSync(folder, { recursive: true, force: true });
  };
  return { conf: { memcache_servers: `redis-cluster://${servers.map(({ address }) => address).join(',')}` }, stop };
}

interface ClusterNode {
  server: RealServer;
  /** Port on which the nodes talk among themselves. */
  bus: number;
}

async function startClusterNode(folder: string, node: number): Promise<ClusterNode> {
  const bus = await freePort();
  const files = ['--cluster-config-file', `nodes-${node}.conf`, '--dir', folder, '--cluster-node-timeout', '2000'];
  return { server: await startRedis(['--cluster-enabled', 'yes', '--cluster-port', String(bus), ...files]), bus };
}

/** All slots are served, as this node sees it. */
async function untilWhole(client: Redis): Promise<void> {
  const end = Date.now() + 20_000;
  for (;;) {
    const info = String(await client.call('CLUSTER', 'INFO'));
    if (info.includes('cluster_state:ok') && info.includes('cluster_known_nodes:3')) return;
    if (Date.now() > end) throw new Error(`the cluster does not come up: ${info}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function startBehindSentinel(): Promise<{ conf: Conf; stop: () => Promise<void> }> {
  const folder = mkdtempSync(join(tmpdir(), 'apus-redis-sentinel-'));
  const master = await startRedis();
  const port = await freePort();
  const config = join(folder, 'sentinel.conf');
  writeFileSync(
    config,
    `port ${port}\nbind 127.0.0.1\ndir ${folder}\nsentinel monitor cache 127.0.0.1 ${master.port} 1\n`,
  );
  const sentinel = await startSentinel(config, port);
  const stop = async (): Promise<void> => {
    await stopAll([sentinel, master]);
    rmSync(folder, { recursive: true, force: true });
  };
  return { conf: { memcache_servers: `redis-sentinel://${sentinel.address}/cache` }, stop };
}
