import { expect, test } from 'vitest';
import { type CachePeers, LocalCache, type LocalCacheOptions } from '../../../src/http/local-cache.ts';
import type { Cache } from '../../../src/middleware-api.ts';

/** A cache that others share: tells what it was asked, and answers when it is let. */
class SharedCache implements Cache {
  readonly values = new Map<string, unknown>();
  readonly calls: string[] = [];
  /** Set: answers wait for it. */
  gate: Promise<void> | undefined;

  async get(key: string): Promise<unknown> {
    this.calls.push(`get ${key}`);
    const value = this.values.get(key);
    await this.gate;
    return value;
  }

  async set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    this.calls.push(`set ${key} ${ttlSeconds}`);
    await this.gate;
    this.values.set(key, value);
  }

  async increment(key: string, delta: number): Promise<number> {
    this.calls.push(`increment ${key}`);
    await this.gate;
    const value = Number(this.values.get(key) ?? 0) + delta;
    this.values.set(key, value);
    return value;
  }

  async delete(key: string): Promise<void> {
    this.calls.push(`delete ${key}`);
    await this.gate;
    this.values.delete(key);
  }
}

interface Setup {
  shared: SharedCache;
  local: LocalCache;
  clock: { now: number };
}

function setUp(options: Partial<LocalCacheOptions> = {}): Setup {
  const shared = new SharedCache();
  const clock = { now: 50 };
  return { shared, clock, local: new LocalCache(shared, { seconds: 1, now: () => clock.now, ...options }) };
}

test('a value is asked for once a second, and what others made of it is seen then', async () => {
  const { shared, local, clock } = setUp();
  shared.values.set('k', { acl: 'old' });
  expect(await local.get('k')).toEqual({ acl: 'old' });
  shared.values.set('k', { acl: 'new' });
  clock.now = 50.999;
  expect(await local.get('k')).toEqual({ acl: 'old' });
  clock.now = 51;
  expect(await local.get('k')).toEqual({ acl: 'new' });
  expect(shared.calls).toEqual(['get k', 'get k']);
});

test('all who ask at once share one question', async () => {
  const { shared, local } = setUp();
  shared.values.set('k', 'v');
  expect(await Promise.all([local.get('k'), local.get('k'), local.get('k')])).toEqual(['v', 'v', 'v']);
  expect(shared.calls).toEqual(['get k']);
});

test('what is not there is asked for each time', async () => {
  const { shared, local } = setUp();
  expect(await local.get('k')).toBeUndefined();
  shared.values.set('k', 'v');
  expect(await local.get('k')).toBe('v');
});

test('a cache that fails is asked again', async () => {
  const { shared, local } = setUp();
  shared.get = () => Promise.reject(new Error('gone'));
  await expect(local.get('k')).rejects.toThrow('gone');
  shared.get = () => Promise.resolve('back');
  expect(await local.get('k')).toBe('back');
});

test('a value that this process stores is passed on, and seen at once', async () => {
  const { shared, local } = setUp();
  shared.values.set('k', 'old');
  await local.get('k');
  const { promise, resolve } = Promise.withResolvers<void>();
  shared.gate = promise;
  const stored = local.set('k', 'new', 60);
  expect(await local.get('k')).toBe('new');
  resolve();
  await stored;
  expect(shared.values.get('k')).toBe('new');
  expect(shared.calls).toEqual(['get k', 'set k 60']);
});

test('a value stored again within the second is sent once, unless it or its time to live differs', async () => {
  const { shared, local, clock } = setUp();
  await local.set('k', { a: 1 }, 60);
  await local.set('k', { a: 1 }, 60);
  expect(shared.calls).toEqual(['set k 60']);
  await local.set('k', { a: 1 }, 6);
  await local.set('k', { a: 2 }, 6);
  clock.now += 1;
  await local.set('k', { a: 2 }, 6);
  expect(shared.calls).toEqual(['set k 60', 'set k 6', 'set k 6', 'set k 6']);
});

test('a value that another process stored is stored again', async () => {
  const { shared, local } = setUp();
  shared.values.set('k', 'v');
  await local.get('k');
  await local.set('k', 'v', 60);
  expect(shared.calls).toEqual(['get k', 'set k 60']);
});

test('a value lives here no longer than it was stored for', async () => {
  const { shared, local, clock } = setUp({ seconds: 10 });
  await local.set('k', 'v', 2);
  shared.values.delete('k');
  clock.now += 1.9;
  expect(await local.get('k')).toBe('v');
  clock.now += 0.1;
  expect(await local.get('k')).toBeUndefined();
});

test('a value that this process deletes is gone at once', async () => {
  const { shared, local } = setUp();
  await local.set('k', 'v', 60);
  await local.delete('k');
  expect(await local.get('k')).toBeUndefined();
  expect(shared.calls).toEqual(['set k 60', 'delete k', 'get k']);
});

test('an answer that was on its way when the value was deleted or stored is not kept', async () => {
  const { shared, local } = setUp();
  shared.values.set('a', 'old').set('b', 'old');
  const { promise, resolve } = Promise.withResolvers<void>();
  shared.gate = promise;
  const heard = Promise.all([local.get('a'), local.get('b')]);
  const changed = Promise.all([local.delete('a'), local.set('b', 'new', 60)]);
  resolve();
  expect(await heard).toEqual(['old', 'old']);
  await changed;
  expect(await local.get('a')).toBeUndefined();
  expect(await local.get('b')).toBe('new');
});

test('what is heard while a deletion is on its way is not kept', async () => {
  const { shared, local } = setUp();
  shared.values.set('k', 'old');
  const { promise, resolve } = Promise.withResolvers<void>();
  shared.gate = promise;
  const deleted = local.delete('k');
  const heard = local.get('k');
  resolve();
  expect(await heard).toBe('old');
  await deleted;
  expect(await local.get('k')).toBeUndefined();
});

test('counters are never kept', async () => {
  const { shared, local } = setUp();
  await local.set('n', 5, 0);
  shared.values.set('n', 7);
  expect(await local.get('n')).toBe(7);
  expect(await local.increment('n', 1, 0)).toBe(8);
  shared.values.set('n', 20);
  expect(await local.get('n')).toBe(20);
});

test('what another worker deleted is forgotten, also when it is just being asked for', async () => {
  let listener: ((key: string) => void) | undefined;
  const told: string[] = [];
  const peers: CachePeers = { tell: (key) => told.push(key), onTold: (heard) => (listener = heard) };
  const { shared, local } = setUp({ peers });
  shared.values.set('k', 'old');
  const asked = local.get('k');
  listener?.('k');
  await asked;
  shared.values.set('k', 'new');
  expect(await local.get('k')).toBe('new');
  shared.values.delete('k');
  listener?.('k');
  expect(await local.get('k')).toBeUndefined();
  expect(told).toEqual([]);
  await local.delete('k');
  expect(told).toEqual(['k']);
});

test('it needs no more memory than it may: what was not asked for lately goes first', async () => {
  const { shared, local } = setUp({ maxBytes: 10_000 });
  for (const key of ['a', 'b', 'c']) await local.set(key, 'x'.repeat(1000), 60);
  await local.get('a');
  shared.calls.length = 0;
  await local.get('a');
  await local.get('c');
  await local.get('b');
  expect(shared.calls).toEqual(['get b']);
  await local.set('large', 'x'.repeat(10_000), 60);
  shared.calls.length = 0;
  await local.get('large');
  expect(shared.calls).toEqual(['get large']);
});
