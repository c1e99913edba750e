/** The cache of a server for which none is configured: in memory, bounded, held by the parent for all of its workers. */

import type { ServiceKey } from '../common/host.ts';
import type { Cache } from './env.ts';

/** The one cache of all workers of this server. */
export const SHARED_CACHE: ServiceKey<Cache> = { name: 'shared-cache' };

interface Entry {
  value: unknown;
  sizeBytes: number;
  /** Seconds since 1970; Infinity for one that is kept as long as there is room. */
  expires: number;
}

export interface MemoryCacheOptions {
  maxBytes?: number;
  now?: () => number;
}

const ENTRY_OVERHEAD_BYTES = 200;

/** Least recently used entries go first when the bound is reached. Values are handed out as they were stored: not to be changed. */
export class MemoryCache implements Cache {
  #entries = new Map<string, Entry>();
  #sizeBytes = 0;
  #maxBytes: number;
  #now: () => number;

  constructor(options: MemoryCacheOptions = {}) {
    this.#maxBytes = options.maxBytes ?? 64 * 1024 * 1024;
    this.#now = options.now ?? ((): number => Date.now() / 1000);
  }

  /** Bytes that the entries are taken to need. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(key: string): Promise<unknown> {
    return Promise.resolve(this.#find(key)?.value);
  }

  set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    this.#store(key, value, this.#expiry(ttlSeconds));
    return Promise.resolve();
  }

  increment(key: string, delta: number, ttlSeconds: number): Promise<number> {
    const entry = this.#find(key);
    const old = typeof entry?.value === 'number' ? entry.value : 0;
    const value = Math.max(0, old + delta);
    this.#store(key, value, entry?.expires ?? this.#expiry(ttlSeconds));
    return Promise.resolve(value);
  }

  delete(key: string): Promise<void> {
    this.#remove(key);
    return Promise.resolve();
  }

  #find(key: string): Entry | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expires <= this.#now()) {
      this.#remove(key);
      return undefined;
    }
    // Map order is the order of last use.
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  #store(key: string, value: unknown, expires: number): void {
    this.#remove(key);
    const sizeBytes = ENTRY_OVERHEAD_BYTES + 2 * key.length + 2 * (JSON.stringify(value) ?? '').length;
    if (sizeBytes > this.#maxBytes) return;
    this.#entries.set(key, { value, sizeBytes, expires });
    this.#sizeBytes += sizeBytes;
    for (const oldest of this.#entries.keys()) {
      if (this.#sizeBytes <= this.#maxBytes) break;
      this.#remove(oldest);
    }
  }

  #expiry(ttlSeconds: number): number {
    return ttlSeconds <= 0 ? Infinity : this.#now() + ttlSeconds;
  }

  #remove(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#sizeBytes -= entry.sizeBytes;
  }
}
