/** What a domain is another name for, asked of DNS and remembered in the cache. */

import { CANCELLED, NODATA, NOTFOUND } from 'node:dns';
import { Resolver } from 'node:dns/promises';
import type { Cache } from '../../middleware-api.ts';

const LOOKUP_TIMEOUT_MS = 2000;
const LOOKUP_TRIES = 2;
/** Node's resolver does not tell how long a CNAME lives: this is short enough for one that is changed. */
const CACHE_SECONDS = 60;

export class CnameResolver {
  readonly #resolver: Resolver;
  readonly #warn: (message: string) => void;

  /** `nameservers`: addresses with or without ports; none stand for those of the system. */
  constructor(nameservers: readonly string[], warn: (message: string) => void) {
    this.#resolver = new Resolver({ timeout: LOOKUP_TIMEOUT_MS, tries: LOOKUP_TRIES });
    if (nameservers.length > 0) this.#resolver.setServers(nameservers);
    this.#warn = warn;
  }

  /** Target of the domain's CNAME without a dot at its end; undefined when it has none or when no server answers. */
  async targetOf(domain: string, cache: Cache | undefined): Promise<string | undefined> {
    const key = `cname-${domain}`;
    const cached = await cache?.get(key);
    if (typeof cached === 'string' && cached !== '') return cached;
    if (cached === false) return undefined;
    try {
      const [target] = await this.#resolver.resolveCname(domain);
      const found = target === undefined || target === '' ? false : target.replace(/\.+$/, '');
      await cache?.set(key, found, CACHE_SECONDS);
      return found === false ? undefined : found;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      // That there is no such record is an answer like any other; that nobody answered is none to keep.
      if (code === NOTFOUND || code === NODATA) await cache?.set(key, false, CACHE_SECONDS);
      else if (code !== CANCELLED) this.#warn(`${domain}: ${(error as Error).message}`);
      return undefined;
    }
  }

  /** Ends lookups that are under way. */
  close(): void {
    this.#resolver.cancel();
  }
}
