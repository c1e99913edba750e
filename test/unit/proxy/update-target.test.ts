import { expect, test } from 'vitest';
import type { Cache } from '../../../src/http/env.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { covering, parseBounds } from '../../../src/proxy/update-target.ts';
import { ObjectProxy, type ProxyOptions } from './object-fixture.ts';

const SHARDS = [
  { name: '.shards_a/c-1', lower: '', upper: 'm' },
  { name: '.shards_a/c-2', lower: 'm', upper: '' },
];

class MapCache implements Cache {
  readonly values = new Map<string, unknown>();
  readonly ttls = new Map<string, number>();
  async get(key: string): Promise<unknown> {
    return this.values.get(key);
  }
  async set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    this.values.set(key, value);
    this.ttls.set(key, ttlSeconds);
  }
  async increment(): Promise<number> {
    return 0;
  }
  async delete(key: string): Promise<void> {
    this.values.delete(key);
  }
}

function sharded(listing: () => SwiftResponse, conf: Record<string, string> = {}): ObjectProxy {
  const options: ProxyOptions = { containerHeaders: { 'x-backend-sharding-state': 'sharded' }, listing, conf };
  return new ObjectProxy(() => ({ status: 204, body: '' }), options);
}

function shardListing(shards: unknown = SHARDS): SwiftResponse {
  return new SwiftResponse(200, { 'x-backend-record-type': 'shard' }, Buffer.from(JSON.stringify(shards)));
}

async function pathFor(proxy: ObjectProxy, object: string, cache?: Cache): Promise<(string | undefined)[]> {
  await proxy.send(proxy.request('DELETE', `/v1/a/c/${object}`, {}, null, { cache }));
  const { headers } = proxy.nodes.requests.at(-1) ?? { headers: undefined };
  return [headers?.get('x-backend-quoted-container-path'), headers?.get('x-container-root-db-state')];
}

test('the row of an object goes to the shard that covers its name; a shard includes its upper bound', async () => {
  const proxy = sharded(() => shardListing());
  expect(await pathFor(proxy, 'a')).toEqual(['.shards_a/c-1', 'sharded']);
  expect(await pathFor(proxy, 'm')).toEqual(['.shards_a/c-1', 'sharded']);
  expect(await pathFor(proxy, 'm0')).toEqual(['.shards_a/c-2', 'sharded']);
  expect(await pathFor(proxy, '%F0%9F%90%A6')).toEqual(['.shards_a/c-2', 'sharded']);
  const [, listing] = proxy.subRequests;
  expect(listing?.target).toBe('/v1/a/c?format=json&states=updating');
  expect(listing?.headers.get('x-backend-record-shard-format')).toBe('namespace');
});

test('shards are cached in the form that other proxies read', async () => {
  const cache = new MapCache();
  let asked = 0;
  const proxy = sharded(() => {
    asked += 1;
    return shardListing();
  });
  await pathFor(proxy, 'a', cache);
  await pathFor(proxy, 'z', cache);
  expect(asked).toBe(1);
  expect(cache.values.get('shard-updating-v2/a/c')).toEqual([
    ['', '.shards_a/c-1'],
    ['m', '.shards_a/c-2'],
  ]);
  expect(cache.ttls.get('shard-updating-v2/a/c')).toBe(3600);
});

test('a cache of 0 seconds asks for the one shard each time', async () => {
  const proxy = sharded(() => shardListing([SHARDS[1]]), { recheck_updating_shard_ranges: '0' });
  const cache = new MapCache();
  expect(await pathFor(proxy, 'z', cache)).toEqual(['.shards_a/c-2', 'sharded']);
  expect(cache.values.has('shard-updating-v2/a/c')).toBe(false);
  expect(proxy.subRequests[1]?.params.get('includes')).toBe('z');
});

test('a share of lookups passes over the cache', async () => {
  const cache = new MapCache();
  cache.values.set('shard-updating-v2/a/c', [['', '.shards_a/old']]);
  const proxy = sharded(() => shardListing(), { container_updating_shard_ranges_skip_cache_pct: '100' });
  expect(await pathFor(proxy, 'a', cache)).toEqual(['.shards_a/c-1', 'sharded']);
});

test.each([
  ['fails', () => new SwiftResponse(503)],
  ['is a listing of objects', () => new SwiftResponse(200, { 'x-backend-record-type': 'object' }, Buffer.from('[]'))],
  ['is no JSON', () => new SwiftResponse(200, { 'x-backend-record-type': 'shard' }, Buffer.from('{'))],
  ['names no shards', () => shardListing([{ name: 1 }])],
  ['is empty', () => shardListing([])],
])('when the list of shards %s the root takes the row', async (_, listing) => {
  expect(await pathFor(sharded(listing), 'a')).toEqual([undefined, 'sharded']);
});

test('a parent that overlaps its children is left out, and a gap belongs to the root', () => {
  const bounds = parseBounds([
    { name: 'a/1', lower: '', upper: 'd' },
    { name: 'a/2', lower: 'd', upper: 'f' },
    { name: 'a/parent', lower: '', upper: 'f' },
    { name: 'a/3', lower: 'k', upper: '' },
  ]);
  expect(bounds).toEqual([
    ['', 'a/1'],
    ['d', 'a/2'],
    ['f', ''],
    ['k', 'a/3'],
  ]);
  expect(['a', 'd', 'e', 'f', 'g', 'k', 'l'].map((name) => covering(bounds ?? [], name))).toEqual([
    'a/1',
    'a/1',
    'a/2',
    'a/2',
    undefined,
    undefined,
    'a/3',
  ]);
});

test('a name of a shard that is not ASCII is quoted for the wire', async () => {
  const proxy = sharded(() => shardListing([{ name: '.shards_ü/c 1', lower: '', upper: '' }]));
  expect(await pathFor(proxy, 'a')).toEqual(['.shards_%C3%BC/c%201', 'sharded']);
});
