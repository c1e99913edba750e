import { expect, test } from 'vitest';
import { readBenchOptions } from '../../../bench/options.ts';

test('rows, rounds, seconds and clients are chosen by options, and only a run of everything is written', () => {
  const options = readBenchOptions(['--rows', 'get-1k,put-1k', '--rounds', '5', '--seconds', '7', '--clients', '8,9']);
  expect(options.rows.map(({ name }) => name)).toEqual(['get-1k', 'put-1k']);
  expect(options).toMatchObject({ rounds: 5, seconds: 7, clients: [8, 9], writes: false });
  expect(readBenchOptions(['--write'])).toMatchObject({ writes: true });
  expect(readBenchOptions(['--quick'])).toMatchObject({ rounds: 1, clients: [16] });
});

test.each([
  [['--rows', 'get-1k,nothing'], /--rows nothing: there is no such row/],
  [['--rounds', '0'], /--rounds 0: expected a number from 1/],
  [['--clients', '16,x'], /--clients x: expected a number/],
  [['--much'], /--much/],
  [['--write', '--quick'], /--write wants all/],
])('%j is told as a fault', (args, message) => {
  expect(() => readBenchOptions(args)).toThrow(message);
});
