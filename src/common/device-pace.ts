import { threadBlocksRead, threadWaits } from './system-calls.ts';

/** More than a cached answer takes. */
const SLOW_MS = 1;
const FIRST_REST_MS = 50;
const LONGEST_REST_MS = 1000;

/**
 * Whether a device answers at once, as it does from the kernel's cache. Then plain calls cost less than a way through other threads;
 * a device that let the loop wait is left to those for a while, each time longer that it is found slow again soon after. Time that went by
 * because others had the CPU is not the device's; that in the collector is only told apart from reading.
 */
export class DevicePace {
  #slowUntilMs = 0;
  #restMs = 0;
  #startMs = 0;
  #waitsBefore = 0;
  #blocksBefore = 0;

  get isFast(): boolean {
    return performance.now() >= this.#slowUntilMs;
  }

  /** Plain calls follow, within this turn of the loop. */
  begin(): void {
    this.#waitsBefore = threadWaits();
    this.#startMs = performance.now();
  }

  /** The calls that followed `begin` are done. */
  end(): void {
    this.#note(this.#waitsBefore, threadWaits);
  }

  /** Like `begin`, for calls that only read. */
  beginReading(): void {
    this.#blocksBefore = threadBlocksRead();
    this.#startMs = performance.now();
  }

  endReading(): void {
    this.#note(this.#blocksBefore, threadBlocksRead);
  }

  #note(before: number, counter: () => number): void {
    const nowMs = performance.now();
    if (nowMs - this.#startMs <= SLOW_MS || counter() === before) return;
    const isSlowAgain = nowMs - this.#slowUntilMs < this.#restMs;
    this.#restMs = isSlowAgain ? Math.min(2 * this.#restMs, LONGEST_REST_MS) : FIRST_REST_MS;
    this.#slowUntilMs = nowMs + this.#restMs;
  }
}
