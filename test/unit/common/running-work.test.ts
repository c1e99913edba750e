import { expect, test } from 'vitest';
import { RunningWork } from '../../../src/common/running-work.ts';

test('who waits for idleness waits for all that is under way, and for what begins meanwhile', async () => {
  const work = new RunningWork();
  const [first, second] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
  const seen: string[] = [];
  work.add(first.promise);
  const idle = work.idle().then(() => seen.push('idle'));
  work.add(second.promise.then(() => seen.push('second')));
  first.resolve();
  await first.promise;
  seen.push('first');
  second.resolve();
  await idle;
  expect(seen).toEqual(['first', 'second', 'idle']);
});

test('nothing under way is idle at once, before anything and after all has ended', async () => {
  const work = new RunningWork();
  await work.idle();
  const ended = Promise.resolve();
  work.add(ended);
  await work.idle();
  await expect(work.idle()).resolves.toBeUndefined();
});
