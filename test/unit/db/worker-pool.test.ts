import { mkdirSync } from 'node:fs';
import { lockDirectory } from '../../../src/common/directory-lock.ts';
import { dirname } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { openContainerStore } from '../../../src/container/open-container-store.ts';
import type { ContainerStore } from '../../../src/container/container-store.ts';
import { KeyedQueue } from '../../../src/db/keyed-queue.ts';
import { WorkerPool } from '../../../src/db/worker-pool.ts';
import { TestDevice } from './support.ts';

let device: TestDevice;
let closing: { close(): Promise<void> } | undefined;

afterEach(async () => {
  await closing?.close();
  device.remove();
});

function open(more: object = {}): ContainerStore {
  device = new TestDevice({ workers: 2, ...more });
  const store = openContainerStore(device.options);
  closing = store;
  return store;
}

const put = { timestamp: '1700000000.00000', defaultPolicyIndex: 0, metadata: { 'X-Container-Meta-A': 'ä\u{1f600}' } };

function row(name: string): Parameters<ContainerStore['putRow']>[1]['row'] {
  const created_at = '1700000001.00000';
  return { name, created_at, size: 1, content_type: 'a/b', etag: 'e', deleted: 0, storage_policy_index: 0 };
}

test('databases on worker threads answer as in this thread, errors with their code', async () => {
  const store = open();
  const names = ['a', 'b', 'c', 'd', 'e'];
  await Promise.all(names.map((name) => store.putContainer(device.locator(name), put)));
  await Promise.all(names.map((name) => store.putRow(device.locator(name), { row: row('\0ß') })));
  for (const name of names) {
    const container = device.locator(name);
    expect(await store.getInfo(container)).toMatchObject({
      container: name,
      object_count: 1,
      metadata: { 'X-Container-Meta-A': ['ä\u{1f600}', put.timestamp] },
    });
    const listing = await store.list(container, { limit: 9, format: 'plain', recordType: 'auto', allowReserved: true });
    expect(new TextDecoder().decode(listing?.listing?.bytes)).toBe('\0ß\n');
  }
  await expect(store.putRow(device.locator('a'), { row: row('\udcff') })).rejects.toMatchObject({
    name: 'StoreError',
    code: 'not-utf8',
  });
});

test('calls under way are finished by close, later ones are refused', async () => {
  const store = open();
  const calls = ['a', 'b', 'c'].map((name) => store.putContainer(device.locator(name), put));
  await store.close();
  expect((await Promise.all(calls)).map((outcome) => outcome.kind)).toEqual(['stored', 'stored', 'stored']);
  await expect(store.getInfo(device.locator('a'))).rejects.toMatchObject({ code: 'store-closed' });
});

test("a worker's log lines come out here", async () => {
  const store = open();
  await store.putContainer(device.locator(), put);
  await store.quarantine(device.hashOf(), 'a test');
  expect(device.logged.join()).toContain('due to a test');
});

test('a thread that ends fails its calls and is replaced at the next one', async () => {
  device = new TestDevice();
  const entry = new URL('./mortal-worker.ts', import.meta.url);
  const pool = new WorkerPool(
    entry,
    { devices: device.devices, constraints: device.options.constraints },
    1,
    device.options.log,
  );
  closing = pool;
  expect(await pool.call('echo', device.hashOf(), ['one'])).toBe('one');
  const lost = pool.call('die', device.hashOf(), []);
  await expect(lost).rejects.toMatchObject({ code: 'worker-lost' });
  expect(await pool.call('echo', device.hashOf(), ['two'])).toBe('two');
});

test('a locked folder stops its own database only, and ends in lock-timeout', async () => {
  const store = open({ workers: 1, lockTimeoutMs: 100 });
  await store.putContainer(device.locator('a'), put);
  await store.putContainer(device.locator('b'), put);
  const folder = dirname(device.path('containers', device.hashOf('a')));
  mkdirSync(folder, { recursive: true });
  const lock = await lockDirectory(folder);
  try {
    const blocked = store.putRow(device.locator('a'), { row: row('o') });
    expect(await store.putRow(device.locator('b'), { row: row('o') })).toEqual({ kind: 'stored' });
    await expect(blocked).rejects.toMatchObject({ code: 'lock-timeout' });
  } finally {
    lock.release();
  }
  expect(await store.putRow(device.locator('a'), { row: row('o') })).toEqual({ kind: 'stored' });
});

test('stale reads are answered while the lock is held, and see the row later', async () => {
  const store = open({ workers: 1 });
  await store.putContainer(device.locator(), put);
  await store.putRow(device.locator(), { row: row('o') });
  const lock = await lockDirectory(dirname(device.path('containers', device.hashOf())));
  try {
    expect(await store.getInfo(device.locator(), { staleReadsOk: true })).toMatchObject({ object_count: 0 });
  } finally {
    lock.release();
  }
  expect(await store.getInfo(device.locator(), { staleReadsOk: true })).toMatchObject({ object_count: 1 });
});

test('work on one key runs in turn, a failure does not stop what comes after', async () => {
  device = new TestDevice();
  closing = undefined;
  const queue = new KeyedQueue();
  const order: string[] = [];
  const first = queue.run('k', async () => {
    await Promise.resolve();
    order.push('first');
    throw new Error('failed');
  });
  const second = queue.run('k', () => Promise.resolve(order.push('second')));
  const other = queue.run('other', () => Promise.resolve(order.push('other')));
  await expect(first).rejects.toThrow('failed');
  await Promise.all([second, other]);
  expect(order).toEqual(['other', 'first', 'second']);
  await queue.idle();
});
