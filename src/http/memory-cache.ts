/** The cache of a server for which none is configured: in memory, bounded, held by the parent for all of its workers. */

import type { ServiceKey } from '../common/host.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Cache } from './env.ts';

/** The one cache of all workers of this server. */
export const SHARED_CACHE: ServiceKey<Cache> = { name: 'shared-cache' };

export interface MemoryCacheOptions {
  maxBytes?: number;
  now?: () => number;
}

const MAX_BYTES = 64 * 1024 * 1024;

/** Values are handed out as they were stored: not to be changed. */
export class MemoryCache implements Cache {
  readonly #values: BoundedMap<unknown>;
  readonly #now: () => number;

  constructor(options: MemoryCacheOptions = {}) {
    this.#now = options.now ?? ((): number => Date.now() / 1000);
    this.#values = new BoundedMap(options.maxBytes ?? MAX_BYTES, this.#now);
  }

  /** Bytes that the entries are taken to need. */
  get sizeBytes(): number {
    return this.#values.sizeBytes;
  }

  get(key: string): Promise<unknown> {
    return Promise.resolve(this.#values.get(key));
  }

  set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    this.#store(key, value, this.#expiry(ttlSeconds));
    return Promise.resolve();
  }

  increment(key: string, delta: number, ttlSeconds: number): Promise<number> {
    const expires = this.#values.expiryOf(key) ?? this.#expiry(ttlSeconds);
    const old = this.#values.get(key);
    const value = Math.max(0, (typeof old === 'number' ? old : 0) + delta);
    this.#store(key, value, expires);
    return Promise.resolve(value);
  }

  delete(key: string): Promise<void> {
    this.#values.delete(key);
    return Promise.resolve();
  }

  #store(key: string, value: unknown, expires: number): void {
    this.#values.set(key, value, 2 * (JSON.stringify(value) ?? '').length, expires);
  }

  #expiry(ttlSeconds: number): number {
    return ttlSeconds <= 0 ? Infinity : this.#now() + ttlSeconds;
  }
}
