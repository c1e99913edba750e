import { expect, test } from 'vitest';
import { RestartPace } from '../../../src/cli/restart-pace.ts';

test('a worker that dies after a good while of service is replaced at once', () => {
  let now = 0;
  const pace = new RestartPace(() => now);
  for (let round = 0; round < 5; round++) {
    const worker = {};
    pace.ready(worker);
    now += 60_000;
    expect(pace.delayAfterDeath(worker)).toBe(0);
  }
});

test('workers that die soon after their start are replaced ever more slowly, up to ten seconds', () => {
  const pace = new RestartPace(() => 0);
  const delays = Array.from({ length: 9 }, () => {
    const worker = {};
    pace.ready(worker);
    return pace.delayAfterDeath(worker);
  });
  expect(delays).toEqual([0, 500, 1000, 2000, 4000, 8000, 10_000, 10_000, 10_000]);
});

test('workers that cannot start are tried again ever more slowly', () => {
  const pace = new RestartPace(() => 0);
  expect([1, 2, 3].map(() => pace.delayAfterFailedStart())).toEqual([250, 500, 1000]);
});
