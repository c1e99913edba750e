import { afterEach, expect, test } from 'vitest';
import { answerCacheCalls } from '../../src/cli/parent-services.ts';
import type { Cache } from '../../src/middleware-api.ts';
import { startWorker } from './caches.ts';

const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function startWorkers(): Promise<[Cache, Cache]> {
  const answerCacheCall = answerCacheCalls();
  const start = async (): Promise<Cache> => {
    const { shared, stop } = await startWorker(answerCacheCall, ['remembers']);
    stops.push(stop);
    return shared;
  };
  return Promise.all([start(), start()]);
}

test('what a worker remembers of the cache it forgets when another worker deletes it', async () => {
  const [one, other] = await startWorkers();
  await one.set('k', 'old', 60);
  expect(await other.get('k')).toBe('old');
  await one.set('k', 'new', 60);
  expect(await other.get('k')).toBe('old');
  await one.delete('k');
  await one.set('k', 'newest', 60);
  await expect.poll(() => other.get('k')).toBe('newest');
});

test('a worker that ends is told nothing more', async () => {
  const [one] = await startWorkers();
  await stops.pop()?.();
  await one.delete('k');
  expect(await one.get('k')).toBeUndefined();
});
