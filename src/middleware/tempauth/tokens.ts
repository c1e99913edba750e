/** Tokens, kept in the cache that all proxies share, with the keys and values of Python's proxies. */

import { randomUUID } from 'node:crypto';
import type { Cache } from '../../middleware-api.ts';

export interface Token {
  token: string;
  /** Seconds since 1970. */
  expires: number;
}

export class TokenStore {
  readonly #prefix: string;
  readonly #lifeSeconds: number;
  readonly #now: () => number;

  constructor(resellerPrefix: string, lifeSeconds: number, now: () => number) {
    this.#prefix = resellerPrefix;
    this.#lifeSeconds = lifeSeconds;
    this.#now = now;
  }

  /** Groups of a token, comma separated; undefined for one that is unknown or has expired. */
  async groupsOf(cache: Cache, token: string): Promise<string | undefined> {
    const found = await this.#find(cache, token);
    return found !== undefined && found.expires >= this.#now() ? found.groups : undefined;
  }

  /** The user's token while it lives and its groups are the same, else a new one. */
  async grant(cache: Cache, user: string, groups: string): Promise<Token> {
    const userKey = `${this.#prefix}/user/${user}`;
    const old = await cache.get(userKey);
    if (typeof old === 'string') {
      const found = await this.#find(cache, old);
      if (found !== undefined && found.expires > this.#now() && sameGroups(found.groups, groups)) {
        return { token: old, expires: found.expires };
      }
    }
    const token = `${this.#prefix}tk${randomUUID().replaceAll('-', '')}`;
    const expires = this.#now() + this.#lifeSeconds;
    await cache.set(this.#tokenKey(token), [expires, groups], this.#lifeSeconds);
    await cache.set(userKey, token, this.#lifeSeconds);
    return { token, expires };
  }

  async #find(cache: Cache, token: string): Promise<{ expires: number; groups: string } | undefined> {
    const value = await cache.get(this.#tokenKey(token));
    if (!Array.isArray(value)) return undefined;
    const [expires, groups] = value as unknown[];
    return typeof expires === 'number' && typeof groups === 'string' ? { expires, groups } : undefined;
  }

  #tokenKey(token: string): string {
    return `${this.#prefix}/token/${token}`;
  }
}

function sameGroups(a: string, b: string): boolean {
  return a.split(',').toSorted().join() === b.split(',').toSorted().join();
}
