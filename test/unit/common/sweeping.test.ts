import { expect, test } from 'vitest';
import { forEachPaced, pauseBetweenMs, runSweeps } from '../../../src/common/sweeping.ts';

test('the pause between tasks is that of the rate, none without a limit, and else that of slowdown', () => {
  expect(pauseBetweenMs(50, 9)).toBe(20);
  expect(pauseBetweenMs(0, 9)).toBe(0);
  expect(pauseBetweenMs(undefined, 0.01)).toBe(20);
});

test('a sweep that fails is told of and does not end the run, which an abort ends', async () => {
  const abort = new AbortController();
  const faults: unknown[] = [];
  let sweeps = 0;
  const sweep = (): Promise<void> => {
    sweeps += 1;
    if (sweeps === 2) abort.abort();
    return Promise.reject(new Error(`sweep ${sweeps}`));
  };
  await runSweeps({
    once: false,
    intervalMs: 0,
    signal: abort.signal,
    sweep,
    failed: (error) => faults.push((error as Error).message),
  });
  expect(faults).toEqual(['sweep 1', 'sweep 2']);
});

test('no more tasks run side by side than wanted, and those in hand are waited for when the items break off', async () => {
  let running = 0;
  let most = 0;
  let done = 0;
  async function* items(): AsyncGenerator<number> {
    for (let item = 0; item < 5; item++) yield item;
    throw new Error('no more');
  }
  const pace = { concurrency: 2, pauseMs: 0, signal: new AbortController().signal };
  const all = forEachPaced(items(), pace, async () => {
    running += 1;
    most = Math.max(most, running);
    await new Promise((resolve) => setImmediate(resolve));
    running -= 1;
    done += 1;
  });
  await expect(all).rejects.toThrow('no more');
  expect([most, done, running]).toEqual([2, 5, 0]);
});
