import { expect, test } from 'vitest';
import { forEachConcurrently } from '../../../src/http/concurrently.ts';

async function turn(): Promise<void> {
  await new Promise((resolve) => {
    setImmediate(resolve);
  });
}

test('no more than so many are worked on at a time, and all in the end', async () => {
  let running = 0;
  let most = 0;
  const done: number[] = [];
  await forEachConcurrently([1, 2, 3, 4, 5, 6, 7], 3, async (item) => {
    most = Math.max(most, ++running);
    await turn();
    running -= 1;
    done.push(item);
    return true;
  });
  expect(most).toBe(3);
  expect(done.toSorted()).toEqual([1, 2, 3, 4, 5, 6, 7]);
});

test('after a false no more are begun, those in hand are waited for, and the items are closed', async () => {
  let closed = false;
  async function* items(): AsyncGenerator<number> {
    try {
      for (let item = 0; ; item++) yield item;
    } finally {
      closed = true;
    }
  }
  const done: number[] = [];
  await forEachConcurrently(items(), 2, async (item) => {
    await turn();
    done.push(item);
    return item < 4;
  });
  expect(Math.max(...done)).toBeLessThanOrEqual(5);
  expect(done).toContain(4);
  expect(closed).toBe(true);
});

test('what the items throw is thrown once all that was begun has ended', async () => {
  const done: number[] = [];
  function* items(): Generator<number> {
    yield 1;
    throw new Error('no more');
  }
  const all = forEachConcurrently(items(), 5, async (item) => {
    await turn();
    done.push(item);
    return true;
  });
  await expect(all).rejects.toThrow('no more');
  expect(done).toEqual([1]);
});

test('what the work throws is thrown, and ends the rest', async () => {
  const begun: number[] = [];
  const all = forEachConcurrently([1, 2, 3], 1, async (item) => {
    begun.push(item);
    await turn();
    throw new Error(`no ${item}`);
  });
  await expect(all).rejects.toThrow('no 1');
  expect(begun).toEqual([1]);
});
