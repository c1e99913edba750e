import { hash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Timestamp } from '../../src/common/timestamp.ts';
import { readAll } from '../../src/http/body.ts';
import {
  type AsyncUpdate,
  type Metadata,
  type ObjectLocation,
  type ObjectStorage,
  type OpenedObject,
  StorageError,
  type StoredObject,
} from '../../src/obj/storage.ts';
import { storages } from './object-storages.ts';

/** Recent, so that no tombstone is old enough to be dropped. */
const BASE = Math.floor(Date.now() / 1000) - 1000;
const NOW = { nowSeconds: BASE + 100 };
const at = (seconds: number): Timestamp => Timestamp.fromSeconds(BASE + seconds);
const PLACE: ObjectLocation = {
  device: 'sdb1',
  partition: '7',
  account: 'AUTH_test',
  container: 'c',
  object: 'dir/ö bj',
  policyIndex: 0,
};

function dataMetadata(
  timestamp: Timestamp,
  etag: string,
  sizeBytes: number,
  extra: Record<string, string> = {},
): Metadata {
  return new Map([
    ['X-Timestamp', timestamp.internal],
    ['Content-Type', 'text/plain'],
    ['ETag', etag],
    ['Content-Length', String(sizeBytes)],
    ...Object.entries(extra),
  ]);
}

async function write(
  object: StoredObject,
  seconds: number,
  text: string,
  extra: Record<string, string> = {},
): Promise<void> {
  const writer = await object.create({ sizeBytes: Buffer.byteLength(text) });
  await writer.write(Buffer.from(text));
  const etag = await writer.finish();
  await writer.commit(dataMetadata(at(seconds), etag, Buffer.byteLength(text), extra), at(seconds));
}

async function opened<T>(object: StoredObject, use: (opened: OpenedObject) => T | Promise<T>): Promise<T> {
  const found = await object.open(NOW);
  try {
    return await use(found);
  } finally {
    found.close();
  }
}

const textOf = async (found: OpenedObject, start?: number, end?: number): Promise<string> =>
  (await readAll(found.body(start, end))).toString('utf8');

async function faultOf(action: () => unknown): Promise<StorageError> {
  try {
    await action();
  } catch (error) {
    if (error instanceof StorageError) return error;
    throw error;
  }
  throw new Error('nothing was thrown');
}

describe.each(storages)('$name', ({ make }) => {
  let storage: ObjectStorage;
  let object: StoredObject;
  let end: () => void | Promise<void>;

  beforeEach(async () => {
    ({ storage, end } = await make(['sdb1', 'sdb2']));
    object = storage.object(PLACE);
  });
  afterEach(async () => {
    await storage.close();
    await end();
  });

  test('an object reads as it was written, with the MD5 of its bytes', async () => {
    const writer = await object.create({ sizeBytes: null });
    await writer.write(Buffer.from('hello '));
    await writer.write(Buffer.from('world'));
    const etag = await writer.finish();
    expect(etag).toBe('5eb63bbbe01eeed093cb22bb8f5acdc3');
    await writer.commit(dataMetadata(at(10), etag, 11, { 'X-Object-Meta-K\xc3\xa9y': '\xc3\xa9' }), at(10));
    await opened(object, async (found) => {
      expect(await textOf(found)).toBe('hello world');
      expect(found.contentLength).toBe(11);
      expect(found.timestamp.internal).toBe(`${BASE + 10}.00000`);
      expect(found.dataTimestamp.equals(at(10))).toBe(true);
      expect(found.contentTypeTimestamp.equals(at(10))).toBe(true);
      expect(found.durableTimestamp?.equals(at(10))).toBe(true);
      expect(found.metadata.get('ETag')).toBe(etag);
      expect(found.metadata.get('X-Object-Meta-K\xc3\xa9y')).toBe('\xc3\xa9');
      expect(found.metadata.get('name')).toBe('/AUTH_test/c/dir/ö bj');
      expect(found.metaMetadata).toBeUndefined();
    });
  });

  test('an empty object reads as empty', async () => {
    await write(object, 10, '');
    await opened(object, async (found) => {
      expect(await textOf(found)).toBe('');
      expect(found.contentLength).toBe(0);
    });
  });

  test('ranges of an object are read one after the other', async () => {
    await write(object, 10, '0123456789');
    await opened(object, async (found) => {
      expect(await textOf(found, 2, 5)).toBe('234');
      expect(await textOf(found, 9, 10)).toBe('9');
      expect(await textOf(found, 0, 10)).toBe('0123456789');
    });
  });

  test.each([1000, 100_000, 3_000_001])(
    'an MD5 that is made elsewhere is asked for, of %i bytes',
    async (sizeBytes) => {
      const bytes = Buffer.alloc(sizeBytes, 'abcdefghijk');
      const asked: number[] = [];
      const md5Of = (storedBytes: number): string => {
        asked.push(storedBytes);
        return 'made elsewhere';
      };
      const writer = await object.create({ sizeBytes, md5Of });
      for (let start = 0; start < sizeBytes; start += 65536) await writer.write(bytes.subarray(start, start + 65536));
      expect(await writer.finish()).toBe('made elsewhere');
      expect(asked).toEqual([sizeBytes]);
      await writer.abort();
    },
  );

  test('an object of several megabytes reads as it was written, whole and in part', async () => {
    const bytes = Buffer.alloc(3_000_001, 'abcdefghijk');
    const writer = await object.create({ sizeBytes: bytes.length });
    for (let start = 0; start < bytes.length; start += 65536) await writer.write(bytes.subarray(start, start + 65536));
    await writer.commit(dataMetadata(at(10), await writer.finish(), bytes.length), at(10));
    await opened(object, async (found) => {
      expect((await readAll(found.body())).equals(bytes)).toBe(true);
      expect((await readAll(found.body(1_000_000, 2_500_000))).equals(bytes.subarray(1_000_000, 2_500_000))).toBe(true);
    });
  });

  test('a body that is dropped half way can be followed by another', async () => {
    await write(object, 10, 'x'.repeat(500_000));
    await opened(object, async (found) => {
      const body = found.body();
      if (body !== null && !(body instanceof Uint8Array)) {
        for await (const chunk of body) {
          expect(chunk.length).toBeGreaterThan(0);
          break;
        }
      }
      expect(await textOf(found, 0, 3)).toBe('xxx');
    });
  });

  test('a name that was never written does not exist', async () => {
    expect((await faultOf(() => object.open(NOW))).code).toBe('not-exist');
  });

  test('an aborted write leaves nothing, and may be aborted twice', async () => {
    const writer = await object.create({ sizeBytes: 5 });
    await writer.write(Buffer.from('abc'));
    await writer.abort();
    await writer.abort();
    expect((await faultOf(() => object.open(NOW))).code).toBe('not-exist');
    expect(await storage.suffixHashes('sdb1', '7', 0)).toEqual(new Map());
  });

  test('a newer write replaces an older one and an older one changes nothing', async () => {
    await write(object, 10, 'first');
    await write(object, 20, 'second');
    await write(object, 15, 'late');
    expect(await opened(object, (found) => textOf(found))).toBe('second');
  });

  test('a tombstone hides the object and tells its time; a newer write brings it back', async () => {
    await write(object, 10, 'first');
    await object.delete(at(20));
    const fault = await faultOf(() => object.open(NOW));
    expect(fault.code).toBe('deleted');
    expect(fault.timestamp?.equals(at(20))).toBe(true);
    await write(object, 15, 'late');
    expect((await faultOf(() => object.open(NOW))).code).toBe('deleted');
    await write(object, 25, 'again');
    expect(await opened(object, (found) => textOf(found))).toBe('again');
  });

  test('offsets of timestamps order writes and come back', async () => {
    const offset = Timestamp.parse(`${BASE + 10}.00000_00000000000000ff`);
    await write(object, 10, 'first');
    const writer = await object.create({ sizeBytes: 1 });
    await writer.write(Buffer.from('x'));
    await writer.commit(dataMetadata(offset, await writer.finish(), 1), offset);
    await opened(object, async (found) => {
      expect(found.timestamp.internal).toBe(offset.internal);
      expect(await textOf(found)).toBe('x');
    });
  });

  test('a metadata file replaces user metadata and keeps what belongs to the bytes', async () => {
    await write(object, 10, 'bytes', { 'X-Object-Meta-Old': '1', 'X-Object-Sysmeta-Kept': 's' });
    await object.writeMetadata(
      new Map([
        ['X-Timestamp', at(20).internal],
        ['X-Object-Meta-New', '2'],
      ]),
    );
    await opened(object, async (found) => {
      expect(await textOf(found)).toBe('bytes');
      expect(found.timestamp.equals(at(20))).toBe(true);
      expect(found.dataTimestamp.equals(at(10))).toBe(true);
      expect(found.metadata.get('X-Object-Meta-New')).toBe('2');
      expect(found.metadata.has('X-Object-Meta-Old')).toBe(false);
      expect(found.metadata.get('X-Object-Sysmeta-Kept')).toBe('s');
      expect(found.metadata.get('Content-Type')).toBe('text/plain');
      expect(found.metadata.get('Content-Length')).toBe('5');
      expect(found.contentTypeTimestamp.equals(at(10))).toBe(true);
      expect(found.metaMetadata?.get('X-Object-Meta-New')).toBe('2');
      expect(found.dataMetadata.get('X-Object-Meta-Old')).toBe('1');
    });
  });

  test('a content type set later than the newest metadata outlives it', async () => {
    await write(object, 10, 'bytes');
    const typed = (seconds: number, type: string, typeSeconds: number): Metadata =>
      new Map([
        ['X-Timestamp', at(seconds).internal],
        ['Content-Type', type],
        ['Content-Type-Timestamp', at(typeSeconds).internal],
      ]);
    await object.writeMetadata(typed(20, 'image/png', 20));
    await object.writeMetadata(typed(30, 'image/old', 15));
    await opened(object, (found) => {
      expect(found.timestamp.equals(at(30))).toBe(true);
      expect(found.metadata.get('Content-Type')).toBe('image/png');
      expect(found.contentTypeTimestamp.equals(at(20))).toBe(true);
    });
  });

  test('metadata older than the data does not count', async () => {
    await write(object, 10, 'bytes', { 'X-Object-Meta-Here': '1' });
    await object.writeMetadata(
      new Map([
        ['X-Timestamp', at(5).internal],
        ['X-Object-Meta-Here', '2'],
      ]),
    );
    await opened(object, (found) => {
      expect(found.metadata.get('X-Object-Meta-Here')).toBe('1');
      expect(found.metaMetadata).toBeUndefined();
    });
  });

  test('an object whose X-Delete-At has passed is expired, unless expired objects are asked for', async () => {
    await write(object, 10, 'bytes', { 'X-Delete-At': String(BASE + 50) });
    const fault = await faultOf(() => object.open({ nowSeconds: BASE + 50 }));
    expect(fault.code).toBe('expired');
    expect(fault.timestamp?.equals(at(10))).toBe(true);
    expect(fault.metadata?.get('X-Delete-At')).toBe(String(BASE + 50));
    (await object.open({ nowSeconds: BASE + 49.99 })).close();
    (await object.open({ nowSeconds: BASE + 60, openExpired: true })).close();
  });

  test('policies and devices are apart', async () => {
    await write(object, 10, 'bytes');
    for (const other of [{ policyIndex: 1 }, { device: 'sdb2' }, { partition: '8' }]) {
      const elsewhere = storage.object({ ...PLACE, ...other });
      expect((await faultOf(() => elsewhere.open(NOW))).code).toBe('not-exist');
    }
  });

  test('a device that is not there is unavailable to every call', async () => {
    const lost = storage.object({ ...PLACE, device: 'nodev' });
    expect((await faultOf(() => storage.checkDevice('nodev'))).code).toBe('device-unavailable');
    expect((await faultOf(() => lost.open(NOW))).code).toBe('device-unavailable');
    expect((await faultOf(() => lost.create({ sizeBytes: 1 }))).code).toBe('device-unavailable');
    expect((await faultOf(() => lost.delete(at(10)))).code).toBe('device-unavailable');
    await storage.checkDevice('sdb1');
  });

  test('suffix hashes are those of Swift: the MD5 of the names of the files that count', async () => {
    await write(object, 10, 'bytes');
    const hashes = await storage.suffixHashes('sdb1', '7', 0);
    // The last digits of md5('changeme/AUTH_test/c/dir/ö bjchangeme').
    expect([...hashes]).toEqual([['496', hash('md5', `${at(10).internal}.data`, 'hex')]]);
    await object.writeMetadata(new Map([['X-Timestamp', at(20).internal]]));
    await storage.invalidateSuffixes('sdb1', '7', 0, ['496']);
    expect((await storage.suffixHashes('sdb1', '7', 0)).get('496')).toBe(
      hash('md5', `${at(20).internal}.meta${at(10).internal}.data`, 'hex'),
    );
    expect(await storage.suffixHashes('sdb1', '9', 0)).toEqual(new Map());
  });

  const UPDATE: AsyncUpdate = {
    op: 'PUT',
    account: 'AUTH_tést',
    container: 'c',
    obj: 'dir/ö',
    headers: [
      ['X-Size', '5'],
      ['X-Content-Type', 'text/\xc3\xa9'],
      ['X-Timestamp', '0000000010.00000'],
    ],
    dbState: 'unsharded',
  };

  async function entriesOf(device: string, policyIndex: number): Promise<AsyncUpdate[]> {
    const found: AsyncUpdate[] = [];
    for await (const entry of storage.asyncPending.entries(device, policyIndex)) {
      const update = await storage.asyncPending.load(entry);
      if (update !== undefined) found.push(update);
    }
    return found;
  }

  test('an undelivered update comes back as it was kept, on its device and policy alone', async () => {
    await storage.asyncPending.save('sdb1', 1, UPDATE, at(10));
    expect(await entriesOf('sdb1', 1)).toEqual([UPDATE]);
    expect(await entriesOf('sdb1', 0)).toEqual([]);
    expect(await entriesOf('sdb2', 1)).toEqual([]);
    expect(await storage.asyncPending.devices()).toContain('sdb1');
    expect(await storage.asyncPending.policies('sdb1')).toEqual([1]);
  });

  test('of updates to one row the newest counts and the older ones are dropped', async () => {
    await storage.asyncPending.save('sdb1', 0, UPDATE, at(10));
    await storage.asyncPending.save('sdb1', 0, { ...UPDATE, op: 'DELETE' }, at(20));
    const found = await entriesOf('sdb1', 0);
    expect(found.map((update) => update.op)).toEqual(['DELETE']);
    for await (const entry of storage.asyncPending.entries('sdb1', 0)) await storage.asyncPending.remove(entry);
    expect(await entriesOf('sdb1', 0)).toEqual([]);
  });

  test('an update is rewritten with what was achieved', async () => {
    await storage.asyncPending.save('sdb1', 0, UPDATE, at(10));
    const changed: AsyncUpdate = {
      ...UPDATE,
      successes: [1, 3],
      containerPath: '.shards_a/c-1',
      redirectHistory: ['.shards_a/c-1'],
    };
    for await (const entry of storage.asyncPending.entries('sdb1', 0)) {
      expect(entry.timestamp.equals(at(10))).toBe(true);
      await storage.asyncPending.rewrite(entry, changed);
    }
    expect(await entriesOf('sdb1', 0)).toEqual([changed]);
  });
});
