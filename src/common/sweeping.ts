/** What daemons that sweep over devices share: sweep after sweep, and a pace within one. */

import { setTimeout as sleep } from 'node:timers/promises';

export interface Sweeps {
  /** One sweep, then return. */
  readonly once: boolean;
  /** From the start of one sweep to that of the next. */
  readonly intervalMs: number;
  readonly signal: AbortSignal;
  readonly sweep: () => Promise<void>;
  /** Told of a sweep that failed, which does not end the run. */
  readonly failed: (error: unknown) => void;
}

/** Runs until the signal aborts, or for one sweep. */
export async function runSweeps({ once, intervalMs, signal, sweep, failed }: Sweeps): Promise<void> {
  while (!signal.aborted) {
    const started = performance.now();
    try {
      await sweep();
    } catch (error) {
      failed(error);
    }
    if (once) return;
    const rest = intervalMs - (performance.now() - started);
    if (rest > 0) await pause(rest, signal);
  }
}

export interface Pace {
  /** Tasks side by side. */
  readonly concurrency: number;
  /** Shortest time between the beginnings of two tasks. */
  readonly pauseMs: number;
  /** No task begins once it aborts; those in hand are waited for. */
  readonly signal: AbortSignal;
}

/** Runs a task for each item. What a task throws is for the task to catch. */
export async function forEachPaced<T>(
  items: AsyncIterable<T>,
  pace: Pace,
  task: (item: T) => Promise<void>,
): Promise<void> {
  const running = new Set<Promise<void>>();
  let next = performance.now();
  try {
    for await (const item of items) {
      if (pace.signal.aborted) break;
      while (running.size >= pace.concurrency) await Promise.race(running);
      const wait = next - performance.now();
      if (wait > 0) await pause(wait, pace.signal);
      next = Math.max(next, performance.now()) + pace.pauseMs;
      const one = task(item).finally(() => running.delete(one));
      running.add(one);
    }
  } finally {
    await Promise.all(running);
  }
}

/**
 * Shortest time between two tasks: that of so many a second (0 for no limit), or else that of `slowdown`, the pause that a sweep
 * made before rates were given, beside the hundredth of a second that a task was taken to last.
 */
export function pauseBetweenMs(perSecond: number | undefined, slowdownSeconds: number): number {
  if (perSecond === undefined) return (slowdownSeconds + 0.01) * 1000;
  return perSecond > 0 ? 1000 / perSecond : 0;
}

/** Waits, or until the signal aborts. */
async function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(milliseconds, undefined, { signal });
  } catch {
    // Aborted: the loops see the signal.
  }
}
