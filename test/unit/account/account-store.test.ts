import { afterEach, beforeEach, expect, test } from 'vitest';
import type { AccountStore, ContainerRow } from '../../../src/account/account-store.ts';
import { openAccountStore } from '../../../src/account/open-account-store.ts';
import type { AccountLocator } from '../../../src/db/store-types.ts';
import { dumpDatabase, TestDevice } from '../db/support.ts';

let device: TestDevice;
let store: AccountStore;
const account: AccountLocator = { device: 'sda', partition: '7', account: 'AUTH_a' };

beforeEach(() => {
  device = new TestDevice();
  store = openAccountStore(device.options);
});

afterEach(async () => {
  await store.close();
  device.remove();
});

function at(seconds: number): string {
  return `17000000${String(seconds).padStart(2, '0')}.00000`;
}

function row(name: string, seconds: number, more: Partial<ContainerRow> = {}): ContainerRow {
  return {
    name,
    put_timestamp: at(seconds),
    delete_timestamp: '0000000000.00000',
    object_count: '2',
    bytes_used: '30',
    storage_policy_index: '1',
    ...more,
  };
}

async function listed(format: 'json' | 'plain' | 'xml', policyNames?: Record<number, string>): Promise<string> {
  const names = policyNames === undefined ? {} : { policyNames };
  const listing = await store.list(account, { limit: 100, format, ...names });
  return new TextDecoder().decode(listing?.listing.bytes);
}

test('an account that nobody has put is not found and takes no rows', async () => {
  expect(await store.getInfo(account)).toBeNull();
  expect(await store.postAccount(account, { timestamp: at(1), metadata: {} })).toEqual({
    kind: 'not-found',
    statusDeleted: false,
  });
  expect(await store.deleteAccount(account, { timestamp: at(1) })).toEqual({ kind: 'not-found', statusDeleted: false });
  expect(await store.putContainer(account, { row: row('c', 1) })).toEqual({ kind: 'not-found' });
  expect(await store.putContainer(account, { row: row('c', 1), autoCreateTimestamp: at(1) })).toEqual({
    kind: 'stored',
  });
  expect(await store.getInfo(account)).toMatchObject({ put_timestamp: at(1), container_count: 1 });
});

test('a PUT creates, a second one updates metadata and time', async () => {
  expect(await store.putAccount(account, { timestamp: at(2), metadata: { 'X-Account-Meta-A': 'ü' } })).toEqual({
    kind: 'stored',
    created: true,
  });
  expect(await store.putAccount(account, { timestamp: at(3), metadata: {} })).toEqual({
    kind: 'stored',
    created: false,
  });
  expect(await store.getInfo(account)).toMatchObject({
    put_timestamp: at(3),
    metadata: { 'X-Account-Meta-A': ['ü', at(2)] },
    container_count: 0,
    policyStats: [],
    isDeleted: false,
  });
});

test('rows count at the next read, by policy', async () => {
  await store.putAccount(account, { timestamp: at(1), metadata: {} });
  await store.putContainer(account, { row: row('b', 2) });
  await store.putContainer(account, { row: row('\0hidden', 2, { storage_policy_index: '0' }) });
  await store.putContainer(account, {
    row: row('a', 2, { delete_timestamp: at(3), object_count: '0', bytes_used: '0' }),
  });
  expect(dumpDatabase(device.path('accounts', device.accountHash())).tables['container']).toEqual([]);
  expect(await store.getInfo(account)).toMatchObject({
    container_count: 2,
    object_count: 4,
    bytes_used: 60,
    policyStats: [
      { storage_policy_index: 0, container_count: 1, object_count: 2, bytes_used: 30 },
      { storage_policy_index: 1, container_count: 1, object_count: 2, bytes_used: 30 },
    ],
  });
  expect(await listed('plain')).toBe('b\n');
});

test('a listing has the form of the format', async () => {
  await store.putAccount(account, { timestamp: at(1), metadata: {} });
  await store.putContainer(account, { row: row('é<&', 2) });
  const modified = '2023-11-14T22:13:22.000000';
  expect(await listed('json')).toBe(`[{"name": "\\u00e9<&", "count": 2, "bytes": 30, "last_modified": "${modified}"}]`);
  expect(await listed('json', { 1: 'gold' })).toContain(', "storage_policy": "gold"}]');
  expect(await listed('xml')).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<account name="AUTH_a">\n<container><name>é&lt;&amp;</name><count>2</count>' +
      `<bytes>30</bytes><last_modified>${modified}</last_modified></container>\n</account>`,
  );
});

test('a deleted account answers nobody, and no PUT brings it back before it is reaped', async () => {
  await store.putAccount(account, { timestamp: at(1), metadata: { 'X-Account-Meta-A': 'a' } });
  await store.putContainer(account, { row: row('c', 2) });
  expect(await store.deleteAccount(account, { timestamp: at(3) })).toMatchObject({
    kind: 'done',
    info: { status: 'DELETED', isDeleted: true, isStatusDeleted: true, container_count: 1 },
  });
  expect(await store.putAccount(account, { timestamp: at(9), metadata: {} })).toEqual({ kind: 'recently-deleted' });
  expect(await store.postAccount(account, { timestamp: at(9), metadata: {} })).toEqual({
    kind: 'not-found',
    statusDeleted: true,
  });
  expect(await store.deleteAccount(account, { timestamp: at(9) })).toEqual({ kind: 'not-found', statusDeleted: true });
  expect(await store.putContainer(account, { row: row('d', 9) })).toEqual({ kind: 'not-found' });
  expect(await store.putContainer(account, { row: row('d', 9), overrideDeleted: true })).toEqual({ kind: 'stored' });
  const listing = await store.list(account, { limit: 10, format: 'json' });
  expect(listing).toMatchObject({ info: { isDeleted: true }, listing: { count: 0 } });
});

test('rows that still wait decide whether an account without DELETED status is empty', async () => {
  await store.putAccount(account, { timestamp: at(1), metadata: {} });
  const remote = ['sync', 0, '0'.repeat(32), 'peer', at(1), at(1), at(5), ''];
  await store.putContainer(account, { row: row('c', 2) });
  expect((await store.replicate(device.accountHash(), remote)).status).toBe(200);
  expect(await store.putContainer(account, { row: row('d', 6) })).toEqual({ kind: 'stored' });
  for (const name of ['c', 'd']) {
    const emptied = row(name, 6, { delete_timestamp: at(7), object_count: 0, bytes_used: 0 });
    expect(await store.putContainer(account, { row: emptied })).toEqual({ kind: 'stored' });
  }
  expect(await store.putContainer(account, { row: row('e', 8) })).toEqual({ kind: 'not-found' });
});
