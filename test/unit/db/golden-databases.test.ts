import { afterEach, beforeEach, expect, test } from 'vitest';
import { openAccountStore } from '../../../src/account/open-account-store.ts';
import { openContainerStore } from '../../../src/container/open-container-store.ts';
import type { ContainerInfo, ObjectRow } from '../../../src/container/container-store.ts';
import { mkdirSync, copyFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { dumpDatabase, goldenJson, goldenPath, TestDevice, type Dump, type Row } from './support.ts';

let device: TestDevice;
const stores: { close(): Promise<void> }[] = [];

beforeEach(() => {
  device = new TestDevice();
});

afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
  device.remove();
});

function containers(): ReturnType<typeof openContainerStore> {
  const store = openContainerStore(device.options);
  stores.push(store);
  return store;
}

function accounts(): ReturnType<typeof openAccountStore> {
  const store = openAccountStore(device.options);
  stores.push(store);
  return store;
}

function withoutRowIds(rows: readonly Row[] | undefined): Row[] {
  const plain = (rows ?? []).map(({ ROWID: _id, _rowid: _rowId, ...columns }) => columns);
  const key = (row: Row): string => JSON.stringify([row['name'], row['storage_policy_index']]);
  return plain.sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const CRAFTED_CONTAINERS = ['mixed', 'listing', 'shards'];

test.each(CRAFTED_CONTAINERS)(
  'the container %s made anew has the recorded schema, rows, totals and hash',
  async (name) => {
    const recorded = goldenJson<Dump>(`crafted-container-${name}.json`);
    const [info] = recorded.tables['container_info'] as [Row];
    const store = containers();
    const locator = device.locator(info['container'] as string, info['account'] as string);
    await store.putContainer(locator, {
      timestamp: info['put_timestamp'] as string,
      defaultPolicyIndex: info['storage_policy_index'] as number,
      metadata: {},
    });
    await store.mergeRows(locator, recorded.tables['object'] as unknown as ObjectRow[]);
    await store.putShardRanges(locator, (recorded.tables['shard_range'] ?? []) as never);
    const made = dumpDatabase(
      device.path('containers', device.hashOf(info['container'] as string, info['account'] as string)),
    );
    expect(made.sqlite_master).toEqual(recorded.sqlite_master);
    expect(recorded.pragma).toMatchObject(made.pragma);
    expect(withoutRowIds(made.tables['object'])).toEqual(withoutRowIds(recorded.tables['object']));
    expect(withoutRowIds(made.tables['shard_range'])).toEqual(withoutRowIds(recorded.tables['shard_range']));
    expect(withoutRowIds(made.tables['policy_stat'])).toEqual(withoutRowIds(recorded.tables['policy_stat']));
    const [madeInfo] = made.tables['container_info'] as [Row];
    expect(madeInfo['hash']).toBe(info['hash']);
    expect(Object.keys(madeInfo)).toEqual(Object.keys(info).filter((key) => key !== '_rowid'));
  },
);

test.each(['account', 'account-listing'])(
  'the %s made anew has the recorded schema, rows, totals and hash',
  async (name) => {
    const recorded = goldenJson<Dump>(`crafted-${name}.json`);
    const [info] = recorded.tables['account_stat'] as [Row];
    const account = info['account'] as string;
    const store = accounts();
    const locator = { device: 'sda', partition: '7', account };
    await store.putAccount(locator, { timestamp: info['put_timestamp'] as string, metadata: {} });
    const answer = await store.replicate(device.accountHash(account), [
      'merge_items',
      recorded.tables['container'],
      'remote',
    ]);
    expect(answer.status).toBe(202);
    const made = dumpDatabase(device.path('accounts', device.accountHash(account)));
    expect(made.sqlite_master).toEqual(recorded.sqlite_master);
    expect(withoutRowIds(made.tables['container'])).toEqual(withoutRowIds(recorded.tables['container']));
    expect(withoutRowIds(made.tables['policy_stat'])).toEqual(withoutRowIds(recorded.tables['policy_stat']));
    const [madeInfo] = made.tables['account_stat'] as [Row];
    for (const key of ['hash', 'container_count', 'object_count', 'bytes_used']) expect(madeInfo[key]).toBe(info[key]);
  },
);

const LIVE_CONTAINERS = [
  'live-container-c',
  'live-container-deleted',
  'live-container-expiring-queue',
  'crafted-container-deleted',
];

test.each(LIVE_CONTAINERS)('%s reads as it was dumped', async (name) => {
  const recorded = goldenJson<Dump>(`${name}.json`);
  const [stat] = recorded.tables['container_stat'] as [Row];
  device.install(`${name}.db`, 'containers', device.hashOf());
  const info = (await containers().getInfo(device.locator())) as ContainerInfo;
  const { metadata, reconciler_sync_point: _point, ...columns } = stat;
  expect(info).toMatchObject(columns);
  expect(info.metadata).toEqual(metadata === '' ? {} : JSON.parse(metadata as string));
  expect(info.isDeleted).toBe(name.endsWith('deleted'));
  expect(info.db_state).toBe('unsharded');
});

test('rows that wait in a live pending file are read with the database, and merged once', async () => {
  const path = device.install('live-container-disk.db', 'containers', device.hashOf(), true);
  const before = dumpDatabase(path).tables['object'] as Row[];
  const store = containers();
  const first = await store.getInfo(device.locator());
  const after = dumpDatabase(path).tables['object'] as Row[];
  expect(after.length).toBeGreaterThan(before.length);
  expect(first?.object_count).toBe(
    after.filter((row) => row['deleted'] === 0 && row['storage_policy_index'] === 0).length,
  );
  expect(await store.getInfo(device.locator())).toEqual(first);
});

test.each(['live-account', 'live-account-expiring', 'crafted-account-deleted'])(
  '%s reads as it was dumped',
  async (name) => {
    const recorded = goldenJson<Dump>(`${name}.json`);
    const [stat] = recorded.tables['account_stat'] as [Row];
    device.install(`${name}.db`, 'accounts', device.accountHash());
    const info = await accounts().getInfo({ device: 'sda', partition: '7', account: 'AUTH_a' });
    const { metadata, _rowid, ...columns } = stat;
    expect(info).toMatchObject(columns);
    expect(info?.metadata).toEqual(metadata === '' ? {} : JSON.parse(metadata as string));
    expect(info?.isDeleted).toBe(name === 'crafted-account-deleted');
    const policies = (recorded.tables['policy_stat'] ?? []).map(({ _rowid: _id, ...row }) => row);
    expect(info?.policyStats).toEqual(policies);
  },
);

const SHARDED_HASH = '5165acc4100d2e863d956d64595ef69b';
const SHARD_FILES = {
  sharding: [`${SHARDED_HASH}.db`, `${SHARDED_HASH}_1795353162.99199.db`],
  sharded: [`${SHARDED_HASH}_1795353162.99199.db`],
};

function installSharded(state: keyof typeof SHARD_FILES): { device: string; partition: string; hash: string } {
  const database = { device: 'sda', partition: '7', hash: SHARDED_HASH };
  const folder = dirname(device.path('containers', database));
  mkdirSync(folder, { recursive: true });
  for (const file of SHARD_FILES[state]) copyFileSync(goldenPath(`shard-root-${state}/${file}`), `${folder}/${file}`);
  return database;
}

// The recorded numbers of swift-container-info.
test.each([
  ['sharding', 19],
  ['sharded', 20],
] as const)('a root that is %s counts each object once', async (state, object_count) => {
  const report = await containers().getReport(installSharded(state));
  expect(report).toMatchObject({ container: 'sharded', object_count, isRoot: true });
});

test('a shard says that it is none of the roots and reports no objects of its own', async () => {
  device.install('shard-of-sharded.db', 'containers', device.hashOf());
  const store = containers();
  const info = await store.getInfo(device.locator());
  expect(info).toMatchObject({ isRoot: false, object_count: 5 });
  const report = await store.getReport(device.hashOf());
  expect(report).toMatchObject({ isRoot: false, object_count: 0, bytes_used: 0 });
});
