/** A cache spread over servers. It never fails a request: what cannot be read is absent, what cannot be written is left out. */

import { type Cache, CacheConnectionError, type Logger, pythonJson } from '../../middleware-api.ts';
import { type CacheServer, type FailureListener, ServerFailure, ServerRefusal } from './cache-server.ts';
import { ServerHealth, type RestOptions } from './server-health.ts';
import { hashKey, ServerRing } from './server-ring.ts';

export interface RingCacheOptions {
  /** Makes each server with the listener for its failures. */
  servers: readonly ((failed: FailureListener) => CacheServer)[];
  /** Servers asked for one request, those that rest not counted. */
  tries: number;
  rest: RestOptions;
  /** Values of so many bytes or more are warned about; -1: none. */
  sizeWarningBytes: number;
  /** Seconds since 1970. */
  now: () => number;
  log: Logger;
}

interface Member {
  readonly name: string;
  readonly server: CacheServer;
  readonly health: ServerHealth;
}

export class RingCache implements Cache {
  readonly #members: readonly Member[];
  readonly #ring: ServerRing<Member>;
  readonly #options: RingCacheOptions;

  constructor(options: RingCacheOptions) {
    this.#options = options;
    this.#members = options.servers.map((make) => {
      const health = new ServerHealth(options.rest);
      const server = make((doing, reason) => this.#failed(server.name, health, doing, reason));
      return { name: server.name, server, health };
    });
    this.#ring = new ServerRing(this.#members);
  }

  async get(key: string): Promise<unknown> {
    try {
      const text = await this.#run(key, (server, keyHash) => server.get(keyHash));
      return text === undefined ? undefined : (JSON.parse(text) as unknown);
    } catch (error) {
      this.#excuse(error);
      return undefined;
    }
  }

  async set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    const json = pythonJson(value ?? null);
    this.#warnOfSize(json);
    try {
      await this.#run(key, (server, keyHash) => server.set(keyHash, json, ttlSeconds));
    } catch (error) {
      this.#excuse(error);
    }
  }

  async increment(key: string, delta: number, ttlSeconds: number): Promise<number> {
    try {
      return await this.#run(key, (server, keyHash) => server.increment(keyHash, Math.trunc(delta), ttlSeconds));
    } catch (error) {
      if (!(error instanceof ServerRefusal)) throw error;
      throw new CacheConnectionError(error.message, { cause: error });
    }
  }

  async delete(key: string): Promise<void> {
    try {
      await this.#run(key, (server, keyHash) => server.delete(keyHash));
    } catch (error) {
      this.#excuse(error);
    }
  }

  close(): void {
    for (const { server } of this.#members) server.close();
  }

  /** Asks the key's own server, and the next ones while they cannot be reached. Throws CacheConnectionError when none can. */
  async #run<T>(key: string, ask: (server: CacheServer, keyHash: string) => Promise<T>): Promise<T> {
    const keyHash = hashKey(key);
    let triesLeft = this.#options.tries;
    for (const { server, health } of this.#ring.serversFor(keyHash)) {
      if (health.isResting(this.#options.now())) continue;
      if (triesLeft-- <= 0) break;
      try {
        return await ask(server, keyHash);
      } catch (error) {
        if (!(error instanceof ServerFailure)) throw error;
      }
    }
    throw new CacheConnectionError('no cache server answers');
  }

  /** Lets pass what a cache may do wrong: be gone, refuse, or hold something that is not ours. */
  #excuse(error: unknown): void {
    if (error instanceof CacheConnectionError || error instanceof SyntaxError) return;
    if (!(error instanceof ServerRefusal)) throw error;
    this.#options.log.warn(`cache: ${error.message}`);
  }

  #failed(name: string, health: ServerHealth, doing: string, reason: string): void {
    const { log, now, rest } = this.#options;
    log.warn(`cache server ${name}: ${doing}: ${reason}`);
    if (health.failed(now())) log.error(`cache server ${name} is left alone for ${rest.intervalSeconds} s`);
  }

  #warnOfSize(json: string): void {
    const { sizeWarningBytes, log } = this.#options;
    // Text written by pythonJson is ASCII: a character is a byte.
    if (sizeWarningBytes < 0 || json.length < sizeWarningBytes) return;
    log.warn(`cache: an item of ${json.length} bytes reaches item_size_warning_threshold (${sizeWarningBytes})`);
  }
}
