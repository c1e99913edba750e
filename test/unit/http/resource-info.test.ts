import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Policies, StoragePolicy } from '../../../src/common/storage-policy.ts';
import type { Cache, RequestEnv } from '../../../src/http/env.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import {
  accountInfo,
  cacheAccountInfo,
  cacheContainerInfo,
  clearInfo,
  containerInfo,
  objectInfo,
} from '../../../src/http/resource-info.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { silentLog } from './silent-log.ts';

const golden = new Map(
  (
    JSON.parse(
      readFileSync(fileURLToPath(new URL('../../golden/recon/memcache-values.json', import.meta.url)), 'utf8'),
    ) as { key: string; value: string }[]
  ).map(({ key, value }) => [key, value]),
);

class RecordingCache implements Cache {
  readonly stored = new Map<string, unknown>();
  readonly calls: [string, ...unknown[]][] = [];
  async get(key: string): Promise<unknown> {
    this.calls.push(['get', key]);
    return this.stored.get(key);
  }
  async set(key: string, value: unknown, ttlSeconds: number): Promise<void> {
    this.calls.push(['set', key, ttlSeconds]);
    this.stored.set(key, JSON.parse(JSON.stringify(value)));
  }
  async increment(): Promise<number> {
    return 0;
  }
  async delete(key: string): Promise<void> {
    this.calls.push(['delete', key]);
    this.stored.delete(key);
  }
}

function request(env: RequestEnv = {}, target = '/v1/AUTH_test/c/o'): SwiftRequest {
  return new SwiftRequest({ method: 'GET', target, headers: { host: 'h' }, log: silentLog, env });
}

const policy = (index: number, name: string): StoragePolicy => ({
  index,
  name,
  aliases: [name],
  type: 'replication',
  isDefault: index === 0,
  isDeprecated: false,
  erasureCoding: undefined,
});
const all = [policy(0, 'gold'), policy(1, 'silver'), policy(2, 'ec21'), policy(3, 'old')];
const policies: Policies = {
  default: all[0] as StoragePolicy,
  get: (index) => all[index],
  byName: (name) => all.find((one) => one.name === name),
  [Symbol.iterator]: () => all[Symbol.iterator](),
};

const CONTAINER_HEADERS = {
  'x-container-read': '.r:*,.rlistings',
  'x-container-object-count': '16',
  'x-container-bytes-used': '3021',
  'x-backend-storage-policy-index': '0',
  'x-container-meta-color': 'blue',
  'x-container-meta-utf': 'Ã©æ¼¢',
  'x-container-meta-from-peer': 'v',
  'x-backend-sharding-state': 'unsharded',
  'x-backend-timestamp': '1700000000.00000',
  'x-backend-put-timestamp': '1795352765.96884',
  'x-backend-delete-timestamp': '0000000000.00000',
  'x-backend-status-changed-at': '1795352764.50959',
};

describe('values in the shared cache', () => {
  test('of a container are those of a Python proxy', async () => {
    const cache = new RecordingCache();
    await cacheContainerInfo(request({ cache }), 'AUTH_test', 'c', new SwiftResponse(204, CONTAINER_HEADERS));
    const key = 'container/AUTH_test/c';
    expect(JSON.stringify(cache.stored.get(key))).toBe(JSON.stringify(JSON.parse(golden.get(key) as string)));
    expect(cache.calls).toEqual([['set', key, 60]]);
  });

  test('of an account are those of a Python proxy', async () => {
    const cache = new RecordingCache();
    const counts: Record<string, [number, number, number]> = {
      Gold: [5, 21, 4544],
      Silver: [3, 5, 43],
      Ec21: [1, 2, 10250],
    };
    const res = new SwiftResponse(204, {
      'x-account-container-count': '9',
      'x-account-object-count': '28',
      'x-account-bytes-used': '14837',
      'x-account-meta-owner': 'me',
      'x-account-meta-utf': 'Ã©æ¼¢',
    });
    for (const [name, [containers, objects, bytes]] of Object.entries(counts)) {
      res.headers
        .set(`x-account-storage-policy-${name}-container-count`, containers)
        .set(`x-account-storage-policy-${name}-object-count`, objects)
        .set(`x-account-storage-policy-${name}-bytes-used`, bytes);
    }
    await cacheAccountInfo(request({ cache }), 'AUTH_test', res, policies);
    const key = 'account/AUTH_test';
    expect(JSON.stringify(cache.stored.get(key))).toBe(JSON.stringify(JSON.parse(golden.get(key) as string)));
  });

  test('written by a Python proxy are understood', async () => {
    const cache = new RecordingCache();
    for (const [key, value] of golden) cache.stored.set(key, JSON.parse(value));
    const app = (): Promise<SwiftResponse> => Promise.reject(new Error('no sub-request is needed'));
    const container = await containerInfo(request({ cache }), app);
    expect(container).toMatchObject({
      status: 204,
      object_count: 16,
      bytes: 3021,
      storage_policy: 0,
      read_acl: '.r:*,.rlistings',
      meta: { utf: 'é漢' },
    });
    const account = await accountInfo(request({ cache }), app);
    expect(account).toMatchObject({ container_count: 9, total_object_count: 28, bytes: 14837 });
    expect(account.account_really_exists).toBe(true);
  });

  test('of older proxies lack what came later', async () => {
    const cache = new RecordingCache();
    cache.stored.set('container/AUTH_test/c', { status: 204, object_count: '1', bytes: '2', storage_policy: '1' });
    const info = await containerInfo(request({ cache }), () => Promise.reject(new Error('not asked')));
    expect(info).toMatchObject({ storage_policy: 1, sharding_state: 'unsharded', created_at: null, sysmeta: {} });
  });

  test.each([
    [204, { 'x-backend-recheck-container-existence': '30' }, ['set', 'container/a/c', 30]],
    [404, { 'x-backend-recheck-container-existence': '30' }, ['set', 'container/a/c', 3]],
    [404, {}, ['set', 'container/a/c', 6]],
    [503, {}, ['delete', 'container/a/c']],
  ])('of an answer %i with %j are kept as long as the proxy says', async (status, headers, call) => {
    const cache = new RecordingCache();
    const req = request({ cache });
    await cacheContainerInfo(req, 'a', 'c', new SwiftResponse(status, headers as Record<string, string>));
    expect(cache.calls).toEqual([call]);
    expect(req.env.infoCache?.get('container/a/c')).toMatchObject({ status });
  });

  test('that are no objects are ignored', async () => {
    const cache = new RecordingCache();
    cache.stored.set('container/AUTH_test/c', 'nonsense');
    const info = await containerInfo(request({ cache }), async () => new SwiftResponse(204, CONTAINER_HEADERS));
    expect(info.object_count).toBe(16);
  });
});

describe('info of a resource', () => {
  test('is asked once for a request, by HEAD, past every check', async () => {
    const seen: SwiftRequest[] = [];
    const app = async (req: SwiftRequest): Promise<SwiftResponse> => {
      seen.push(req);
      return new SwiftResponse(204, CONTAINER_HEADERS);
    };
    const req = request(
      { remoteUser: 'someone', authorize: () => new SwiftResponse(403) },
      '/v1/AUTH_test/%E6%BC%A2/o',
    );
    await containerInfo(req, app);
    await containerInfo(req, app);
    expect(seen).toHaveLength(1);
    const [sub] = seen;
    expect([sub?.method, sub?.path, sub?.env.source]).toEqual(['HEAD', '/v1/AUTH_test/漢', 'GET_INFO']);
    expect(sub?.headers.get('x-backend-allow-reserved-names')).toBe('true');
    expect(sub?.env.swiftOwner).toBe(true);
    expect(await sub?.env.authorize?.(sub)).toBeNull();
  });

  test('is what the proxy remembered while it answered', async () => {
    const app = async (sub: SwiftRequest): Promise<SwiftResponse> => {
      const res = new SwiftResponse(204, CONTAINER_HEADERS);
      await cacheContainerInfo(sub, 'AUTH_test', 'c', new SwiftResponse(204, { 'x-container-object-count': '99' }));
      return res;
    };
    expect((await containerInfo(request(), app)).object_count).toBe(99);
  });

  test('passes over the shared cache when told to', async () => {
    const cache = new RecordingCache();
    cache.stored.set('container/AUTH_test/c', { status: 204, object_count: '1', bytes: '2', storage_policy: '1' });
    const app = async (): Promise<SwiftResponse> => new SwiftResponse(204, CONTAINER_HEADERS);
    expect((await containerInfo(request({ cache }), app, { skipCache: true })).object_count).toBe(16);
  });

  test('tells an account that is yet to be made', async () => {
    const app = async (): Promise<SwiftResponse> => new SwiftResponse(200, { 'x-backend-fake-account-listing': 'yes' });
    expect((await accountInfo(request(), app)).account_really_exists).toBe(false);
  });

  test('of an object has its three kinds of metadata, native, and is kept for the request', async () => {
    let asked = 0;
    const app = async (): Promise<SwiftResponse> => {
      asked += 1;
      return new SwiftResponse(200, {
        'content-length': '12',
        'content-type': 'text/x',
        etag: 'e',
        'x-object-meta-é': 'Ã©',
        'x-object-meta-__proto__': 'p',
        'x-object-sysmeta-a': '1',
        'x-object-transient-sysmeta-b': '2',
      });
    };
    const req = request();
    const info = await objectInfo(req, app);
    expect(await objectInfo(req, app)).toBe(info);
    expect(asked).toBe(1);
    expect([info.status, info.length, info.type, info.etag]).toEqual([200, 12, 'text/x', 'e']);
    expect(Object.entries(info.meta)).toContainEqual(['__proto__', 'p']);
    expect(Object.values(info.meta)).toContain('é');
    expect({ ...info.sysmeta }).toEqual({ a: '1' });
    expect({ ...info.transient_sysmeta }).toEqual({ b: '2' });
  });

  test('closes the answer that it came with', async () => {
    let closed = false;
    const body = {
      read: () => null,
      close: () => {
        closed = true;
      },
      [Symbol.asyncIterator]: () => ({ next: async () => ({ value: undefined, done: true as const }) }),
    } as never;
    await containerInfo(request(), async () => new SwiftResponse(204, {}, body));
    expect(closed).toBe(true);
  });

  test('is forgotten after a write, a container with its shards for listings', async () => {
    const cache = new RecordingCache();
    const req = request({ cache, infoCache: new Map<string, unknown>([['container/a/c', {}]]) });
    await clearInfo(req, 'a', 'c');
    await clearInfo(req, 'a');
    expect(cache.calls.map(([, key]) => key)).toEqual(['container/a/c', 'shard-listing-v2/a/c', 'account/a']);
    expect(req.env.infoCache?.size).toBe(0);
  });
});
