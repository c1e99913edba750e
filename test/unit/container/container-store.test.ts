import {
  appendFileSync,
  existsSync,
  lstatSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerStore, ObjectRow, PutContainerOutcome } from '../../../src/container/container-store.ts';
import { openContainerStore } from '../../../src/container/open-container-store.ts';
import { dumpDatabase, TestDevice } from '../db/support.ts';

let device: TestDevice;
let store: ContainerStore;

beforeEach(() => {
  device = new TestDevice();
  store = openContainerStore(device.options);
});

afterEach(async () => {
  await store.close();
  device.remove();
});

function at(seconds: number): string {
  return `17000000${String(seconds).padStart(2, '0')}.00000`;
}

function row(name: string, seconds: number, more: Partial<ObjectRow> = {}): ObjectRow {
  return {
    name,
    created_at: at(seconds),
    size: 5,
    content_type: 'text/plain',
    etag: 'e',
    deleted: 0,
    storage_policy_index: 0,
    ...more,
  };
}

function gone(name: string, seconds: number): ObjectRow {
  return row(name, seconds, { deleted: 1, size: 0, content_type: 'application/deleted', etag: 'noetag' });
}

function put(
  seconds: number,
  metadata: Record<string, string> = {},
  storagePolicyIndex?: number,
): Promise<PutContainerOutcome> {
  const policy = storagePolicyIndex === undefined ? {} : { storagePolicyIndex };
  return store.putContainer(device.locator(), { timestamp: at(seconds), defaultPolicyIndex: 0, metadata, ...policy });
}

function files(): string[] {
  return readdirSync(dirname(device.path('containers', device.hashOf()))).sort();
}

async function listed(): Promise<string> {
  const listing = await store.list(device.locator(), { limit: 100, format: 'json', recordType: 'auto' });
  return new TextDecoder().decode(listing?.listing?.bytes);
}

test('a container that nobody has put has no info and takes no rows', async () => {
  expect(await store.getInfo(device.locator())).toBeNull();
  expect(await store.list(device.locator(), { limit: 1, format: 'json', recordType: 'auto' })).toBeNull();
  expect(await store.putRow(device.locator(), { row: row('o', 1) })).toEqual({ kind: 'not-found' });
  expect(await store.mergeRows(device.locator(), [row('o', 1)])).toBe(false);
  expect(await store.deleteContainer(device.locator(), { timestamp: at(1) })).toEqual({ kind: 'not-found' });
  expect(
    await store.postContainer(device.locator(), { timestamp: at(1), metadata: {}, updatePutTimestamp: true }),
  ).toBeNull();
  expect(existsSync(`${device.devices}/sda/containers`)).toBe(false);
});

test('a new container is one private file, with nothing left over', async () => {
  const outcome = await put(1);
  expect(outcome).toMatchObject({ kind: 'stored', created: true });
  expect(outcome).toMatchObject({ info: { put_timestamp: at(1), status_changed_at: at(1), delete_timestamp: '0' } });
  expect(files()).toEqual(['.lock', `${device.hashOf().hash}.db`]);
  expect(statSync(device.path('containers', device.hashOf())).mode & 0o777).toBe(0o600);
  expect(outcome.kind === 'stored' && outcome.info.id).toMatch(/^[0-9a-f-]{36}-sda$/);
});

test('many PUTs of one container at once create it once', async () => {
  const outcomes = await Promise.all(Array.from({ length: 8 }, (_, index) => put(index)));
  expect(outcomes.filter((outcome) => outcome.kind === 'stored' && outcome.created)).toHaveLength(1);
  expect((await store.getInfo(device.locator()))?.put_timestamp).toBe(at(7));
});

test('a second PUT raises the time but never lowers it, and keeps metadata that it does not name', async () => {
  await put(5, { 'X-Container-Meta-A': 'é', 'X-Container-Meta-B': 'b' });
  expect(await put(3, { 'X-Container-Meta-A': 'older' })).toMatchObject({ created: false });
  const outcome = await put(6, { 'X-Container-Meta-B': '' });
  expect(outcome).toMatchObject({ kind: 'stored', info: { put_timestamp: at(6) } });
  expect(outcome.kind === 'stored' && outcome.info.metadata).toEqual({
    'X-Container-Meta-A': ['é', at(5)],
    'X-Container-Meta-B': ['', at(6)],
  });
});

test('metadata beyond the limits or not UTF-8 is refused and changes nothing', async () => {
  await put(1, { 'X-Container-Meta-A': 'a' });
  const many = Object.fromEntries(Array.from({ length: 90 }, (_, index) => [`X-Container-Meta-${index}`, 'v']));
  await expect(put(2, many)).rejects.toMatchObject({
    code: 'bad-metadata',
    message: 'Too many metadata items; max 90',
  });
  await expect(put(2, { 'X-Container-Meta-L': 'v'.repeat(4096) })).rejects.toMatchObject({
    message: 'Total metadata too large; max 4096',
  });
  await expect(put(2, { 'X-Container-Meta-U': '\udcff' })).rejects.toMatchObject({
    message: 'Metadata must be valid UTF-8',
  });
  await put(3, { 'X-Container-Sysmeta-L': 'v'.repeat(5000) });
  expect(Object.keys((await store.getInfo(device.locator()))?.metadata ?? {}).sort()).toEqual([
    'X-Container-Meta-A',
    'X-Container-Sysmeta-L',
  ]);
});

test('the policy of a live container stays; one that was deleted may come back with another', async () => {
  await put(1, {}, 1);
  expect(await put(2, {}, 0)).toEqual({ kind: 'conflict', storagePolicyIndex: 1 });
  expect(await put(2)).toMatchObject({ kind: 'stored', created: false });
  expect(await store.deleteContainer(device.locator(), { timestamp: at(3) })).toMatchObject({
    kind: 'deleted',
    existed: true,
  });
  expect(await put(2, {}, 0)).toMatchObject({ kind: 'conflict' });
  expect(await put(4, {}, 2)).toMatchObject({
    kind: 'stored',
    created: true,
    info: { storage_policy_index: 2, status_changed_at: at(4), isDeleted: false },
  });
});

test('a container with objects of any policy is not deleted', async () => {
  await put(1);
  await store.putRow(device.locator(), { row: row('o', 2, { storage_policy_index: 3 }) });
  expect(await store.deleteContainer(device.locator(), { timestamp: at(3) })).toEqual({ kind: 'conflict' });
  await store.putRow(device.locator(), { row: { ...gone('o', 4), storage_policy_index: 3 } });
  expect(await store.deleteContainer(device.locator(), { timestamp: at(5) })).toMatchObject({ kind: 'deleted' });
});

test('a DELETE older than the PUT is refused, one of a deleted container says that it did not exist', async () => {
  await put(5, { 'X-Container-Meta-A': 'a', 'X-Container-Sysmeta-Shard-Root': 'a/r' });
  expect(await store.deleteContainer(device.locator(), { timestamp: at(4) })).toEqual({ kind: 'conflict' });
  await store.deleteContainer(device.locator(), { timestamp: at(6) });
  expect(await store.deleteContainer(device.locator(), { timestamp: at(7) })).toMatchObject({
    kind: 'deleted',
    existed: false,
  });
  const info = await store.getInfo(device.locator());
  expect(info).toMatchObject({ isDeleted: true, status: 'DELETED', delete_timestamp: at(7) });
  expect(info?.metadata['X-Container-Meta-A']).toEqual(['', at(7)]);
  expect(info?.metadata['X-Container-Sysmeta-Shard-Root']).toEqual(['a/r', at(5)]);
  expect((await store.list(device.locator(), { limit: 1, format: 'json', recordType: 'auto' }))?.listing).toBeNull();
});

test('rows wait in the pending file and every reader sees them', async () => {
  await put(1);
  await store.putRow(device.locator(), { row: row('b', 2, { size: '7' }) });
  await store.putRow(device.locator(), { row: row('a\0ß', 3, { content_type: 'x/y;swift_bytes=99' }) });
  await store.putRow(device.locator(), { row: gone('b', 1) });
  const path = device.path('containers', device.hashOf());
  expect(dumpDatabase(path).tables['object']).toEqual([]);
  expect(readFileSync(`${path}.pending`, 'latin1').match(/:/g)).toHaveLength(3);
  expect(await store.getInfo(device.locator(), { staleReadsOk: true })).toMatchObject({
    object_count: 2,
    bytes_used: 12,
  });
  expect(readFileSync(`${path}.pending`, 'latin1')).toBe('');
  expect(await listed()).toBe(
    '[{"bytes": 99, "hash": "e", "name": "a\\u0000\\u00df", "content_type": "x/y", "last_modified": "2023-11-14T22:13:23.000000"}, ' +
      '{"bytes": 7, "hash": "e", "name": "b", "content_type": "text/plain", "last_modified": "2023-11-14T22:13:22.000000"}]',
  );
});

test('a pending file that has grown is merged by the next row', async () => {
  await put(1);
  const path = device.path('containers', device.hashOf());
  const etag = 'x'.repeat(2000);
  for (let index = 0; index < 60; index++) {
    await store.putRow(device.locator(), { row: row(`o${index}`, 2, { etag }) });
  }
  const { size } = statSync(`${path}.pending`);
  expect(dumpDatabase(path).tables['object']?.length).toBeGreaterThan(0);
  expect(size).toBeLessThan(60 * 2000);
  expect((await store.getInfo(device.locator()))?.object_count).toBe(60);
});

test('a broken pending entry is dropped and told, its neighbours are kept', async () => {
  await put(1);
  await store.putRow(device.locator(), { row: row('a', 2) });
  appendFileSync(`${device.path('containers', device.hashOf())}.pending`, ':AAAA');
  await store.putRow(device.locator(), { row: row('b', 2) });
  expect((await store.getInfo(device.locator()))?.object_count).toBe(2);
  expect(device.logged.join()).toContain('Invalid pending entry');
});

test('names that are not UTF-8 are refused, as no database can hold them', async () => {
  await put(1);
  await expect(store.putRow(device.locator(), { row: row('\udcff', 2) })).rejects.toMatchObject({ code: 'not-utf8' });
  const other = device.locator('\udcff');
  await expect(
    store.putContainer(other, { timestamp: at(1), defaultPolicyIndex: 0, metadata: {} }),
  ).rejects.toMatchObject({
    code: 'not-utf8',
  });
});

test('a row without a time is refused before it is stored', async () => {
  await put(1);
  const bad = row('o', 2, { created_at: 'yesterday' });
  await expect(store.putRow(device.locator(), { row: bad })).rejects.toMatchObject({ code: 'bad-rows' });
  await expect(store.mergeRows(device.locator(), [bad])).rejects.toMatchObject({ code: 'bad-rows' });
});

test('a missing container is made by a row when that is asked for', async () => {
  const autoCreate = { timestamp: at(1), storagePolicyIndex: 2 };
  await store.putRow(device.locator(), { row: row('o', 2, { storage_policy_index: 2 }), autoCreate });
  expect(await store.getInfo(device.locator())).toMatchObject({
    object_count: 1,
    storage_policy_index: 2,
    put_timestamp: at(1),
  });
});

test('a row in the range of a shard is redirected when the sender can follow', async () => {
  await put(1);
  const common = {
    object_count: 0,
    bytes_used: 0,
    deleted: 0 as const,
    epoch: null,
    reported: 0 as const,
    tombstones: 0,
  };
  const times = { timestamp: at(2), meta_timestamp: at(2), state_timestamp: at(2) };
  await store.putShardRanges(device.locator(), [
    { name: '.shards_AUTH_a/c-1', lower: '', upper: 'm', state: 40, ...common, ...times },
  ]);
  const send = (name: string, more: object = {}): unknown =>
    store.putRow(device.locator(), { row: row(name, 3), acceptRedirect: true, ...more });
  expect(await send('a')).toEqual({ kind: 'redirect', path: '.shards_AUTH_a/c-1', timestamp: at(2) });
  expect(await send('z')).toEqual({ kind: 'stored' });
  expect(await send('a b')).toEqual({ kind: 'stored' });
  expect(await send('a b', { acceptQuotedLocation: true })).toMatchObject({ kind: 'redirect' });
  expect(await store.putRow(device.locator(), { row: row('a', 3) })).toEqual({ kind: 'stored' });
});

test('a file that another process replaces is opened anew, one that it removes is gone', async () => {
  await put(1);
  const other = device.locator('other');
  await store.putContainer(other, { timestamp: at(9), defaultPolicyIndex: 0, metadata: {} });
  renameSync(device.path('containers', device.hashOf('other')), device.path('containers', device.hashOf()));
  expect((await store.getInfo(device.locator()))?.put_timestamp).toBe(at(9));
  rmSync(dirname(device.path('containers', device.hashOf())), { recursive: true });
  expect(await store.getInfo(device.locator())).toBeNull();
  expect(await put(10)).toMatchObject({ created: true });
});

test('a damaged file is moved to quarantine with its folder', async () => {
  await put(1);
  const path = device.path('containers', device.hashOf());
  writeFileSync(path, 'not a database at all, not even nearly'.repeat(200));
  await expect(store.getInfo(device.locator())).rejects.toMatchObject({ code: 'quarantined' });
  expect(await store.getInfo(device.locator())).toBeNull();
  expect(existsSync(`${device.devices}/sda/quarantined/containers/${device.hashOf().hash}`)).toBe(true);
  await put(2);
  truncateSync(path, 5000);
  await expect(store.getInfo(device.locator())).rejects.toMatchObject({ code: 'quarantined' });
  expect(readdirSync(`${device.devices}/sda/quarantined/containers`)).toHaveLength(2);
  expect(device.logged.join()).toContain('Quarantined');
});

test('the link for container-sync is there while both headers are set', async () => {
  const { hash } = device.hashOf();
  const link = `${device.devices}/sda/sync_containers/7/${hash.slice(-3)}/${hash}/${hash}.db`;
  await put(1, { 'X-Container-Sync-To': 'http://x/v1/a/c' });
  expect(existsSync(link)).toBe(false);
  await put(2, { 'X-Container-Sync-Key': 'k' });
  expect(lstatSync(link).isSymbolicLink() && existsSync(link)).toBe(true);
  await store.postContainer(device.locator(), {
    timestamp: at(3),
    metadata: { 'X-Container-Sync-To': '' },
    updatePutTimestamp: false,
  });
  expect(existsSync(link)).toBe(false);
  await put(4, { 'X-Container-Sync-To': 'http://y/v1/a/c' });
  await store.deleteContainer(device.locator(), { timestamp: at(5) });
  expect(existsSync(link)).toBe(false);
});

test('what the account has not been told is due, until it is reported', async () => {
  await put(1);
  await store.putRow(device.locator(), { row: row('o', 2) });
  const found = [];
  for await (const database of store.databases('sda')) found.push(database);
  expect(found).toEqual([device.hashOf()]);
  const report = await store.getReport(device.hashOf());
  expect(report).toMatchObject({ isDue: true, account: 'AUTH_a', container: 'c', object_count: 1, bytes_used: 5 });
  if (report !== null) await store.setReported(device.hashOf(), report);
  expect(await store.getReport(device.hashOf())).toMatchObject({ isDue: false });
  await store.quarantine(device.hashOf(), 'no account knows it');
  expect(await store.getReport(device.hashOf())).toBeNull();
});
