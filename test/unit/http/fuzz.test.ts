import { expect, test } from 'vitest';
import { fuzz } from '../../fuzz/http.ts';

test('twenty thousand mutated messages are read alike however they are cut', async () => {
  const seed = Math.floor(Math.random() * 2 ** 32);
  const { taken, refused } = await fuzz(20_000, seed);
  expect(taken).toBeGreaterThan(1000);
  expect(refused).toBeGreaterThan(1000);
});
