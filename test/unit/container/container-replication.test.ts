import { copyFileSync, existsSync, mkdirSync } from 'node:fs';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { remotePolicyWins, type PolicyClaim } from '../../../src/container/policy-conflict.ts';
import type { ContainerStore, ObjectRow } from '../../../src/container/container-store.ts';
import { openContainerStore } from '../../../src/container/open-container-store.ts';
import { dumpDatabase, TestDevice, type Row } from '../db/support.ts';

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

function row(name: string, seconds: number, more: object = {}): ObjectRow & { ROWID?: number } {
  const created_at = at(seconds);
  return { name, created_at, size: 5, content_type: 'a/b', etag: 'e', deleted: 0, storage_policy_index: 0, ...more };
}

async function putContainer(name = 'c', seconds = 1, defaultPolicyIndex = 0): Promise<void> {
  await store.putContainer(device.locator(name), { timestamp: at(seconds), defaultPolicyIndex, metadata: {} });
}

async function send(...message: unknown[]): Promise<{ status: number; json: unknown }> {
  const { status, body } = await store.replicate(device.hashOf(), message);
  return { status, json: body === null ? null : JSON.parse(new TextDecoder().decode(body)) };
}

function table(name: string, container = 'c'): Row[] {
  return dumpDatabase(device.path('containers', device.hashOf(container))).tables[name] ?? [];
}

const EMPTY_HASH = '0'.repeat(32);

test('a database that is not here is not found by any operation', async () => {
  expect((await send('sync', 0, EMPTY_HASH, 'peer', at(1), at(1), '0', '')).status).toBe(404);
  expect((await send('merge_items', [row('o', 1)], 'peer')).status).toBe(404);
  expect((await send('complete_rsync', 'peer')).status).toBe(404);
  expect((await send('rsync_then_merge', 'peer')).status).toBe(404);
  expect(existsSync(`${device.devices}/sda/tmp`)).toBe(true);
});

test('sync answers in the keys and order that other servers send, then takes over what is newer', async () => {
  await putContainer();
  await store.putRow(device.locator(), { row: row('o', 2) });
  const metadata = '{"X-Container-Meta-From-Peer": ["\\u00e9", "1700000005.00000"]}';
  const { status, json } = await send('sync', 5, EMPTY_HASH, 'peer', at(0), at(4), at(2), metadata, at(1), 3, 0);
  expect(status).toBe(200);
  expect(Object.keys(json as object)).toEqual([
    'account',
    'container',
    'created_at',
    'put_timestamp',
    'delete_timestamp',
    'status',
    'status_changed_at',
    'bytes_used',
    'reported_put_timestamp',
    'reported_delete_timestamp',
    'reported_object_count',
    'reported_bytes_used',
    'hash',
    'id',
    'x_container_sync_point1',
    'x_container_sync_point2',
    'storage_policy_index',
    'db_state',
    'count',
    'metadata',
    'max_row',
    'shard_max_row',
    'point',
  ]);
  expect(json).toMatchObject({
    count: 1,
    put_timestamp: at(1),
    metadata: '',
    max_row: 1,
    shard_max_row: -1,
    point: -1,
  });
  expect(await store.getInfo(device.locator())).toMatchObject({
    created_at: at(0),
    put_timestamp: at(4),
    delete_timestamp: at(2),
    metadata: { 'X-Container-Meta-From-Peer': ['é', at(5)] },
  });
});

test('equal hashes make the peer known up to its newest row', async () => {
  await putContainer();
  await store.mergeRows(device.locator(), [row('o', 2)]);
  const hash = table('container_info')[0]?.['hash'];
  expect((await send('sync', 9, hash, 'peer', at(1), at(1), '0', '')).json).toMatchObject({ point: 9 });
  expect((await send('sync', 4, hash, 'peer', at(1), at(1), '0', '')).json).toMatchObject({ point: 9 });
  expect(table('incoming_sync')).toMatchObject([{ remote_id: 'peer', sync_point: 9 }]);
});

test('merged rows raise the sync point to their newest ROWID', async () => {
  await putContainer();
  const rows = [row('a', 2, { ROWID: 7 }), row('b', 2, { ROWID: 12, size: '8' })];
  expect((await send('merge_items', rows, 'peer')).status).toBe(202);
  expect((await send('merge_items', [row('a', 1, { ROWID: 3 })], 'peer')).status).toBe(202);
  expect(
    (
      await send('merge_syncs', [
        { remote_id: 'third', sync_point: 42 },
        { remote_id: 'peer', sync_point: 1 },
      ])
    ).status,
  ).toBe(202);
  expect(table('incoming_sync')).toMatchObject([
    { remote_id: 'peer', sync_point: 12 },
    { remote_id: 'third', sync_point: 42 },
  ]);
  expect(await store.getInfo(device.locator())).toMatchObject({ object_count: 2, bytes_used: 13 });
});

test('messages that are none are refused', async () => {
  await putContainer();
  expect((await send('merge_items', 'rows', 'peer')).status).toBe(400);
  expect((await send('merge_items', [{ name: 'no time' }], 'peer')).status).toBe(400);
  expect((await send('sync', 'x')).status).toBe(400);
  expect((await send('merge_syncs', [{}])).status).toBe(400);
  expect((await send('constructor')).status).toBe(400);
  expect((await send()).status).toBe(400);
  expect((await send('complete_rsync', '../../escape')).status).toBe(400);
  expect((await send('merge_shard_ranges', [{ name: 'no slash' }], 'peer')).status).toBe(400);
});

test('an rsynced file becomes the database, with an id of its own and nothing reported', async () => {
  await putContainer('source');
  const source = device.locator('source');
  await store.mergeRows(source, [row('a', 2), row('b', 3)]);
  await store.setReported(device.hashOf('source'), {
    put_timestamp: at(1),
    delete_timestamp: '0',
    object_count: 2,
    bytes_used: 10,
  });
  mkdirSync(`${device.devices}/sda/tmp`, { recursive: true });
  copyFileSync(device.path('containers', device.hashOf('source')), `${device.devices}/sda/tmp/peer-id`);
  expect((await send('complete_rsync', 'peer-id')).status).toBe(204);
  expect((await send('complete_rsync', 'peer-id')).status).toBe(404);
  const [info] = table('container_info');
  const [sourceInfo] = table('container_info', 'source');
  expect(info).toMatchObject({ hash: sourceInfo?.['hash'], reported_object_count: 0, reported_put_timestamp: '0' });
  expect(info?.['id']).not.toBe(sourceInfo?.['id']);
  expect(info?.['id']).toMatch(/-sda$/);
  expect(table('incoming_sync')).toMatchObject([{ remote_id: 'peer-id', sync_point: 2 }]);
  expect(existsSync(`${device.devices}/sda/tmp/peer-id`)).toBe(false);
});

test('an rsynced file is merged with the rows, metadata and sync points that are here, then replaces them', async () => {
  await putContainer('source');
  await store.mergeRows(device.locator('source'), [row('both', 2), row('theirs', 3)]);
  await store.putContainer(device.locator(), {
    timestamp: at(5),
    defaultPolicyIndex: 0,
    metadata: { 'X-Container-Meta-A': 'a' },
  });
  await store.mergeRows(device.locator(), [row('both', 4, { size: 50 }), row('ours', 1)]);
  await store.putRow(device.locator(), { row: row('waiting', 6) });
  await send('merge_syncs', [{ remote_id: 'third', sync_point: 42 }]);
  mkdirSync(`${device.devices}/sda/tmp`, { recursive: true });
  copyFileSync(device.path('containers', device.hashOf('source')), `${device.devices}/sda/tmp/peer-id`);
  expect((await send('rsync_then_merge', 'peer-id')).status).toBe(204);
  expect(await store.getInfo(device.locator())).toMatchObject({
    object_count: 4,
    bytes_used: 65,
    metadata: { 'X-Container-Meta-A': ['a', at(5)] },
  });
  expect(new Set(table('incoming_sync').map((sync) => sync['remote_id']))).toEqual(new Set(['third', 'peer-id']));
});

test('shard ranges are exchanged whole, and a container that shards is not replaced', async () => {
  await putContainer();
  const own = { name: 'AUTH_a/c', timestamp: at(2), lower: '', upper: '', state: 60, epoch: at(2) };
  const shard = { name: '.shards_AUTH_a/c-1', timestamp: at(2), lower: '', upper: '', deleted: 1 };
  expect((await send('merge_shard_ranges', [own, shard], 'peer')).status).toBe(202);
  const { json } = await send('get_shard_ranges');
  expect(json).toMatchObject([
    { name: '.shards_AUTH_a/c-1', deleted: 1, state: 40, meta_timestamp: at(2), tombstones: -1 },
    { name: 'AUTH_a/c', state: 60, epoch: at(2) },
  ]);
  mkdirSync(`${device.devices}/sda/tmp`, { recursive: true });
  copyFileSync(device.path('containers', device.hashOf()), `${device.devices}/sda/tmp/peer-id`);
  expect((await send('rsync_then_merge', 'peer-id')).status).toBe(404);
});

test("the replica whose policy is wrong takes over the peer's", async () => {
  await putContainer('c', 5, 1);
  const { json } = await send('sync', 5, EMPTY_HASH, 'peer', at(1), at(1), '0', '', at(1), 3, 0);
  expect(json).toMatchObject({ storage_policy_index: 0 });
  expect((await store.getInfo(device.locator()))?.storage_policy_index).toBe(0);
});

const claim: PolicyClaim = {
  put_timestamp: '5',
  delete_timestamp: '0',
  status_changed_at: '5',
  object_count: 0,
  storage_policy_index: 0,
};
const other: PolicyClaim = { ...claim, storage_policy_index: 1 };

test.each<[string, PolicyClaim, PolicyClaim, boolean]>([
  ['the same policy is no conflict', claim, { ...claim, status_changed_at: '1' }, false],
  ['the earlier changed wins', claim, { ...other, status_changed_at: '4' }, true],
  ['the later changed loses', claim, { ...other, status_changed_at: '6' }, false],
  [
    'the live side wins over the deleted',
    { ...claim, delete_timestamp: '6' },
    { ...other, status_changed_at: '9' },
    true,
  ],
  ['the deleted side loses', claim, { ...other, delete_timestamp: '6', status_changed_at: '1' }, false],
  [
    'of two deleted the later changed wins',
    { ...claim, delete_timestamp: '6' },
    { ...other, delete_timestamp: '6', status_changed_at: '9' },
    true,
  ],
  ['a recreated side wins', claim, { ...other, delete_timestamp: '2', status_changed_at: '9' }, true],
  [
    'a side put before the newest delete loses',
    { ...claim, put_timestamp: '3', delete_timestamp: '2' },
    { ...other, put_timestamp: '5', delete_timestamp: '4', status_changed_at: '9' },
    true,
  ],
])('of two policies %s', (_what, local, remote, wins) => {
  expect(remotePolicyWins(local, remote)).toBe(wins);
});
