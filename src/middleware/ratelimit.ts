/**
 * ratelimit - slows clients that write to the same account or container faster than its database takes, by rates that all proxies of
 * the cluster keep together in the cache. Behind memcache, before auth.
 */

import { setTimeout as delay } from 'node:timers/promises';
import {
  type Cache,
  ClientDisconnect,
  type FilterFactory,
  type Handler,
  type Host,
  type Order,
  readConf,
  type SwiftRequest,
  SwiftResponse,
  type TypedConf,
} from '../middleware-api.ts';
import { accountStanding, limitsOf, type RateConf, type Target, targetOf } from './ratelimit/limits.ts';
import { RateCounter, TooSlow } from './ratelimit/rate-counter.ts';
import { readSizedRates } from './ratelimit/sized-rates.ts';

export const confSpec = {
  clock_accuracy: {
    type: 'integer',
    default: 1000,
    min: 1,
    doc: 'How finely the clocks of all proxies agree: 1000 for a millisecond. No rate should be higher.',
  },
  max_sleep_time_seconds: {
    type: 'seconds',
    default: 60,
    doc: 'A request that had to wait for longer is refused with 498.',
  },
  log_sleep_time_seconds: { type: 'seconds', default: 0, doc: 'Log waits longer than this; 0: none.' },
  rate_buffer_seconds: {
    type: 'seconds',
    default: 5,
    doc: 'How far a client that was slower than its rate may catch up, at any speed.',
  },
  account_ratelimit: {
    type: 'number',
    default: 0,
    doc: 'PUT and DELETE of containers in one account, a second; 0: no limit.',
  },
  account_whitelist: { type: 'list', default: [], doc: 'Accounts without limits.' },
  account_blacklist: {
    type: 'list',
    default: [],
    doc: 'Accounts whose every request is refused with 497 after a second.',
  },
  'container_ratelimit_<size>': {
    type: 'number',
    doc: 'Writes of objects in a container of so many objects, a second; between the sizes given along a straight line.',
  },
  'container_listing_ratelimit_<size>': {
    type: 'number',
    doc: 'Listings of a container of so many objects, a second; between the sizes given along a straight line.',
  },
} as const;

export const order: Order = {
  after: ['memcache'],
  before: ['tempauth', 'keystoneauth'],
  why: 'rates are kept in the cache, and a client that is too fast should not get as far as auth',
};

type Conf = TypedConf<typeof confSpec>;

/** Waits; ends early, by throwing, when the signal aborts. */
export type Sleep = (seconds: number, signal: AbortSignal) => Promise<void>;

async function sleepOf(seconds: number, signal: AbortSignal): Promise<void> {
  await delay(seconds * 1000, undefined, { signal });
}

/** Makes barred clients slow to try again. */
const BARRED_SLEEP_SECONDS = 1;

function plainAnswer(status: number, reason: string, text: string): SwiftResponse {
  const headers = { 'content-type': 'text/html; charset=UTF-8', 'content-length': text.length };
  return new SwiftResponse(status, headers, Buffer.from(text), reason);
}

class RateLimiter {
  readonly #conf: Conf;
  readonly #rates: RateConf;
  readonly #counter: RateCounter;
  readonly #sleep: Sleep;

  constructor(conf: Conf, rates: RateConf, host: Host, sleep: Sleep) {
    this.#conf = conf;
    this.#rates = rates;
    this.#sleep = sleep;
    this.#counter = new RateCounter({
      clockAccuracy: conf.clock_accuracy,
      bufferSeconds: conf.rate_buffer_seconds,
      maxSleepSeconds: conf.max_sleep_time_seconds,
      now: () => host.now(),
    });
  }

  handle(req: SwiftRequest, app: Handler): Promise<SwiftResponse> {
    const target = targetOf(req.path);
    if (target === undefined || req.env.ratelimitHandled === true) return app(req);
    const { cache } = req.env;
    if (cache === undefined) {
      req.log.warn('ratelimit: there is no cache before it in the pipeline, so nothing is limited');
      return app(req);
    }
    // A second ratelimit in the pipeline, and sub-requests that come by, are not to count again.
    req.env.ratelimitHandled = true;
    return this.#limit(req, app, cache, target);
  }

  async #limit(req: SwiftRequest, app: Handler, cache: Cache, target: Target): Promise<SwiftResponse> {
    return (await this.#refuseOrWait(req, app, cache, target)) ?? app(req);
  }

  async #refuseOrWait(
    req: SwiftRequest,
    app: Handler,
    cache: Cache,
    target: Target,
  ): Promise<SwiftResponse | undefined> {
    const standing = await accountStanding(this.#rates, req, app, target.account);
    if (standing === 'free') return undefined;
    if (standing === 'barred') {
      req.log.error(`ratelimit: 497, account ${target.account} is blacklisted`);
      await this.#wait(BARRED_SLEEP_SECONDS, req.signal);
      return plainAnswer(497, 'Blacklisted', 'Your account has been blacklisted');
    }
    let waitSeconds = 0;
    try {
      for (const { key, requestsPerSecond } of await limitsOf(
        this.#rates,
        req,
        app,
        target,
        standing.globalWriteRate,
      )) {
        waitSeconds = Math.max(waitSeconds, await this.#counter.book(cache, key, requestsPerSecond));
      }
    } catch (error) {
      if (!(error instanceof TooSlow)) throw error;
      req.log.error(`ratelimit: 498 to ${req.method} ${req.path}: ${error.message}`);
      return plainAnswer(498, 'Rate Limited', 'Slow down');
    }
    if (waitSeconds > 0) {
      const { log_sleep_time_seconds: logAbove } = this.#conf;
      if (logAbove > 0 && waitSeconds > logAbove) {
        req.log.warn(`ratelimit: ${req.method} ${req.path} waits ${waitSeconds} s`);
      }
      await this.#wait(waitSeconds, req.signal);
    }
    return undefined;
  }

  /** Throws ClientDisconnect when the client goes in the meantime. */
  async #wait(seconds: number, signal: AbortSignal): Promise<void> {
    try {
      await this.#sleep(seconds, signal);
    } catch (error) {
      if (signal.aborted) throw new ClientDisconnect();
      throw error;
    }
  }
}

/** A factory of the filter with a way to wait of the caller's own. */
export function makeFilterFactory(sleep: Sleep): FilterFactory {
  return (globalConf, localConf, host) => {
    const conf = readConf(confSpec, globalConf, localConf);
    const rates: RateConf = {
      accountRate: conf.account_ratelimit,
      containerRates: readSizedRates('container_ratelimit_', globalConf, localConf),
      listingRates: readSizedRates('container_listing_ratelimit_', globalConf, localConf),
      whitelist: new Set(conf.account_whitelist),
      blacklist: new Set(conf.account_blacklist),
    };
    host.info.register('ratelimit', {
      account_ratelimit: conf.account_ratelimit,
      max_sleep_time_seconds: conf.max_sleep_time_seconds,
      container_ratelimits: rates.containerRates.points,
      container_listing_ratelimits: rates.listingRates.points,
    });
    const limiter = new RateLimiter(conf, rates, host, sleep);
    return (app) => (req) => limiter.handle(req, app);
  };
}

export const filterFactory: FilterFactory = makeFilterFactory(sleepOf);
