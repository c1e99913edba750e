import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { openAccountStore } from '../../src/account/open-account-store.ts';
import type { AccountStore } from '../../src/account/account-store.ts';
import { openContainerStore } from '../../src/container/open-container-store.ts';
import { Timestamp } from '../../src/common/timestamp.ts';
import type { ContainerStore, ObjectRow, ShardRangeRow } from '../../src/container/container-store.ts';
import { selectShardRanges, type ShardFilter } from '../../src/container/shard-listing.ts';
import { dumpDatabase, TestDevice } from '../unit/db/support.ts';
import { interopTest, runCommand, runPython, startPython } from './debian-swift.ts';

const test = interopTest();

let device: TestDevice;
let containers: ContainerStore;
let accounts: AccountStore;

beforeEach(() => {
  device = new TestDevice();
  containers = openContainerStore(device.options);
  accounts = openAccountStore(device.options);
});

afterEach(async () => {
  await containers.close();
  await accounts.close();
  device.remove();
});

function at(seconds: number): string {
  return `17000000${String(seconds).padStart(2, '0')}.00000`;
}

const NAMES = ['plain', 'ümlaut/ß', '\0reserved\0x', '😀', 'a b', '\uffff'];

/** Rows with every kind of time, two policies, deletions and swift_bytes. */
function someRows(): ObjectRow[] {
  return Array.from({ length: 60 }, (_, index) => ({
    name: NAMES[index % NAMES.length] as string,
    created_at: `17000000${String((index * 7) % 50).padStart(2, '0')}.${String(index).padStart(5, '0')}`,
    size: index,
    content_type: index % 4 === 0 ? 'a/b; charset=x;swift_bytes=77' : 'text/plain',
    etag: `e${index}`,
    deleted: index % 5 === 0 ? 1 : 0,
    storage_policy_index: index % 2,
    ctype_timestamp: index % 3 === 0 ? at((index * 3) % 60) : null,
    meta_timestamp: index % 6 === 0 ? at((index * 5) % 60) : null,
  }));
}

async function makeContainer(): Promise<string> {
  await containers.putContainer(device.locator(), {
    timestamp: at(1),
    defaultPolicyIndex: 0,
    metadata: { 'X-Container-Meta-Color': 'blüe', 'X-Container-Read': '.r:*' },
  });
  return device.path('containers', device.hashOf());
}

const PYTHON_ROWS = `
def rows(broker):
    with broker.get() as conn:
        return sorted([list(row) for row in conn.execute(
            'SELECT name, created_at, size, content_type, etag, deleted, storage_policy_index FROM object')])
`;

function ourRows(path: string): unknown[] {
  const rows = (dumpDatabase(path).tables['object'] ?? []).map(({ ROWID: _id, ...row }) => Object.values(row));
  return rows.sort(byJson);
}

function byJson(a: unknown, b: unknown): number {
  return JSON.stringify(a) < JSON.stringify(b) ? -1 : 1;
}

test('swift-container-info reads a container that we wrote and agrees', async () => {
  const path = await makeContainer();
  await containers.mergeRows(device.locator(), someRows());
  const info = await containers.getInfo(device.locator());
  const shown = runCommand('/usr/bin/swift-container-info', '-d', device.devices, path);
  expect(shown.get('Path')).toBe('/AUTH_a/c');
  expect(shown.get('Container Hash')).toBe(device.hashOf().hash);
  expect(shown.get('Deleted')).toBe('False');
  expect(shown.get('Object Count')).toBe(String(info?.object_count));
  expect(shown.get('Bytes Used')).toBe(String(info?.bytes_used));
  expect(shown.get('Chexor')).toBe(info?.hash);
  expect(shown.get('UUID')).toBe(info?.id);
  expect(shown.get('Put Timestamp')).toContain(`(${at(1)})`);
  expect(shown.get('Created at')).toContain(`(${info?.created_at})`);
  expect(shown.get('X-Container-Read')).toBe('.r:*');
  expect(shown.get('User Metadata')).toContain('blüe');
  expect(shown.get('State')).toBe('unsharded');
});

test('swift-account-info reads an account that we wrote and agrees', async () => {
  const account = { device: 'sda', partition: '7', account: 'AUTH_a' };
  await accounts.putAccount(account, { timestamp: at(1), metadata: { 'X-Account-Meta-Owner': 'mé' } });
  for (const [index, name] of NAMES.entries()) {
    const row = {
      name,
      put_timestamp: at(index),
      delete_timestamp: '0000000000.00000',
      object_count: '3',
      bytes_used: '9',
    };
    await accounts.putContainer(account, { row: { ...row, storage_policy_index: String(index % 2) } });
  }
  const info = await accounts.getInfo(account);
  const path = device.path('accounts', device.accountHash());
  const shown = runCommand('/usr/bin/swift-account-info', '-d', device.devices, path);
  expect(shown.get('Account')).toBe('AUTH_a');
  expect(shown.get('Account Hash')).toBe(device.accountHash().hash);
  expect(shown.get('Container Count')).toBe(String(NAMES.length));
  expect(shown.get('Object Count')).toBe(String(info?.object_count));
  expect(shown.get('Bytes Used')).toBe(String(info?.bytes_used));
  expect(shown.get('Chexor')).toBe(info?.hash);
  expect(shown.get('User Metadata')).toContain('mé');
});

test("Python's broker merges rows into our file, and both engines get the same rows and hash from the same rows", async () => {
  const path = await makeContainer();
  const rows = someRows();
  await containers.mergeRows(device.locator(), rows.slice(0, 30));
  const [hash, theirRows] = JSON.parse(
    runPython(
      `from swift.container.backend import ContainerBroker
${PYTHON_ROWS}
broker = ContainerBroker(data[0])
broker.merge_items(data[1])
print(json.dumps([broker.get_info()['hash'], rows(broker)]))`,
      [path, rows.slice(20)],
    ),
  ) as [string, unknown[]];
  expect((await containers.getInfo(device.locator()))?.hash).toBe(hash);
  const other = device.locator('other');
  await containers.putContainer(other, { timestamp: at(2), defaultPolicyIndex: 0, metadata: {} });
  await containers.mergeRows(other, rows);
  expect((await containers.getInfo(other))?.hash).toBe(hash);
  expect(ourRows(device.path('containers', device.hashOf('other')))).toEqual(theirRows.sort(byJson));
});

test("Python's broker commits rows that we queued, and we commit rows that it queued", async () => {
  const path = await makeContainer();
  await containers.putRow(device.locator(), { row: someRows()[1] as ObjectRow });
  const program = `from swift.container.backend import ContainerBroker
broker = ContainerBroker(data)
broker._commit_puts()
before = broker.get_info()['object_count'] + broker.get_policy_stats()[1]['object_count']
broker.put_object('queued by python ß', '1700000099.00000', 4, 'text/x', 'etag', 0, 0, '1700000100.00000', None)
print(before)`;
  expect(runPython(program, path).trim()).toBe('1');
  expect(await containers.getInfo(device.locator())).toMatchObject({ object_count: 1, bytes_used: 4 });
});

test("a database that Python's broker made is used by ours, with its metadata, states and listing", async () => {
  const path = device.path('containers', device.hashOf());
  mkdirSync(dirname(path), { recursive: true });
  const program = `from swift.container.backend import ContainerBroker
broker = ContainerBroker(data[0], account='AUTH_a', container='c')
broker.initialize('1700000001.00000', 1)
broker.update_metadata({'X-Container-Meta-A': ('\\u00e9', '1700000002.00000')})
broker.merge_items(data[1])
queries = [dict(prefix='', delimiter='/'), dict(marker='b'), dict(reverse=True, limit=3), dict(prefix='\\u00fc')]
def names(query):
    query = dict(dict(limit=100, marker='', end_marker='', prefix=None, delimiter=None, storage_policy_index=1), **query)
    return [row[0] for row in broker.list_objects_iter(**query)]
print(json.dumps([names(query) for query in queries]))`;
  const listings = JSON.parse(runPython(program, [path, someRows()])) as string[][];
  const queries = [{ delimiter: '/' }, { marker: 'b' }, { reverse: true, limit: 3 }, { prefix: 'ü' }];
  for (const [index, query] of queries.entries()) {
    const request = { limit: 100, format: 'plain' as const, recordType: 'auto' as const, ...query };
    const listing = await containers.list(device.locator(), request);
    const names = new TextDecoder().decode(listing?.listing?.bytes).split('\n').slice(0, -1);
    expect(names).toEqual(listings[index]);
  }
  const outcome = await containers.putContainer(device.locator(), {
    timestamp: at(9),
    defaultPolicyIndex: 0,
    metadata: {},
  });
  expect(outcome).toMatchObject({
    kind: 'stored',
    created: false,
    info: { storage_policy_index: 1, put_timestamp: at(9), metadata: { 'X-Container-Meta-A': ['é', at(2)] } },
  });
});

test("Python's account broker merges into our file and agrees on the hash", async () => {
  const account = { device: 'sda', partition: '7', account: 'AUTH_a' };
  await accounts.putAccount(account, { timestamp: at(1), metadata: {} });
  const path = device.path('accounts', device.accountHash());
  const program = `from swift.account.backend import AccountBroker
broker = AccountBroker(data)
for index in range(5):
    broker.put_container('c%d' % (index % 3), '17000000%02d.00000' % index, '0', index, index * 10, index % 2)
print(broker.get_info()['hash'])`;
  expect((await accounts.getInfo(account))?.hash).toBe('0'.repeat(32));
  const hash = runPython(program, path).trim();
  expect(await accounts.getInfo(account)).toMatchObject({ hash, container_count: 3, object_count: 9 });
});

test('what our container server answers to sync is what the Python replicator computes for the same file', async () => {
  const path = await makeContainer();
  await containers.mergeRows(device.locator(), someRows());
  const program = `from swift.container.backend import ContainerBroker
info = ContainerBroker(data).get_replication_info()
info['point'] = -1
print(json.dumps(info))`;
  const theirs = runPython(program, path).trim();
  const message = ['sync', 0, 'x', 'peer', at(1), at(1), '0', ''];
  const answer = await containers.replicate(device.hashOf(), message);
  const ours = JSON.parse(new TextDecoder().decode(answer.body ?? undefined)) as unknown;
  expect(ours).toEqual(JSON.parse(theirs));
});

test("shard ranges are chosen as Python's broker chooses them", () => {
  const files = ['crafted-container-shards.db', 'shard-of-sharded.db', 'shard-root-0-found.db'];
  const program = `from itertools import product
from swift.container.backend import ContainerBroker
answers = []
for path in data:
    broker = ContainerBroker(path)
    for marker, end, includes, reverse, states, deleted in product(
            ['', 'obj-05', 'b'], ['', 'obj-12', 'm'], ['', 'obj-07', 'c'], [False, True],
            ['', 'listing', 'updating', 'auditing', 'active,found'], [False, True]):
        names = states.split(',') if states else []
        chosen = broker.get_shard_ranges(
            marker=marker, end_marker=end, includes=includes or None, reverse=reverse, include_deleted=deleted,
            states=broker.resolve_shard_range_states(names) if names else None,
            fill_gaps='listing' in names or 'updating' in names, include_own='auditing' in names)
        query = dict(marker=marker, endMarker=end, includes=includes, reverse=reverse, states=states, includeDeleted=deleted)
        answers.append([path, broker.path, query, [[r.name, str(r.lower), str(r.upper), int(r.state)] for r in chosen]])
print(json.dumps(answers))`;
  const paths = files.map((file) => device.install(file, 'containers', device.hashOf(file)));
  const answers = JSON.parse(runPython(program, paths)) as [string, string, ShardFilter, unknown[]][];
  expect(answers).toHaveLength(3 * 540);
  const records = new Map(
    paths.map((path) => [path, dumpDatabase(path).tables['shard_range'] as unknown as ShardRangeRow[]]),
  );
  for (const [path, name, query, theirs] of answers) {
    const ours = selectShardRanges(records.get(path) ?? [], query, name, Timestamp.parse(at(99)));
    const shown = ours.map((range) => [range.name, range.lower, range.upper, range.state]);
    expect(shown, JSON.stringify(query)).toEqual(theirs);
  }
});

test('writers of both engines on one file at the same time lose no row', async () => {
  const path = await makeContainer();
  // Python's broker takes for granted that whoever calls _commit_puts holds the folder's lock.
  const program = `from swift.common.utils import lock_parent_directory
from swift.container.backend import ContainerBroker
broker = ContainerBroker(data)
print('ready', flush=True)
for index in range(150):
    broker.put_object('python-%d' % index, '1700000050.00000', 1, 'a/b', 'e', 0, 0)
    if index % 5 == 0:
        with lock_parent_directory(broker.pending_file, 10):
            broker._commit_puts()`;
  const python = startPython(program, path);
  await python.ready;
  const row = {
    created_at: at(50),
    size: 1,
    content_type: 'a/b',
    etag: 'e',
    deleted: 0,
    storage_policy_index: 0,
  } as const;
  for (let index = 0; index < 300; index++) {
    await containers.putRow(device.locator(), { row: { ...row, name: `ours-${index}` } });
    if (index % 3 === 0) await containers.getInfo(device.locator());
  }
  await python.ended;
  expect(await containers.getInfo(device.locator())).toMatchObject({ object_count: 450, bytes_used: 450 });
});
