/** What Keystone told of tokens, kept for a time so that it is not asked at every request; shared with Python's proxies. */

import { createHash } from 'node:crypto';
import { type Cache, MemoryCache } from '../../middleware-api.ts';
import { type JsonObject, objectOf, parseJson } from './json.ts';

const OWN_CACHE_BYTES = 16 * 1024 * 1024;

export class TokenCache {
  readonly #ttlSec: number;
  /** For a server without a shared cache. */
  readonly #own: MemoryCache;

  /** `ttlSec` below 0: nothing is kept; 0: as long as the cache likes. */
  constructor(ttlSec: number, now: () => number) {
    this.#ttlSec = ttlSec;
    this.#own = new MemoryCache({ maxBytes: OWN_CACHE_BYTES, now });
  }

  /** `shared`: the cache to use in place of the server's own. */
  async get(shared: Cache | undefined, token: string): Promise<JsonObject | undefined> {
    if (this.#ttlSec < 0) return undefined;
    const stored = await (shared ?? this.#own).get(keyOf(token));
    if (typeof stored !== 'string') return undefined;
    const told = parseJson(stored);
    return told === undefined ? undefined : objectOf(told);
  }

  async set(shared: Cache | undefined, token: string, told: JsonObject): Promise<void> {
    if (this.#ttlSec < 0) return;
    await (shared ?? this.#own).set(keyOf(token), JSON.stringify(told), this.#ttlSec);
  }
}

function keyOf(token: string): string {
  return `tokens/${createHash('sha256').update(token).digest('hex')}`;
}
