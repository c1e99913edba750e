import { expect, test } from 'vitest';
import { median, percentile, ratio } from '../../../bench/statistics.ts';

test('the median of an odd count is the middle value, of an even count the mean of the two in the middle', () => {
  expect(median([9, 1, 5])).toBe(5);
  expect(median([4, 1, 2, 9])).toBe(3);
  expect(median([])).toBeNaN();
});

test('a percentile lies between its neighbours', () => {
  const values = Array.from({ length: 101 }, (_, at) => at);
  expect(percentile(values, 99)).toBe(99);
  expect(percentile([0, 10], 25)).toBe(2.5);
});

test('a ratio to nothing is undefined', () => {
  expect(ratio(6, 2)).toBe(3);
  expect(ratio(6, 0)).toBeUndefined();
  expect(ratio(0, 0)).toBeUndefined();
});
