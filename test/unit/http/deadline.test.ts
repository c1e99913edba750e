import { expect, onTestFinished, test, vi } from 'vitest';
import { Deadline } from '../../../src/http/deadline.ts';

function clock(): { met: number[]; deadline: Deadline; at: () => number } {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const start = performance.now();
  const at = (): number => performance.now() - start;
  const met: number[] = [];
  const deadline = new Deadline(() => met.push(at()));
  return { met, deadline, at };
}

test('a wait that is too long is told once, at its time', () => {
  const { met, deadline } = clock();
  deadline.begin(50);
  vi.advanceTimersByTime(49);
  expect(met).toEqual([]);
  vi.advanceTimersByTime(500);
  expect(met).toEqual([50]);
  deadline.begin(20);
  vi.advanceTimersByTime(500);
  expect(met).toEqual([50, 569]);
});

test('waits that end in time share one timer, and the next one has its whole time all the same', () => {
  const { met, deadline } = clock();
  for (let round = 0; round < 9; round++) {
    deadline.begin(50);
    vi.advanceTimersByTime(40);
    expect(vi.getTimerCount()).toBe(1);
    deadline.end();
  }
  deadline.begin(50);
  vi.advanceTimersByTime(500);
  expect(met).toEqual([9 * 40 + 50]);
});

test('a shorter wait is told at its own time though a longer one came before', () => {
  const { met, deadline } = clock();
  deadline.begin(1000);
  deadline.end();
  deadline.begin(10);
  vi.advanceTimersByTime(2000);
  expect(met).toEqual([10]);
});

test('nothing is told after the end of a wait, and no timer is left once it is stopped', () => {
  const { met, deadline } = clock();
  deadline.begin(10);
  deadline.end();
  vi.advanceTimersByTime(100);
  expect(vi.getTimerCount()).toBe(0);
  deadline.begin(10);
  deadline.stop();
  expect(vi.getTimerCount()).toBe(0);
  vi.advanceTimersByTime(100);
  expect(met).toEqual([]);
});
