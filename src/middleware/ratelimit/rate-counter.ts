/** Rates that all proxies of a cluster keep together, in counters of the cache that Python's proxies use alike. */

import { type Cache, CacheConnectionError } from '../../middleware-api.ts';

export interface RateCounterOptions {
  /** Ticks of the counters in a second. */
  clockAccuracy: number;
  /** Time that an idle client may catch up on. */
  bufferSeconds: number;
  maxSleepSeconds: number;
  /** Seconds since 1970. */
  now: () => number;
}

/** The wait would be longer than is allowed. */
export class TooSlow extends Error {
  readonly waitSeconds: number;

  constructor(waitSeconds: number) {
    super(`a wait of ${waitSeconds.toFixed(2)} s would be needed`);
    this.name = 'TooSlow';
    this.waitSeconds = waitSeconds;
  }
}

/** Proxies that differ by less than this part of a second should refuse alike. */
const REFUSAL_MARGIN = 0.01;

export class RateCounter {
  readonly #options: RateCounterOptions;

  constructor(options: RateCounterOptions) {
    this.#options = options;
  }

  /**
   * Books one request under `key` at so many a second; returns the seconds to wait. Throws TooSlow, with nothing booked. The counter
   * holds the point in time, in ticks, up to which requests are booked. A cache that does not answer limits nothing.
   */
  async book(cache: Cache, key: string, requestsPerSecond: number): Promise<number> {
    const { clockAccuracy, bufferSeconds, maxSleepSeconds, now } = this.#options;
    const nowTicks = roundHalfEven(now() * clockAccuracy);
    const requestTicks = roundHalfEven(clockAccuracy / requestsPerSecond);
    try {
      const bookedUntil = await cache.increment(key, requestTicks, 0);
      if (nowTicks - bookedUntil > bufferSeconds * clockAccuracy) {
        // Nothing happened for long, or ever: time begins now.
        await cache.set(key, nowTicks + requestTicks, 0);
        return 0;
      }
      const waitTicks = Math.max(bookedUntil - nowTicks - requestTicks, 0);
      if (maxSleepSeconds * clockAccuracy - waitTicks > clockAccuracy * REFUSAL_MARGIN)
        return waitTicks / clockAccuracy;
      await cache.increment(key, -requestTicks, 0);
      throw new TooSlow(waitTicks / clockAccuracy);
    } catch (error) {
      if (error instanceof CacheConnectionError) return 0;
      throw error;
    }
  }
}

/** As Python rounds, so that all proxies count alike. */
function roundHalfEven(value: number): number {
  const floor = Math.floor(value);
  const fraction = value - floor;
  if (fraction !== 0.5) return Math.round(value);
  return floor % 2 === 0 ? floor : floor + 1;
}
