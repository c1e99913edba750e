import { threadWaits } from './system-calls.ts';

/** More than a cached answer takes. */
const SLOW_MS = 1;
const REST_MS = 1000;

/**
 * Whether a device answers at once, as it does from the kernel's cache. Then plain calls cost less than a way through other threads;
 * a device that let the loop wait is left to those for a second. Time that went by because others had the CPU, or in the
 * collector, is not the device's.
 */
export class DevicePace {
  #slowUntilMs = 0;
  #startMs = 0;
  #waitsBefore = 0;

  get isFast(): boolean {
    return this.#slowUntilMs === 0 || performance.now() >= this.#slowUntilMs;
  }

  /** Plain calls follow, within this turn of the loop. */
  begin(): void {
    this.#waitsBefore = threadWaits();
    this.#startMs = performance.now();
  }

  /** The calls that followed `begin` are done. */
  end(): void {
    const nowMs = performance.now();
    if (nowMs - this.#startMs > SLOW_MS && threadWaits() !== this.#waitsBefore) this.#slowUntilMs = nowMs + REST_MS;
    else if (this.isFast) this.#slowUntilMs = 0;
  }
}
