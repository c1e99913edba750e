import { existsSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { hashPath } from '../../src/common/hash-path.ts';
import { wireFromNative } from '../../src/common/text.ts';
import { DiskFixture, at, dataMetadata, fetched, store } from '../unit/obj/disk-fixture.ts';
import { HASH_PATH } from '../unit/db/support.ts';
import { interopTest, runCommand, runPython } from './debian-swift.ts';

const test = interopTest();

let fixture: DiskFixture;

beforeEach(() => {
  fixture = new DiskFixture({ hashPath: HASH_PATH });
});

afterEach(async () => {
  await fixture.end();
});

/** A manager of object files over our devices, and one of its files. */
const MANAGER = `
from swift.common.storage_policy import POLICIES
from swift.obj.diskfile import DiskFileManager
from swift.common.utils import Timestamp
import logging
manager = DiskFileManager({'devices': data['devices'], 'mount_check': 'false', 'fallocate_reserve': '0'}, logging.getLogger())
def diskfile():
    return manager.get_diskfile('sdb1', '7', 'AUTH_test', 'c', data['object'], POLICIES[0])
`;

const NAMES = ['plain', 'dir/ümlaut ß', '😀', '\0versions\0x'];
const VALUE = wireFromNative('blüe 😀');

function given(object: string, more: Record<string, unknown> = {}): Record<string, unknown> {
  return { devices: fixture.scratch.path, object, ...more };
}

test.each(NAMES)('swift-object-info agrees with what was written under %j', async (name) => {
  const bytes = Buffer.from('some content');
  await store(fixture.object(name), at(1), bytes, { 'X-Object-Meta-Color': 'blue', 'X-Object-Sysmeta-S': 's' });
  const path = join(fixture.paths(name).hashDir, `${at(1).internal}.data`);
  const info = runCommand('/usr/bin/swift-object-info', path);
  expect(info.get('Account')).toBe('AUTH_test');
  expect(info.get('Object hash')).toBe(hashPath(HASH_PATH, 'AUTH_test', 'c', name));
  expect(info.get('Content-Type')).toBe('text/plain');
  expect(info.get('Timestamp')).toContain(at(1).internal);
  expect(info.get('ETag')).toMatch(/\(valid\)$/);
  expect(info.get('Content-Length')).toBe('12 (valid)');
  expect(info.get('X-Object-Meta-Color')).toBe('blue');
  expect(info.get('X-Object-Sysmeta-S')).toBe('s');
});

test.each(NAMES)("Swift's own reader gives body and metadata of %j, after a POST too", async (name) => {
  const bytes = Buffer.alloc(200_000, 'apus ');
  await store(fixture.object(name), at(1), bytes, { 'X-Object-Meta-Color': VALUE, 'X-Object-Sysmeta-S': VALUE });
  await fixture.object(name).writeMetadata(
    new Map([
      ['X-Timestamp', at(2).internal],
      ['X-Object-Meta-New', VALUE],
      ['Content-Type', 'text/html'],
      ['Content-Type-Timestamp', at(2).internal],
    ]),
  );
  const found = JSON.parse(
    runPython(
      `${MANAGER}
with diskfile().open() as df:
    metadata = dict(df.get_metadata())
    body = b''.join(df.reader())
import hashlib
print(json.dumps({'metadata': metadata, 'md5': hashlib.md5(body).hexdigest(), 'type': df.content_type_timestamp.internal}))`,
      given(name),
    ),
  ) as { metadata: Record<string, string>; md5: string; type: string };
  const ours = await fetched(fixture.object(name));
  expect(found.metadata).toEqual(Object.fromEntries(ours.metadata));
  expect(found.metadata['X-Object-Meta-New']).toBe(VALUE);
  expect(found.md5).toBe(ours.metadata.get('ETag'));
  expect(found.type).toBe(at(2).internal);
});

test.each(NAMES)('what Swift wrote under %j is read here, byte for byte as if written here', async (name) => {
  const bytes = Buffer.from('written by python');
  const metadata = dataMetadata(at(1), bytes, { 'X-Object-Meta-Color': VALUE });
  runPython(
    `${MANAGER}
df = diskfile()
with df.create(size=${bytes.length}) as writer:
    writer.write(b'written by python')
    writer.put(data['metadata'])
    writer.commit(Timestamp(data['metadata']['X-Timestamp']))`,
    given(name, { metadata: Object.fromEntries(metadata) }),
  );
  const path = join(fixture.paths(name).hashDir, `${at(1).internal}.data`);
  const read = (): string => runPython('import os\nprint(os.getxattr(data, "user.swift.metadata").hex())', path);
  const theirs = read();
  expect(await fetched(fixture.object(name))).toEqual({
    bytes,
    metadata: new Map(metadata).set('name', `/AUTH_test/c/${name}`),
  });
  await store(fixture.object(name), at(1), bytes, { 'X-Object-Meta-Color': VALUE });
  expect(read()).toBe(theirs);
});

test('deletions are seen on both sides', async () => {
  await fixture.object('ours').delete(at(3));
  const deleted = runPython(
    `${MANAGER}
from swift.common.exceptions import DiskFileDeleted
try:
    diskfile().open()
except DiskFileDeleted as error:
    print(error.timestamp.internal)`,
    given('ours'),
  );
  expect(deleted.trim()).toBe(at(3).internal);
  runPython(`${MANAGER}\ndiskfile().delete(Timestamp('${at(4).internal}'))`, given('theirs'));
  await expect(fetched(fixture.object('theirs'))).rejects.toMatchObject({ code: 'deleted', timestamp: at(4) });
});

test("suffix hashes are Swift's, whoever computed them first", async () => {
  for (const [index, name] of NAMES.entries()) await store(fixture.object(name), at(index), Buffer.from(name));
  await fixture.object(NAMES[0]).delete(at(10));
  await fixture.object(NAMES[1]).writeMetadata(new Map([['X-Timestamp', at(11).internal]]));
  const program = `${MANAGER}\nprint(json.dumps(manager.get_hashes('sdb1', '7', [], POLICIES[0])))`;
  const ours = Object.fromEntries(await fixture.storage.suffixHashes('sdb1', '7', 0));
  expect(Object.keys(ours).length).toBeGreaterThan(2);
  const pickle = readFileSync(join(fixture.paths().partition, 'hashes.pkl'));
  expect(JSON.parse(runPython(program, given('')))).toEqual(ours);
  expect(readFileSync(join(fixture.paths().partition, 'hashes.pkl')).equals(pickle)).toBe(true);
  await fixture.object(NAMES[2]).delete(at(12));
  const theirs = JSON.parse(runPython(program, given(''))) as Record<string, string>;
  expect(theirs).not.toEqual(ours);
  expect(Object.fromEntries(await fixture.storage.suffixHashes('sdb1', '7', 0))).toEqual(theirs);
});

test("an update left for later is one that Swift's updater can read", async () => {
  const update = {
    op: 'PUT' as const,
    account: 'AUTH_test',
    container: 'ümlaut',
    obj: 'öbj',
    headers: [
      ['X-Timestamp', at(1).internal],
      ['X-Content-Type', VALUE],
    ] as [string, string][],
    dbState: null,
  };
  await fixture.storage.asyncPending.save('sdb1', 0, update, at(1));
  const hash = hashPath(HASH_PATH, 'AUTH_test', 'ümlaut', 'öbj');
  const path = join(fixture.device, 'async_pending', hash.slice(-3), `${hash}-${at(1).internal}`);
  const found = runPython(
    `import pickle
update = pickle.load(open(data, 'rb'))
print(json.dumps([type(update['headers']).__name__, {**update, 'headers': dict(update['headers'])}]))`,
    path,
  );
  const { dbState: _, headers, ...rest } = update;
  expect(JSON.parse(found)).toEqual([
    'HeaderKeyDict',
    { ...rest, headers: Object.fromEntries(headers), db_state: null },
  ]);
});

test("Swift's auditor finds nothing wrong with what was written, and both sides honour its lock", async () => {
  await store(fixture.object('a'), at(1), Buffer.alloc(100_000, 'x'));
  writeFileSync(join(fixture.paths().partition, 'hashes.invalid'), '', { flag: 'a' });
  const count = runPython(
    `${MANAGER}
from swift.common.utils import lock_path
seen = 0
with lock_path(data['devices'] + '/sdb1/objects/7', 1):
    for location in manager.object_audit_location_generator(POLICIES[0]):
        with manager.get_diskfile_from_audit_location(location).open(modernize=True) as df:
            seen += len(b''.join(df.reader()))
print(seen)`,
    given(''),
  );
  expect(count.trim()).toBe('100000');
  expect(existsSync(join(fixture.device, 'quarantined'))).toBe(false);
  expect(readdirSync(fixture.paths().partition)).toContain('.lock');
});
