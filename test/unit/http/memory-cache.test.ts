import { expect, test } from 'vitest';
import { MemoryCache } from '../../../src/http/memory-cache.ts';

test('a value is there until its time to live is over', async () => {
  let now = 1000;
  const cache = new MemoryCache({ now: () => now });
  await cache.set('a', { x: 1 }, 10);
  await cache.set('forever', 'v', 0);
  now = 1009.9;
  expect(await cache.get('a')).toEqual({ x: 1 });
  now = 1010;
  expect(await cache.get('a')).toBeUndefined();
  expect(await cache.get('forever')).toBe('v');
});

test('a time to live may be longer than thirty days', async () => {
  let now = 1_700_000_000;
  const cache = new MemoryCache({ now: () => now });
  await cache.set('a', 1, 40 * 86400);
  now += 40 * 86400 - 1;
  expect(await cache.get('a')).toBe(1);
  now += 1;
  expect(await cache.get('a')).toBeUndefined();
});

test("a counter's time to live runs from its beginning", async () => {
  let now = 1000;
  const cache = new MemoryCache({ now: () => now });
  await cache.increment('n', 1, 10);
  now = 1009;
  expect(await cache.increment('n', 1, 10)).toBe(2);
  now = 1010;
  expect(await cache.increment('n', 1, 10)).toBe(1);
});

test('counters begin at 0 and never fall below it', async () => {
  const cache = new MemoryCache();
  expect(await cache.increment('n', 5, 60)).toBe(5);
  expect(await cache.increment('n', -2, 60)).toBe(3);
  expect(await cache.increment('n', -9, 60)).toBe(0);
});

test('the least recently used entries make room, and the bound holds', async () => {
  const cache = new MemoryCache({ maxBytes: 3000 });
  const text = 'x'.repeat(300);
  for (const key of ['a', 'b', 'c']) await cache.set(key, text, 0);
  await cache.get('a');
  await cache.set('d', text, 0);
  expect(cache.sizeBytes).toBeLessThanOrEqual(3000);
  expect([await cache.get('a'), await cache.get('b'), await cache.get('d')]).toEqual([text, undefined, text]);
});

test('a deleted key is gone and a value too large for the cache is not kept', async () => {
  const cache = new MemoryCache({ maxBytes: 1000 });
  await cache.set('a', 1, 0);
  await cache.delete('a');
  await cache.set('big', 'x'.repeat(2000), 0);
  expect([await cache.get('a'), await cache.get('big'), cache.sizeBytes]).toEqual([undefined, undefined, 0]);
});
