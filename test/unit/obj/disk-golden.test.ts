import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeFileSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { getXattr, setXattr } from '../../../src/common/system-calls.ts';
import { Timestamp } from '../../../src/common/timestamp.ts';
import { decodeUpdate, encodeUpdate } from '../../../src/obj/disk-update-pickle.ts';
import type { Metadata } from '../../../src/obj/storage.ts';
import { DiskFixture, fetched, fill, GOLDEN_NOW } from './disk-fixture.ts';

const golden = join(import.meta.dirname, '../../golden/disk');

interface Entry {
  readonly path: string;
  readonly dir?: boolean;
  readonly md5?: string;
  readonly content_hex?: string;
  readonly content_text?: string;
  readonly xattrs_hex?: Record<string, string>;
  readonly metadata_as_python_sees_it?: Record<string, string>;
}

const entries = JSON.parse(gunzipSync(readFileSync(join(golden, 'sdb1.json.gz'))).toString()) as Entry[];
/** Attributes of more than a block fit XFS, where these were recorded, but not ext4. */
const isLarge = (entry: Entry): boolean => Object.values(entry.xattrs_hex ?? {}).join('').length > 2 * 3900;
const files = entries.filter(
  (entry) => entry.dir !== true && /^sdb1\/(objects|quarantined)/.test(entry.path) && !isLarge(entry),
);
const objects = files.filter(
  ({ path }) => /\/objects(-1)?\/.*\.(data|ts)$/.test(path) && !path.includes('quarantined'),
);

/** Lays the recorded device out in a folder of devices. */
function layOut(devices: string): void {
  for (const entry of files) {
    const path = join(devices, entry.path);
    mkdirSync(dirname(path), { recursive: true });
    const fd = openSync(path, 'w');
    try {
      if (entry.content_hex !== undefined) writeSync(fd, Buffer.from(entry.content_hex, 'hex'));
      if (entry.content_text !== undefined) writeSync(fd, entry.content_text);
      for (const [name, hex] of Object.entries(entry.xattrs_hex ?? {})) setXattr(fd, name, Buffer.from(hex, 'hex'));
    } finally {
      closeSync(fd);
    }
  }
}

/** Every name found in the device, with the policy and partition of its files. */
const names = [
  ...new Map(
    objects.map((entry) => {
      const [, dataDir, partition] = entry.path.split('/') as [string, string, string];
      const name = entry.metadata_as_python_sees_it?.['name'] as string;
      return [`${dataDir} ${name}`, { policyIndex: dataDir === 'objects-1' ? 1 : 0, partition, name }];
    }),
  ).values(),
].map((found) => {
  const [, account, container, ...object] = found.name.split('/') as [string, string, string, ...string[]];
  return { ...found, location: { ...found, device: 'sdb1', account, container, object: object.join('/') } };
});

describe('a device that Swift wrote', () => {
  let fixture: DiskFixture;

  beforeAll(() => {
    fixture = new DiskFixture();
    layOut(fixture.scratch.path);
  });

  afterAll(async () => {
    await fixture.end();
  });

  test('holds objects and tombstones of two replicated policies', () => {
    expect(names.length).toBeGreaterThan(35);
    expect(new Set(names.map(({ policyIndex }) => policyIndex))).toEqual(new Set([0, 1]));
  });

  test.each(names)(
    '$name is opened, or told to be deleted, as Swift would',
    async ({ location, policyIndex, name }) => {
      const found = objects.filter(
        ({ path, metadata_as_python_sees_it: metadata }) =>
          metadata?.['name'] === name && path.startsWith(policyIndex === 1 ? 'sdb1/objects-1/' : 'sdb1/objects/'),
      );
      const stored = fixture.storage.object(location);
      const data = found.find(({ path }) => path.endsWith('.data'));
      if (data === undefined) {
        const time = Timestamp.parse(found[0]?.metadata_as_python_sees_it?.['X-Timestamp'] ?? '');
        await expect(fetched(stored)).rejects.toMatchObject({ code: 'deleted', timestamp: time });
        return;
      }
      // A few large files were recorded without their content: then only the length can be wrong.
      if (data.content_hex === undefined && data.content_text === undefined) return;
      const expected = data.metadata_as_python_sees_it as Record<string, string>;
      const opened = await stored.open({ nowSeconds: GOLDEN_NOW - 2000, openExpired: true });
      try {
        expect(Object.fromEntries(opened.dataMetadata)).toEqual(expected);
        expect(opened.contentLength).toBe(Number(expected['Content-Length']));
        const meta = files.find(({ path }) => path.startsWith(dirname(data.path)) && path.endsWith('.meta'));
        expect(opened.metadata.get('X-Timestamp')).toBe((meta ?? data).metadata_as_python_sees_it?.['X-Timestamp']);
        const { bytes } = await fetched({ ...stored, open: () => opened } as typeof stored);
        expect(bytes.toString('hex')).toBe(data.content_hex ?? Buffer.from(data.content_text ?? '').toString('hex'));
      } finally {
        opened.close();
      }
    },
  );

  test('has the suffix hashes that Swift stored in hashes.pkl', async () => {
    const stored = entries.filter(({ path }) => /^sdb1\/objects(-1)?\/\d+\/hashes\.pkl$/.test(path));
    expect(stored.length).toBeGreaterThan(20);
    let compared = 0;
    for (const entry of stored) {
      const [, dataDir, partition] = entry.path.split('/') as [string, string, string];
      const before = (entry as unknown as { decoded: { dict: [string, unknown][] } }).decoded.dict;
      const hashes = await fixture.storage.suffixHashes('sdb1', partition, dataDir === 'objects-1' ? 1 : 0);
      const changed = entries.find(({ path }) => path === entry.path.replace('hashes.pkl', 'hashes.invalid'));
      if (changed?.content_text !== '') continue;
      for (const [suffix, hash] of before) {
        if (typeof hash !== 'string') continue;
        expect(hashes.get(suffix)).toBe(hash);
        compared++;
      }
    }
    expect(compared).toBeGreaterThan(10);
  });
});

describe('what is written', () => {
  const whole = objects.filter(({ path, content_hex: content }) => path.endsWith('.data') && content !== undefined);

  test.each(whole)('$path has the attributes that Swift gave it, byte for byte', async (entry) => {
    const fixture = new DiskFixture();
    try {
      const [, dataDir, partition] = entry.path.split('/') as [string, string, string];
      const expected = entry.metadata_as_python_sees_it as Record<string, string>;
      const [, account, container, ...object] = (expected['name'] as string).split('/') as [string, string, string];
      const policyIndex = dataDir === 'objects-1' ? 1 : 0;
      const location = { device: 'sdb1', partition, account, container, object: object.join('/'), policyIndex };
      const bytes = Buffer.from(entry.content_hex as string, 'hex');
      const writer = await fixture.storage.object(location).create({ sizeBytes: bytes.length });
      expect(await fill(writer, bytes)).toBe(entry.md5);
      const metadata: Metadata = new Map(Object.entries(expected));
      metadata.delete('name');
      await writer.commit(metadata, Timestamp.parse(expected['X-Timestamp'] as string));
      const fd = openSync(join(fixture.scratch.path, entry.path), 'r');
      try {
        for (const [name, hex] of Object.entries(entry.xattrs_hex ?? {})) {
          expect(getXattr(fd, name)?.toString('hex')).toBe(hex);
        }
      } finally {
        closeSync(fd);
      }
    } finally {
      await fixture.end();
    }
  });
});

test('metadata of more than a block are stored, or told from a full device where the file system keeps no more with a file', async () => {
  const entry = entries.find(isLarge) as Entry;
  const fixture = new DiskFixture();
  try {
    const metadata: Metadata = new Map(Object.entries(entry.metadata_as_python_sees_it ?? {}));
    const bytes = Buffer.from(entry.content_hex as string, 'hex');
    const writer = await fixture.object('many').create({ sizeBytes: bytes.length });
    await fill(writer, bytes);
    try {
      await writer.commit(metadata, Timestamp.parse(metadata.get('X-Timestamp') as string));
    } catch (error) {
      expect(error).toMatchObject({ code: 'metadata-too-large' });
      expect(() => fixture.files('many')).toThrow('ENOENT');
      return;
    }
    expect(new Map((await fetched(fixture.object('many'))).metadata)).toEqual(
      metadata.set('name', '/AUTH_test/c/many'),
    );
  } finally {
    await fixture.end();
  }
});

describe('updates of containers that Swift postponed', () => {
  const folder = join(golden, 'async_pending');

  test.each(readdirSync(folder))('%s is understood, and written back the same', (file) => {
    const bytes = readFileSync(join(folder, file));
    expect(encodeUpdate(decodeUpdate(bytes)).toString('latin1')).toBe(bytes.toString('latin1'));
  });

  test.each(readdirSync(folder))('%s is found in its place and loaded', async (file) => {
    const fixture = new DiskFixture();
    try {
      const [, tree, suffix, name] = file.split('__') as [string, string, string, string];
      mkdirSync(join(fixture.device, tree, suffix), { recursive: true });
      writeFileSync(join(fixture.device, tree, suffix, name), readFileSync(join(folder, file)));
      const { asyncPending } = fixture.storage;
      expect(await asyncPending.policies('sdb1')).toEqual([0]);
      const found = await Array.fromAsync(asyncPending.entries('sdb1', 0));
      expect(found.map(({ hash, timestamp }) => `${hash}-${timestamp.internal}`)).toEqual([name]);
      const update = await asyncPending.load(found[0] as (typeof found)[0]);
      expect(update).toEqual(decodeUpdate(readFileSync(join(folder, file))));
      // Stored anew it gets the same name: the hash is that of the row.
      await asyncPending.remove(found[0] as (typeof found)[0]);
      await asyncPending.save(
        'sdb1',
        0,
        update as NonNullable<typeof update>,
        (found[0] as (typeof found)[0]).timestamp,
      );
      expect(readdirSync(join(fixture.device, tree, suffix))).toEqual([name]);
    } finally {
      await fixture.end();
    }
  });
});
