import { expect, test } from 'vitest';
import { warmUp } from '../../../bench/comparison.ts';

/** How often a server was asked whose requests cost so much CPU time, one value a time. */
async function timesAsked(...cpuMs: number[]): Promise<number> {
  let count = 0;
  await warmUp(() => Promise.resolve({ cpuMs: cpuMs[count++] as number }));
  return count;
}

test('a server is warm once asking it makes requests no cheaper', async () => {
  expect(await timesAsked(3, 3)).toBe(2);
  expect(await timesAsked(9, 6, 4, 3.9)).toBe(4);
});

test('a server that gets cheaper all the time is measured in the end', async () => {
  expect(await timesAsked(64, 32, 16, 8, 4, 2, 1)).toBe(6);
});
