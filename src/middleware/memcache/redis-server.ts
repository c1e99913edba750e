/** A Redis, alone, behind sentinels or as a cluster: one place on the ring. */

import type { ConnectionOptions } from 'node:tls';
import { Cluster, Redis } from 'ioredis';
import { type CacheServer, type FailureListener, ServerFailure, ServerRefusal } from './cache-server.ts';
import type { RedisAddress } from './server-addresses.ts';

export interface RedisServerOptions {
  address: RedisAddress;
  tls: ConnectionOptions;
  connectTimeoutMs: number;
  ioTimeoutMs: number;
  failed: FailureListener;
}

/** Keeps the keys apart from those of others in the same database. */
const KEY_PREFIX = 'swift:';

/** Adds, not below 0; a time to live is given to a new counter only. */
const INCREMENT = `
local isNew = redis.call('EXISTS', KEYS[1]) == 0
local value = redis.call('INCRBY', KEYS[1], ARGV[1])
if value < 0 then value = redis.call('INCRBY', KEYS[1], -value) end
if isNew and tonumber(ARGV[2]) > 0 then redis.call('PEXPIRE', KEYS[1], ARGV[2]) end
return value`;

/** Answers of a server that is not the one to ask at present. */
const UNAVAILABLE = /^(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|TRYAGAIN)\b/;

export class RedisServer implements CacheServer {
  readonly name: string;
  readonly #client: Redis | Cluster;
  readonly #options: RedisServerOptions;
  /** Counts the connections that were given up: a failure tells on the connection that its request was sent over. */
  #generation = 0;
  /** Why the connection broke: requests are told no more than that it is closed. */
  #lastError: string | undefined;
  #closed = false;

  constructor(options: RedisServerOptions) {
    this.name = options.address.name;
    this.#options = options;
    this.#client = makeClient(options);
    this.#client.on('error', (error: Error) => {
      this.#lastError = error.message;
    });
  }

  async get(key: string): Promise<string | undefined> {
    const text = await this.#run((client) => client.get(KEY_PREFIX + key));
    return text ?? undefined;
  }

  async set(key: string, json: string, ttlSeconds: number): Promise<void> {
    const name = KEY_PREFIX + key;
    const ttlMs = milliseconds(ttlSeconds);
    await this.#run((client) => (ttlMs > 0 ? client.set(name, json, 'PX', ttlMs) : client.set(name, json)));
  }

  async increment(key: string, delta: number, ttlSeconds: number): Promise<number> {
    const value = await this.#run((client) =>
      client.eval(INCREMENT, 1, KEY_PREFIX + key, delta, milliseconds(ttlSeconds)),
    );
    return Number(value);
  }

  async delete(key: string): Promise<void> {
    await this.#run((client) => client.del(KEY_PREFIX + key));
  }

  close(): void {
    this.#closed = true;
    this.#client.disconnect();
  }

  async #run<T>(command: (client: Redis | Cluster) => Promise<T>): Promise<T> {
    if (this.#closed) throw new ServerFailure('closed');
    const client = this.#client;
    // It does not connect again by itself, so that a dead server costs nothing while nobody asks.
    if (client.status === 'end') client.connect().catch(() => undefined);
    const generation = this.#generation;
    const isConnected = client.status === 'ready';
    try {
      return await this.#inTime(command(client));
    } catch (error) {
      throw this.#judge(error as Error, generation, isConnected);
    }
  }

  #judge(error: Error, generation: number, wasConnected: boolean): Error {
    if (error.name === 'ReplyError' && !UNAVAILABLE.test(error.message)) {
      return new ServerRefusal(`redis ${this.name} answered: ${error.message.slice(0, 200)}`, { cause: error });
    }
    if (generation === this.#generation && !this.#closed) {
      this.#generation++;
      this.#client.disconnect();
      this.#options.failed(wasConnected ? 'talking' : 'connecting', this.#lastError ?? error.message);
      this.#lastError = undefined;
    }
    return new ServerFailure(error.message, { cause: error });
  }

  /** An answer that is late is a failure, whatever the client is still waiting for. */
  #inTime<T>(answer: Promise<T>): Promise<T> {
    const { ioTimeoutMs } = this.#options;
    return new Promise((resolve, reject) => {
      const late = (): void => reject(new Error(`no answer within ${ioTimeoutMs / 1000} s`));
      const timer = setTimeout(late, ioTimeoutMs);
      answer.then(
        (value) => {
          clearTimeout(timer);
          resolve(value);
        },
        (error: unknown) => {
          clearTimeout(timer);
          reject(error as Error);
        },
      );
    });
  }
}

/** Redis takes whole milliseconds; 0: no end. */
function milliseconds(ttlSeconds: number): number {
  return ttlSeconds <= 0 ? 0 : Math.max(1, Math.round(ttlSeconds * 1000));
}

function makeClient({ address, tls, connectTimeoutMs }: RedisServerOptions): Redis | Cluster {
  const { username, password, db, nodes } = address;
  const common = {
    ...(username === undefined ? undefined : { username }),
    ...(password === undefined ? undefined : { password }),
    ...(address.isTls ? { tls } : undefined),
    connectTimeout: connectTimeoutMs,
    lazyConnect: true,
    enableReadyCheck: false,
    maxRetriesPerRequest: 0,
    retryStrategy: () => null,
    disableClientInfo: true,
  };
  if (address.kind === 'cluster') {
    return new Cluster([...nodes], {
      lazyConnect: true,
      clusterRetryStrategy: () => null,
      maxRedirections: 3,
      retryDelayOnFailover: 50,
      retryDelayOnClusterDown: 50,
      slotsRefreshTimeout: connectTimeoutMs,
      redisOptions: common,
    });
  }
  if (address.kind === 'sentinel') {
    return new Redis({
      ...common,
      db,
      sentinels: [...nodes],
      name: address.sentinelName,
      sentinelRetryStrategy: () => null,
      failoverDetector: false,
      ...(address.isTls ? { enableTLSForSentinelMode: true, sentinelTLS: tls } : undefined),
    });
  }
  const [node] = nodes;
  return new Redis({ ...common, db, ...node });
}
