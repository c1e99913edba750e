/**
 * What this process lately heard of a cache that others share: in front of memcached, Redis or the parent's cache, so that the token and
 * the account and container of every request cost no message. What others change is seen once the short time to live is over, or
 * at once when they tell; what this process changes, at once.
 */

import type { ServiceKey } from '../common/host.ts';
import { BoundedMap } from './bounded-map.ts';
import type { Cache } from './env.ts';

/** How the workers of one server tell each other what they deleted. */
export interface CachePeers {
  tell(key: string): void;
  onTold(listener: (key: string) => void): void;
}

export const CACHE_PEERS: ServiceKey<CachePeers> = { name: 'cache-peers' };

export interface LocalCacheOptions {
  /** How long a value is good for that other processes may have changed in the meantime. */
  seconds: number;
  peers?: CachePeers | undefined;
  maxBytes?: number;
  /** Seconds of a clock that only goes forward. */
  now?: () => number;
}

interface Kept {
  readonly value: unknown;
  readonly json: string;
  /** The time to live with which this process stored it; undefined for what it heard. */
  readonly storedFor: number | undefined;
}

const MAX_BYTES = 16 * 1024 * 1024;

/**
 * Counters, which are numbers, are never kept, nor that something is absent. Values are shared by all who ask: not to be changed.
 */
export class LocalCache implements Cache {
  readonly #shared: Cache;
  readonly #seconds: number;
  readonly #peers: CachePeers | undefined;
  readonly #now: () => number;
  readonly #kept: BoundedMap<Kept>;
  /** Who asks for a value that is being asked for waits for the same answer. */
  readonly #asking = new Map<string, Promise<unknown>>();

  constructor(shared: Cache, options: LocalCacheOptions) {
    this.#shared = shared;
    this.#seconds = options.seconds;
    this.#peers = options.peers;
    this.#now = options.now ?? ((): number => performance.now() / 1000);
    this.#kept = new BoundedMap(options.maxBytes ?? MAX_BYTES, this.#now);
    this.#peers?.onTold((key) => this.#forget(key));
  }

  get(key: string): Promise<unknown> {
    const kept = this.#kept.get(key);
    if (kept !== undefined) return Promise.resolve(kept.value);
    const asked = this.#asking.get(key);
    if (asked !== undefined) return asked;
    const answer: Promise<unknown> = this.#ask(key, () => this.#asking.get(key) === answer);
    this.#asking.set(key, answer);
    return answer;
  }

  /** A value that this process stored just now is not sent again. */
  set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    const json = JSON.stringify(value ?? null);
    const kept = this.#kept.get(key);
    if (kept?.storedFor === ttlSeconds && kept.json === json) return Promise.resolve();
    this.#forget(key);
    this.#keep(key, value ?? null, json, ttlSeconds);
    return this.#shared.set(key, value, ttlSeconds);
  }

  increment(key: string, delta: number, ttlSeconds: number): Promise<number> {
    this.#forget(key);
    return this.#shared.increment(key, delta, ttlSeconds);
  }

  async delete(key: string): Promise<void> {
    this.#forget(key);
    try {
      await this.#shared.delete(key);
    } finally {
      // What was heard meanwhile may be from before.
      this.#forget(key);
      this.#peers?.tell(key);
    }
  }

  async #ask(key: string, isWanted: () => boolean): Promise<unknown> {
    try {
      const value = await this.#shared.get(key);
      if (value !== undefined && isWanted()) this.#keep(key, value, JSON.stringify(value), undefined);
      return value;
    } finally {
      if (isWanted()) this.#asking.delete(key);
    }
  }

  #keep(key: string, value: unknown, json: string, storedFor: number | undefined): void {
    if (typeof value === 'number') return;
    const seconds = storedFor !== undefined && storedFor > 0 ? Math.min(this.#seconds, storedFor) : this.#seconds;
    // The value and its text.
    this.#kept.set(key, { value, json, storedFor }, 4 * json.length, this.#now() + seconds);
  }

  /** What is on its way to this process is not kept either. */
  #forget(key: string): void {
    this.#kept.delete(key);
    this.#asking.delete(key);
  }
}
