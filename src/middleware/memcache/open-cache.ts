/** Makes the cache of the servers that are configured. Nothing is connected before the first request. */

import { readFileSync } from 'node:fs';
import type { ConnectionOptions } from 'node:tls';
import { ConfigError, type Host } from '../../middleware-api.ts';
import type { CacheServer, FailureListener } from './cache-server.ts';
import { MemcachedServer } from './memcached-server.ts';
import { RingCache } from './ring-cache.ts';
import { AddressFault, parseServers, type RedisAddress, type ServerAddress } from './server-addresses.ts';

export interface CacheOptions {
  memcache_max_connections: number;
  connect_timeout: number;
  tries: number;
  io_timeout: number;
  error_suppression_interval: number;
  error_suppression_limit: number;
  tls_enabled: boolean;
  tls_cafile: string;
  tls_certfile: string;
  tls_keyfile: string;
  item_size_warning_threshold: number;
}

/** Where the options stand, for faults. */
export interface OptionPlace {
  file: string | undefined;
  section: string | undefined;
}

/** Throws ConfigError. */
export function addressesOf(servers: string, place: OptionPlace): ServerAddress[] {
  try {
    return parseServers(servers);
  } catch (error) {
    if (!(error instanceof AddressFault)) throw error;
    throw new ConfigError({ ...place, key: 'memcache_servers', code: 'option-invalid', text: error.message });
  }
}

/** Throws ConfigError when a file that TLS needs cannot be read. */
export async function openCache(
  addresses: readonly ServerAddress[],
  options: CacheOptions,
  host: Host,
  place: OptionPlace,
): Promise<RingCache> {
  const isTls = options.tls_enabled || addresses.some((address) => address.kind !== 'memcached' && address.isTls);
  const tls = isTls ? readTlsFiles(options, place) : {};
  const redis = addresses.every(({ kind }) => kind === 'memcached') ? undefined : await import('./redis-server.ts');
  const makeRedis = (address: RedisAddress, failed: FailureListener): CacheServer => {
    if (redis === undefined) throw new Error('no Redis among the servers');
    const { connect_timeout: connectTimeout, io_timeout: ioTimeout } = options;
    const timeouts = { connectTimeoutMs: connectTimeout * 1000, ioTimeoutMs: ioTimeout * 1000 };
    return new redis.RedisServer({ address, tls, ...timeouts, failed });
  };
  const makeMemcached = (address: ServerAddress & { kind: 'memcached' }, failed: FailureListener): CacheServer =>
    new MemcachedServer({
      ...address,
      tls: options.tls_enabled ? tls : undefined,
      connectTimeoutMs: options.connect_timeout * 1000,
      ioTimeoutMs: options.io_timeout * 1000,
      maxConnections: options.memcache_max_connections,
      now: () => host.now(),
      failed,
    });
  return new RingCache({
    servers: addresses.map(
      (address) => (failed) =>
        address.kind === 'memcached' ? makeMemcached(address, failed) : makeRedis(address, failed),
    ),
    tries: options.tries,
    rest: { limit: options.error_suppression_limit, intervalSeconds: options.error_suppression_interval },
    sizeWarningBytes: options.item_size_warning_threshold,
    now: () => host.now(),
    log: host.log,
  });
}

function readTlsFiles(options: CacheOptions, place: OptionPlace): ConnectionOptions {
  const read = (key: 'tls_cafile' | 'tls_certfile' | 'tls_keyfile'): Buffer | undefined => {
    const path = options[key];
    if (path === '') return undefined;
    try {
      return readFileSync(path);
    } catch (cause) {
      const text = `expected a file that can be read: ${(cause as Error).message}`;
      throw new ConfigError({ ...place, key, code: 'option-invalid', text, value: path, cause });
    }
  };
  const ca = read('tls_cafile');
  const cert = read('tls_certfile');
  const key = read('tls_keyfile') ?? cert;
  return {
    ...(ca === undefined ? undefined : { ca }),
    ...(cert === undefined || key === undefined ? undefined : { cert, key }),
  };
}
