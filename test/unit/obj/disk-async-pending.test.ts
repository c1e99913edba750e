import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { hashPath } from '../../../src/common/hash-path.ts';
import { writePickle } from '../../../src/common/pickle.ts';
import type { AsyncPendingEntry, AsyncUpdate } from '../../../src/obj/storage.ts';
import { at, CHANGEME, DiskFixture } from './disk-fixture.ts';

let fixture: DiskFixture;

beforeEach(() => {
  fixture = new DiskFixture();
});

afterEach(async () => {
  await fixture.end();
});

function update(obj = 'o', more: Partial<AsyncUpdate> = {}): AsyncUpdate {
  return { op: 'PUT', account: 'AUTH_test', container: 'c', obj, headers: [['X-Size', '1']], ...more };
}

function folderOf(obj: string, policyIndex = 0): string {
  const hash = hashPath(CHANGEME, 'AUTH_test', 'c', obj);
  return join(fixture.device, policyIndex === 0 ? 'async_pending' : `async_pending-${policyIndex}`, hash.slice(-3));
}

async function entries(policyIndex = 0): Promise<AsyncPendingEntry[]> {
  return await Array.fromAsync(fixture.storage.asyncPending.entries('sdb1', policyIndex));
}

test('an update is stored under the hash of its row, mode 0600, with tmp empty afterwards', async () => {
  const { asyncPending } = fixture.storage;
  await asyncPending.save('sdb1', 2, update('ö', { dbState: null, containerPath: 'a/b', successes: [1, 2] }), at(1));
  const hash = hashPath(CHANGEME, 'AUTH_test', 'c', 'ö');
  const path = join(folderOf('ö', 2), `${hash}-${at(1).internal}`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readFileSync(path).toString('latin1').startsWith('(dp0\nVop\np1\nVPUT\n')).toBe(true);
  expect(readdirSync(join(fixture.device, 'tmp-2'))).toEqual([]);
  expect(await asyncPending.policies('sdb1')).toEqual([2]);
  const [entry] = await entries(2);
  expect(await asyncPending.load(entry as AsyncPendingEntry)).toEqual(
    update('ö', { dbState: null, containerPath: 'a/b', successes: [1, 2] }),
  );
});

test('of one row the newest update alone is found, and the older files are gone then', async () => {
  const { asyncPending } = fixture.storage;
  for (const second of [2, 3, 1])
    await asyncPending.save('sdb1', 0, update('o', { dbState: String(second) }), at(second));
  const found = await entries();
  expect(found.map(({ timestamp }) => timestamp.internal)).toEqual([at(3).internal]);
  expect(readdirSync(folderOf('o'))).toHaveLength(1);
});

test('a rewritten update keeps its file; a removed one takes an empty suffix with it', async () => {
  const { asyncPending } = fixture.storage;
  await asyncPending.save('sdb1', 0, update(), at(1));
  const [entry] = (await entries()) as [AsyncPendingEntry];
  await asyncPending.rewrite(entry, update('o', { successes: [7] }));
  expect(await asyncPending.load(entry)).toMatchObject({ successes: [7] });
  expect(await entries()).toEqual([entry]);
  await asyncPending.remove(entry);
  await asyncPending.remove(entry);
  expect(existsSync(folderOf('o'))).toBe(false);
  expect(await asyncPending.load(entry)).toBeUndefined();
});

test.each([
  ['junk', Buffer.from('junk')],
  ['a pickle of something else', writePickle([1], 0)],
  ['a dict without the row', writePickle(new Map([['op', 'PUT']]), 0)],
])('%s is put aside under the objects of policy 0', async (_, bytes) => {
  const { asyncPending } = fixture.storage;
  await asyncPending.save('sdb1', 1, update(), at(1));
  const [entry] = (await entries(1)) as [AsyncPendingEntry];
  const [name] = readdirSync(folderOf('o', 1)) as [string];
  writeFileSync(join(folderOf('o', 1), name), bytes);
  expect(await asyncPending.load(entry)).toBeUndefined();
  expect(readdirSync(join(fixture.device, 'quarantined/objects'))).toEqual([name]);
  expect(await entries(1)).toEqual([]);
});

test('devices are the folders there are, names that mean nothing are passed over, and an empty device has none', async () => {
  mkdirSync(join(fixture.scratch.path, 'sda'));
  writeFileSync(join(fixture.scratch.path, 'file'), '');
  expect(await fixture.storage.asyncPending.devices()).toEqual(['sda', 'sdb1']);
  expect(await fixture.storage.asyncPending.policies('sda')).toEqual([]);
  expect(await entries()).toEqual([]);
  mkdirSync(join(fixture.device, 'async_pending/abc'), { recursive: true });
  writeFileSync(join(fixture.device, 'async_pending/abc/nonsense'), '');
  expect(await entries()).toEqual([]);
  expect(readdirSync(join(fixture.device, 'async_pending/abc'))).toEqual(['nonsense']);
});

test('many updates of one suffix at once, while a sweep removes what it finds, are all found in the end', async () => {
  const { asyncPending } = fixture.storage;
  const done = new Set<string>();
  const sweep = async (): Promise<void> => {
    for (const entry of await entries()) {
      done.add((await asyncPending.load(entry))?.obj ?? '');
      await asyncPending.remove(entry);
    }
  };
  const saves = Array.from({ length: 20 }, (_, index) => asyncPending.save('sdb1', 0, update(`o${index}`), at(1)));
  await Promise.all([...saves, sweep(), sweep()]);
  await sweep();
  done.delete('');
  expect(done.size).toBe(20);
});
