import { copyFileSync, mkdirSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ContainerListingRequest, ContainerStore } from '../../../src/container/container-store.ts';
import { extractSwiftBytes } from '../../../src/container/content-type.ts';
import { openContainerStore } from '../../../src/container/open-container-store.ts';
import { dumpDatabase, goldenPath, TestDevice } from '../db/support.ts';

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

const at = '1700000002.00000';

async function putRows(...rows: object[]): Promise<void> {
  await store.putContainer(device.locator(), { timestamp: '1700000001.00000', defaultPolicyIndex: 0, metadata: {} });
  const common = {
    created_at: at,
    size: 1,
    content_type: 'a/b',
    etag: 'e',
    deleted: 0 as const,
    storage_policy_index: 0,
  };
  await store.mergeRows(
    device.locator(),
    rows.map((row) => ({ name: 'o', ...common, ...row })),
  );
}

async function list(request: Partial<ContainerListingRequest>): Promise<{ text: string; count: number | undefined }> {
  const listing = await store.list(device.locator(), { limit: 100, format: 'json', recordType: 'auto', ...request });
  const bytes = listing?.listing?.bytes;
  return { text: bytes === undefined ? '' : new TextDecoder().decode(bytes), count: listing?.listing?.count };
}

test('XML has its five elements for an object and a subdir beside it', async () => {
  await putRows({ name: 'a<&>"\'\n', content_type: 'x/"y"', size: 3 }, { name: 'd"&/x' });
  const { text, count } = await list({ format: 'xml', delimiter: '/' });
  expect(count).toBe(2);
  expect(text).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<container name="c"><object><name>a&lt;&amp;&gt;"\'\n</name><hash>e</hash>' +
      '<bytes>3</bytes><content_type>x/"y"</content_type><last_modified>2023-11-14T22:13:22.000000</last_modified></object>' +
      '<subdir name="d&quot;&amp;/"><name>d"&amp;/</name></subdir></container>',
  );
  expect((await list({ format: 'xml', prefix: 'none' })).text).toBe(
    '<?xml version="1.0" encoding="UTF-8"?>\n<container name="c" />',
  );
});

test('an empty listing is an empty list in JSON and nothing in plain text', async () => {
  await putRows();
  expect(await list({ format: 'json' })).toEqual({ text: '[]', count: 0 });
  expect(await list({ format: 'plain' })).toEqual({ text: '', count: 0 });
});

test('subdirs stand among the names in JSON and plain text', async () => {
  await putRows({ name: 'b/1' }, { name: 'b/2' }, { name: 'a' });
  expect((await list({ format: 'plain', delimiter: '/' })).text).toBe('a\nb/\n');
  expect((await list({ format: 'json', delimiter: '/', marker: 'a' })).text).toBe('[{"subdir": "b/"}]');
});

test('rows of another policy are listed when they are asked for', async () => {
  await putRows({ name: 'zero' }, { name: 'one', storage_policy_index: 1 });
  expect((await list({ format: 'plain' })).text).toBe('zero\n');
  expect((await list({ format: 'plain', storagePolicyIndex: 1 })).text).toBe('one\n');
});

test('the last time of a row is when its metadata was set, not its data', async () => {
  await putRows({ name: 'posted', meta_timestamp: '1700000009.12345' });
  expect((await list({})).text).toContain('"last_modified": "2023-11-14T22:13:29.123450"');
});

test.each([
  ['a/b', 'a/b', undefined],
  ['a/b; charset=x;swift_bytes=88', 'a/b;charset=x', '88'],
  ['a/b;x="q;r";swift_bytes=3; y', 'a/b;x="q;r";y=', '3'],
  ['a/b ; x', 'a/b ;x=', undefined],
  ['a/b;;x=1', 'a/b;x=1', undefined],
  ['a/b;swift_bytes', 'a/b', ''],
  ['a/b;é=1;x=é', 'a/b;é=1;x=é', undefined],
  ['a/b; X="\\"a"; z', 'a/b;X="\\"a";z=', undefined],
  ['a/b;x=(y);u=v', 'a/b;x=;u=v', undefined],
  ['', '', undefined],
])('the content type %j is %j with swift_bytes %j', (given, contentType, swiftBytes) => {
  expect(extractSwiftBytes(given)).toEqual({ contentType, swiftBytes });
});

const SHARDED = { device: 'sda', partition: '7', hash: '5165acc4100d2e863d956d64595ef69b' };
const FILE = `${SHARDED.hash}_1795353162.99199.db`;

/** The recorded sharded root, in the place where its name leads. */
function installSharded(): void {
  const { hash } = device.hashOf('sharded', 'AUTH_test');
  const folder = device.path('containers', device.hashOf('sharded', 'AUTH_test')).replace(/\/[^/]+$/, '');
  mkdirSync(folder, { recursive: true });
  copyFileSync(goldenPath(`shard-root-sharded/${FILE}`), `${folder}/${FILE.replace(SHARDED.hash, hash)}`);
}

test('a sharded container lists its shards, and ignores the name filter when it is told to', async () => {
  installSharded();
  const root = device.locator('sharded', 'AUTH_test');
  const request = { limit: 100, format: 'json', recordType: 'auto', states: 'listing', marker: 'obj-05' } as const;
  const filtered = await store.list(root, request);
  expect(filtered).toMatchObject({ recordType: 'shard', nameFilterOverridden: false, info: { db_state: 'sharded' } });
  expect(filtered?.listing?.count).toBe(3);
  const whole = await store.list(root, { ...request, overrideNameFilter: true, namespacesOnly: true });
  expect(whole).toMatchObject({ nameFilterOverridden: true, listing: { count: 4 } });
  const records = JSON.parse(new TextDecoder().decode(whole?.listing?.bytes)) as object[];
  expect(Object.keys(records[0] ?? {})).toEqual(['name', 'lower', 'upper']);
  await expect(store.list(root, { ...request, states: 'nonsense' })).rejects.toMatchObject({ code: 'bad-states' });
});

test('a database from before shard ranges has none, and gets their table with the first', async () => {
  await putRows({ name: 'o' });
  await store.close();
  const path = device.path('containers', device.hashOf());
  const old = new DatabaseSync(path);
  old.exec('DROP TABLE shard_range');
  old.close();
  store = openContainerStore(device.options);
  expect(await list({ recordType: 'shard' })).toEqual({ text: '[]', count: 0 });
  expect(await store.getInfo(device.locator())).toMatchObject({ db_state: 'unsharded', object_count: 1 });
  const range = { name: '.shards_a/c', timestamp: at, lower: '', upper: '', state: 10 };
  await store.putShardRanges(device.locator(), [range as never]);
  expect(await store.getShardRanges(device.locator())).toMatchObject([{ ...range, tombstones: -1, reported: 0 }]);
  expect(dumpDatabase(path).sqlite_master.map((entry) => entry.name)).toContain('shard_range_update');
});

test('a database from before some columns of shard ranges gets them with the first merge', async () => {
  await putRows();
  await store.close();
  const old = new DatabaseSync(device.path('containers', device.hashOf()));
  old.exec(`DROP TRIGGER shard_range_update; ALTER TABLE shard_range DROP COLUMN tombstones;
    ALTER TABLE shard_range DROP COLUMN reported;
    INSERT INTO shard_range (name, timestamp, lower, upper, meta_timestamp, state, state_timestamp)
    VALUES ('.shards_a/old', '${at}', '', 'm', '${at}', 40, '${at}')`);
  old.close();
  store = openContainerStore(device.options);
  expect(await store.getShardRanges(device.locator())).toMatchObject([
    { name: '.shards_a/old', reported: 0, tombstones: -1 },
  ]);
  const range = { name: '.shards_a/new', timestamp: at, lower: 'm', upper: '', state: 10, tombstones: 4 };
  await store.putShardRanges(device.locator(), [range as never]);
  expect(await store.getShardRanges(device.locator())).toMatchObject([{ tombstones: -1 }, { tombstones: 4 }]);
});
