/**
 * memcache - gives every request the cache in which accounts, containers, tokens and rates are remembered: memcached as Swift's own
 * proxies use it and shared with them, Redis, or memory. A cache that dies costs speed, never a request.
 */

import {
  type Cache,
  CACHE_PEERS,
  type Conf,
  type FilterFactory,
  type Host,
  LocalCache,
  MemoryCache,
  type Order,
  readConf,
  SHARED_CACHE,
} from '../middleware-api.ts';
import { addressesOf, openCache } from './memcache/open-cache.ts';
import { readMemcacheConf } from './memcache/memcache-conf.ts';

export const confSpec = {
  memcache_servers: {
    type: 'text',
    default: '',
    doc: `Servers, separated by commas: host:port (memcached), redis://[user:password@]host:port/db, rediss://…, redis-cluster://host:port,host:port or redis-sentinel://host:port,host:port/name. Nothing here and in memcache.conf: memory, one cache for all workers of the server (Swift then uses 127.0.0.1:11211).`,
  },
  memcache_max_connections: {
    type: 'integer',
    default: 2,
    min: 1,
    doc: 'Connections to a memcached from each worker; each carries many requests at once.',
  },
  connect_timeout: { type: 'seconds', default: 0.3, doc: 'Longest wait for a connection to a server.' },
  pool_timeout: {
    type: 'seconds',
    default: 1,
    doc: 'Read and without use here: requests share connections, so none waits for a free one.',
  },
  tries: {
    type: 'integer',
    default: 3,
    min: 1,
    doc: 'Servers that are asked for one value when some cannot be reached.',
  },
  io_timeout: { type: 'seconds', default: 2, doc: 'Longest wait for an answer of a server.' },
  error_suppression_interval: {
    type: 'seconds',
    default: 60,
    doc: 'How long failures of a server are remembered, and how long it is left alone after too many. 0: never left alone.',
  },
  error_suppression_limit: {
    type: 'number',
    default: 10,
    min: 0,
    doc: 'Failures of a server within error_suppression_interval before it is left alone.',
  },
  tls_enabled: { type: 'boolean', default: false, doc: 'Speak TLS with memcached; rediss:// says it by itself.' },
  tls_cafile: {
    type: 'text',
    default: '',
    doc: 'Certificates of the authorities that servers are checked against, PEM.',
  },
  tls_certfile: { type: 'text', default: '', doc: 'Certificate shown to servers, PEM.' },
  tls_keyfile: { type: 'text', default: '', doc: 'Its private key; default: the one in tls_certfile.' },
  item_size_warning_threshold: {
    type: 'integer',
    default: -1,
    min: -1,
    doc: 'Warn about items of so many bytes or more; -1: never.',
  },
  local_cache_seconds: {
    type: 'seconds',
    default: 1,
    doc: 'How long each worker goes by what it last heard of a cache outside of it, counters apart, before it asks again. 0: it always asks. Not an option of Swift.',
  },
} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper'],
  before: ['ratelimit', 'tempauth', 'keystoneauth', 'container_sync', 's3api'],
  why: 'what stands outside it has no cache: no tokens are found there and no rates are kept',
};

/** The options of the filter over those of memcache.conf over the defaults. */
function readOptions(globalConf: Conf, localConf: Conf, host: Host): ReturnType<typeof readConf<typeof confSpec>> {
  const own = readConf(confSpec, globalConf, localConf);
  const shared = readMemcacheConf(host);
  if (shared === undefined) return own;
  const values = readConf(confSpec, {}, shared.conf, { file: shared.path, section: 'memcache' });
  const isOwn = (name: string): boolean => Object.hasOwn(localConf, name) || Object.hasOwn(globalConf, name);
  const chosen = Object.keys(confSpec).map((name) => {
    const key = name as keyof typeof confSpec;
    return [key, isOwn(key) ? own[key] : values[key]];
  });
  return Object.fromEntries(chosen) as typeof own;
}

async function makeCache(globalConf: Conf, localConf: Conf, host: Host): Promise<Cache> {
  const options = readOptions(globalConf, localConf, host);
  const cache = await sharedCache(options, globalConf, localConf, host);
  const { local_cache_seconds: seconds } = options;
  if (seconds === 0 || cache instanceof MemoryCache) return cache;
  return new LocalCache(cache, { seconds, peers: host.service(CACHE_PEERS) });
}

async function sharedCache(
  options: ReturnType<typeof readOptions>,
  globalConf: Conf,
  localConf: Conf,
  host: Host,
): Promise<Cache> {
  if (options.memcache_servers.trim() === '')
    return host.service(SHARED_CACHE) ?? new MemoryCache({ now: () => host.now() });
  const place = { file: globalConf['__file__'], section: localConf['__name__'] };
  const cache = await openCache(addressesOf(options.memcache_servers, place), options, host, place);
  host.onClose(() => cache.close());
  return cache;
}

export const filterFactory: FilterFactory = async (globalConf, localConf, host) => {
  const cache = await makeCache(globalConf, localConf, host);
  return (app) => (req) => {
    req.env.cache = cache;
    return app(req);
  };
};
