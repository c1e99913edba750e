import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Cache } from '../../src/middleware-api.ts';
import { caches, openCache, type OpenCache } from './caches.ts';

for (const { name, start } of caches.filter(({ isPossible }) => isPossible)) {
  describe(name, () => {
    let opened: OpenCache | undefined;
    let cache: Cache;
    let stop: (() => Promise<void>) | undefined;

    beforeAll(async () => {
      const started = await start();
      stop = started.stop;
      opened = await openCache(started.conf, undefined, started.shared);
      cache = opened.cache;
    });

    afterAll(async () => {
      await opened?.close();
      await stop?.();
    });

    test('what was never stored is absent', async () => {
      expect(await cache.get(randomUUID())).toBeUndefined();
      await cache.delete(randomUUID());
    });

    test('every JSON value comes back as it was stored', async () => {
      const values = ['', 'é漢😀', '\u0000\r\n', 0, -1.5, true, null, [], [1, ['a']], {}, { a: { 'b c': null } }];
      for (const value of values) {
        await cache.set('value', value, 60);
        expect(await cache.get('value')).toEqual(value);
      }
    });

    test('keys may be any text, and different ones are kept apart', async () => {
      const keys = [
        '',
        ' ',
        'a b',
        'a\r\nb',
        'é',
        'container/AUTH_a/c',
        'container/AUTH_a/C',
        'x'.repeat(5000),
        '\udcff',
      ];
      await Promise.all(keys.map((key, at) => cache.set(key, at, 60)));
      expect(await Promise.all(keys.map((key) => cache.get(key)))).toEqual(keys.map((_, at) => at));
    });

    test('a value is replaced, and deleted', async () => {
      await cache.set('k', 'old', 60);
      await cache.set('k', 'new', 60);
      expect(await cache.get('k')).toBe('new');
      await cache.delete('k');
      expect(await cache.get('k')).toBeUndefined();
    });

    test('a value is gone once its time is over, and stays when it has none', async () => {
      await Promise.all([cache.set('short', 1, 1), cache.set('half', 1, 0.5), cache.set('long', 1, 40 * 86400)]);
      await cache.set('kept', 1, 0);
      expect(await cache.get('short')).toBe(1);
      for (const key of ['short', 'half']) {
        await expect.poll(() => cache.get(key), { timeout: 5000, interval: 50 }).toBeUndefined();
      }
      expect(await Promise.all([cache.get('long'), cache.get('kept')])).toEqual([1, 1]);
    });

    test('a counter begins at 0, never falls below it and can be read', async () => {
      const key = randomUUID();
      expect(await cache.increment(key, 5, 60)).toBe(5);
      expect(await cache.increment(key, -2, 60)).toBe(3);
      expect(await cache.get(key)).toBe(3);
      expect(await cache.increment(key, -9, 60)).toBe(0);
      expect(await cache.increment(key, 1_800_000_000_000, 0)).toBe(1_800_000_000_000);
      expect(await cache.increment(randomUUID(), -1, 60)).toBe(0);
    });

    test('a number that was stored can be counted on', async () => {
      const key = randomUUID();
      await cache.set(key, 1_800_000_000_000, 0);
      expect(await cache.increment(key, 29, 0)).toBe(1_800_000_000_029);
    });

    test('no step of a counter is lost when many count at once', async () => {
      const key = randomUUID();
      const seen = await Promise.all(Array.from({ length: 200 }, () => cache.increment(key, 1, 60)));
      expect(new Set(seen).size).toBe(200);
      expect(Math.max(...seen)).toBe(200);
    });

    test('answers find their requests when many are on the way', async () => {
      const keys = Array.from({ length: 500 }, (_, at) => `many/${at}`);
      const value = (at: number): unknown => ({ at, text: 'x'.repeat((at * 97) % 5000) });
      await Promise.all(keys.map((key, at) => cache.set(key, value(at), 60)));
      const found = await Promise.all(keys.map((key) => cache.get(key)));
      expect(found).toEqual(keys.map((_, at) => value(at)));
    });

    test('a value of half a megabyte is kept', async () => {
      const big = 'é'.repeat(80_000);
      await cache.set('big', big, 60);
      expect(await cache.get('big')).toBe(big);
    });

    test('nothing was to be complained of', () => {
      expect(opened?.log.lines).toEqual([]);
    });
  });
}
