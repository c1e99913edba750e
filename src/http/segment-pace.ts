/** How fast a client may walk through the segments of a large object. */

import { setTimeout as delay } from 'node:timers/promises';
import { ClientDisconnect } from './errors.ts';
import type { SegmentRequest } from './segment-requests.ts';

export interface SegmentLimits {
  /** Longest time for a whole body, seconds. */
  readonly maxGetTimeSec: number;
  /** So many segments are free. */
  readonly rateLimitAfterSegment: number;
  /** The rate of those behind; 0: no limit. */
  readonly rateLimitSegmentsPerSec: number;
  /** Only segments of fewer bytes count; default: all. Data in the manifest itself never counts. */
  readonly rateLimitUnderSizeBytes?: number | undefined;
}

/** Waits so many seconds; throws when the signal aborts before. */
export type Sleep = (seconds: number, signal: AbortSignal) => Promise<void>;

export async function sleepSeconds(seconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(seconds * 1000, undefined, { signal });
  } catch {
    throw new ClientDisconnect();
  }
}

/** Whoever was slower than the rate for longer than this does not make up for all of it. */
const CATCH_UP_SEC = 5;

export class SegmentPace {
  readonly #limits: SegmentLimits;
  readonly #now: () => number;
  readonly #sleep: Sleep;
  #free: number;
  /** When the next segment is due, seconds since 1970. */
  #dueTime = 0;

  constructor(limits: SegmentLimits, now: () => number, sleep: Sleep) {
    this.#limits = limits;
    this.#now = now;
    this.#sleep = sleep;
    this.#free = limits.rateLimitAfterSegment;
  }

  /** Waits until the request's turn has come. */
  async wait(request: SegmentRequest, signal: AbortSignal): Promise<void> {
    const { rateLimitSegmentsPerSec: perSec, rateLimitUnderSizeBytes: underBytes } = this.#limits;
    let waitSec = 0;
    for (const lengthBytes of request.segmentBytes) {
      if (underBytes !== undefined && lengthBytes >= underBytes) continue;
      if (this.#free > 0) this.#free -= 1;
      else if (perSec > 0) waitSec = this.#book(1 / perSec);
    }
    if (waitSec > 0) await this.#sleep(waitSec, signal);
  }

  #book(intervalSec: number): number {
    const now = this.#now();
    if (now - this.#dueTime > CATCH_UP_SEC) this.#dueTime = now;
    const waitSec = this.#dueTime - now;
    this.#dueTime += intervalSec;
    return waitSec;
  }
}
