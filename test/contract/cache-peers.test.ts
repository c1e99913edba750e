import { afterEach, expect, test } from 'vitest';
import { answerCacheCalls } from '../../src/cli/parent-services.ts';
import { startWorker } from './caches.ts';

type Worker = Awaited<ReturnType<typeof startWorker>>;

let running: Worker[] = [];
afterEach(async () => {
  for (const { stop } of running) await stop();
});

async function startWorkers(): Promise<[Worker, Worker]> {
  const answerCacheCall = answerCacheCalls();
  const workers: [Worker, Worker] = [
    await startWorker(answerCacheCall, ['remembers']),
    await startWorker(answerCacheCall, ['remembers']),
  ];
  running = workers;
  return workers;
}

test('what a worker remembers of the cache it forgets when another worker deletes it', async () => {
  const [{ shared: one }, { shared: other }] = await startWorkers();
  await one.set('k', 'old', 60);
  expect(await other.get('k')).toBe('old');
  await one.set('k', 'new', 60);
  expect(await other.get('k')).toBe('old');
  await one.delete('k');
  await one.set('k', 'newest', 60);
  await expect.poll(() => other.get('k')).toBe('newest');
});

test('a worker that has ended keeps no other from being told', async () => {
  const [{ shared: one }, other] = await startWorkers();
  await other.stop();
  running = running.filter((worker) => worker !== other);
  await one.set('k', 'v', 60);
  await one.delete('k');
  expect(await one.get('k')).toBeUndefined();
});
