import { hash } from 'node:crypto';
import {
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  statSync,
  truncateSync,
  unlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { partitionOfHash } from '../../../src/common/hash-path.ts';
import { setXattr } from '../../../src/common/system-calls.ts';
import { readAll } from '../../../src/http/body.ts';
import { pathsOfHash } from '../../../src/obj/disk-layout.ts';
import { writeMetadata } from '../../../src/obj/disk-metadata.ts';
import type { OpenedObject } from '../../../src/obj/storage.ts';
import { at, dataMetadata, DiskFixture, fetched, fill, GOLDEN_NOW, randomBytes, store } from './disk-fixture.ts';

let fixture: DiskFixture;
const NOW = { nowSeconds: GOLDEN_NOW };

beforeEach(() => {
  fixture = new DiskFixture();
});

afterEach(async () => {
  await fixture.end();
});

/** Every file below a folder, apart from locks. */
function tree(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name !== '.lock')
    .map((entry) => join(entry.parentPath, entry.name).slice(folder.length + 1))
    .sort();
}

async function open(name = 'o'): Promise<OpenedObject> {
  return await fixture.object(name).open(NOW);
}

describe('writing', () => {
  test.each([0, 1, 65536, 65537, 262144, 1048577, 3000000])('%i bytes come back as they were', async (length) => {
    const bytes = randomBytes(length);
    await store(fixture.object(), at(1), bytes);
    expect((await fetched(fixture.object())).bytes.equals(bytes)).toBe(true);
    expect(fixture.files()).toEqual([`${at(1).internal}.data`]);
  });

  test('the mode is 0777 less the umask, the folders and the note of the change are in place, and no temporary file stays', async () => {
    await store(fixture.object(), at(1), Buffer.from('x'));
    const { hashDir, hash: name } = fixture.paths();
    expect(statSync(join(hashDir, `${at(1).internal}.data`)).mode & 0o777).toBe(0o777 & ~process.umask());
    expect(tree(fixture.device)).toEqual([
      `objects/7/${name.slice(-3)}/${name}/${at(1).internal}.data`,
      'objects/7/hashes.invalid',
    ]);
  });

  test('small chunks of any size make the same object', async () => {
    const bytes = randomBytes(700001);
    const writer = await fixture.object().create({ sizeBytes: null });
    expect(await fill(writer, bytes, 3333)).toBe(hash('md5', bytes, 'hex'));
    await writer.commit(dataMetadata(at(1), bytes), at(1));
    expect((await fetched(fixture.object())).bytes.equals(bytes)).toBe(true);
  });

  test.each([
    ['answers at once', true],
    ['lets callers wait', false],
  ])('on a device that %s, memory that the writer no longer holds may be used again', async (_, isFast) => {
    Object.defineProperty(fixture.storage.pace('sdb1'), 'isFast', { value: isFast });
    const bytes = randomBytes(700001);
    const writer = await fixture.object().create({ sizeBytes: bytes.length });
    let reused = 0;
    for (let from = 0; from < bytes.length; from += 65536) {
      const chunk = Buffer.from(bytes.subarray(from, from + 65536));
      await writer.write(chunk);
      if (!writer.holdsNothing) continue;
      chunk.fill(0);
      reused += 1;
    }
    expect(await writer.finish()).toBe(hash('md5', bytes, 'hex'));
    await writer.commit(dataMetadata(at(1), bytes), at(1));
    expect((await fetched(fixture.object())).bytes.equals(bytes)).toBe(true);
    expect(reused).toBe(isFast ? 10 : 0);
  });

  test('an aborted upload leaves nothing, small or large, before or after finish', async () => {
    for (const length of [10, 600000]) {
      for (const finishes of [false, true]) {
        const writer = await fixture.object().create({ sizeBytes: length });
        await writer.write(randomBytes(length));
        if (finishes) await writer.finish();
        await writer.abort();
        await writer.abort();
      }
    }
    expect(readdirSync(fixture.device)).toEqual(['objects']);
    expect(readdirSync(join(fixture.device, 'objects'))).toEqual([]);
  });

  test('nothing can be seen before commit', async () => {
    const writer = await fixture.object().create({ sizeBytes: 1 });
    await writer.write(Buffer.from('x'));
    await writer.finish();
    expect(tree(fixture.device)).toEqual([]);
    await writer.abort();
  });

  test('a newer file replaces the older ones, and an older one changes nothing', async () => {
    await store(fixture.object(), at(2), Buffer.from('two'));
    await store(fixture.object(), at(3), Buffer.from('three'));
    expect(fixture.files()).toEqual([`${at(3).internal}.data`]);
    await store(fixture.object(), at(1), Buffer.from('one'));
    expect(fixture.files()).toEqual([`${at(3).internal}.data`]);
    expect((await fetched(fixture.object())).bytes.toString()).toBe('three');
  });

  test('a file with the same timestamp is replaced', async () => {
    await store(fixture.object(), at(1), Buffer.from('first'));
    await store(fixture.object(), at(1), Buffer.from('second'));
    expect((await fetched(fixture.object())).bytes.toString()).toBe('second');
  });

  test('of many writers of one name at once the newest stays, alone, and nothing else is left', async () => {
    const seconds = [5, 3, 8, 1, 8, 9, 2, 7, 4, 6];
    await Promise.all(seconds.map((second) => store(fixture.object(), at(second), Buffer.from(`body ${second}`))));
    expect((await fetched(fixture.object())).bytes.toString()).toBe('body 9');
    expect(fixture.files()).toEqual([`${at(9).internal}.data`]);
    const { hash: name } = fixture.paths();
    expect(tree(fixture.device).filter((path) => !path.includes(name))).toEqual(['objects/7/hashes.invalid']);
  });

  test('writing and deleting one name at once ends with the newest of them', async () => {
    const work = Array.from({ length: 12 }, (_, second) =>
      second % 2 === 0 ? store(fixture.object(), at(second), Buffer.from('x')) : fixture.object().delete(at(second)),
    );
    await Promise.all(work);
    expect(fixture.files()).toEqual([`${at(11).internal}.ts`]);
  });

  test('a hash directory that a cleaner removes meanwhile is made again', async () => {
    const writer = await fixture.object().create({ sizeBytes: 1 });
    await fill(writer, Buffer.from('x'));
    const committing = writer.commit(dataMetadata(at(1), Buffer.from('x')), at(1));
    await fixture.object().delete(at(0));
    await committing;
    expect((await fetched(fixture.object())).bytes.toString()).toBe('x');
  });

  test('with a partition power being raised, the file is linked into its future folder too', async () => {
    const { hash: name, device } = fixture.paths();
    const future = pathsOfHash(device, 0, partitionOfHash(name, 11), name);
    const writer = await fixture.object().create({ sizeBytes: 1, nextPartPower: 11 });
    await fill(writer, Buffer.from('x'));
    await writer.commit(dataMetadata(at(1), Buffer.from('x')), at(1));
    const [here, there] = [fixture.paths().hashDir, future.hashDir].map((folder) =>
      statSync(join(folder, `${at(1).internal}.data`)),
    );
    expect(there?.ino).toBe(here?.ino);
    await fixture.object().delete(at(2), 11);
    expect(readdirSync(future.hashDir)).toEqual([`${at(2).internal}.ts`]);
  });

  test('metadata files: the newest counts, a content type that came earlier stays, and the names tell both times', async () => {
    await store(fixture.object(), at(1), Buffer.from('x'), { 'X-Object-Meta-A': '1', 'X-Object-Sysmeta-S': 's' });
    await fixture.object().writeMetadata(
      new Map([
        ['X-Timestamp', at(2).internal],
        ['Content-Type', 'text/html'],
        ['Content-Type-Timestamp', at(2).internal],
      ]),
    );
    await fixture.object().writeMetadata(
      new Map([
        ['X-Timestamp', at(3).internal],
        ['X-Object-Meta-B', '2'],
      ]),
    );
    expect(fixture.files()).toEqual([`${at(1).internal}.data`, `${at(2).internal}+0.meta`, `${at(3).internal}.meta`]);
    const opened = await open();
    expect(Object.fromEntries(opened.metadata)).toMatchObject({
      'X-Timestamp': at(3).internal,
      'Content-Type': 'text/html',
      'X-Object-Meta-B': '2',
      'X-Object-Sysmeta-S': 's',
      'Content-Length': '1',
    });
    expect(opened.metadata.has('X-Object-Meta-A')).toBe(false);
    expect(opened.contentTypeTimestamp).toEqual(at(2));
    expect(opened.dataTimestamp).toEqual(at(1));
    opened.close();
  });
});

describe('a file system without unnamed files', () => {
  test('gets files by way of tmp, of mode 0600, that replace one another; what is dropped is gone', async () => {
    const plain = new DiskFixture({ usesUnnamedFiles: false });
    try {
      const bytes = randomBytes(100000);
      await store(plain.object(), at(1), bytes);
      await store(plain.object(), at(1), bytes);
      expect((await fetched(plain.object())).bytes.equals(bytes)).toBe(true);
      expect(statSync(join(plain.paths().hashDir, plain.files()[0] ?? '')).mode & 0o777).toBe(0o600);
      await plain.object().delete(at(2));
      expect(plain.files()).toEqual([`${at(2).internal}.ts`]);
      const dropped = await plain.object('dropped').create({ sizeBytes: 3 });
      expect(readdirSync(join(plain.device, 'tmp'))).toHaveLength(1);
      await dropped.abort();
      expect(readdirSync(join(plain.device, 'tmp'))).toEqual([]);
    } finally {
      await plain.end();
    }
  });
});

describe('a full device', () => {
  const FULL = { reserve: { value: 100, isPercent: true } };

  test('refuses objects and metadata with no-space and leaves nothing, but takes tombstones', async () => {
    const { devices } = fixture.settings;
    const full = new DiskFixture({ ...FULL, devices });
    mkdirSync(join(devices, 'sdb1'), { recursive: true });
    try {
      for (const sizeBytes of [0, null, 10, 5000000]) {
        await expect((async () => full.object().create({ sizeBytes }))()).rejects.toMatchObject({ code: 'no-space' });
      }
      await expect(full.object().writeMetadata(new Map([['X-Timestamp', at(1).internal]]))).rejects.toMatchObject({
        code: 'no-space',
      });
      expect(tree(fixture.device)).toEqual([]);
      await full.object().delete(at(1));
      expect(fixture.files()).toEqual([`${at(1).internal}.ts`]);
    } finally {
      await full.end();
    }
  });

  test('more than any device holds is no-space', async () => {
    await expect((async () => fixture.object().create({ sizeBytes: 2 ** 45 }))()).rejects.toMatchObject({
      code: 'no-space',
    });
    expect(tree(fixture.device)).toEqual([]);
  });
});

describe('devices', () => {
  test.each(['nope', '..', '.', '', 'sdb1/objects', 'a\0b'])('%j is no device', async (device) => {
    const { storage } = fixture;
    const object = storage.object({ ...fixture.location(), device });
    expect(() => storage.checkDevice(device)).toThrow(expect.objectContaining({ code: 'device-unavailable' }) as Error);
    for (const work of [
      async () => object.open(NOW),
      async () => object.create({ sizeBytes: 1 }),
      async () => object.delete(at(1)),
      async () => storage.suffixHashes(device, '7', 0),
      async () => storage.asyncPending.policies(device),
    ]) {
      await expect(work()).rejects.toMatchObject({ code: 'device-unavailable' });
    }
  });

  test('a partition cannot lead out of its folder', async () => {
    const object = fixture.storage.object({ ...fixture.location(), partition: '../..' });
    await expect(object.delete(at(1))).rejects.toMatchObject({ code: 'device-unavailable' });
    await expect(fixture.storage.suffixHashes('sdb1', '..', 0)).rejects.toMatchObject({ code: 'device-unavailable' });
  });

  test('a file in place of a device is no device, and nothing is put aside', async () => {
    const object = fixture.storage.object({ ...fixture.location(), device: 'stray' });
    writeFileSync(join(fixture.device, '../stray'), '');
    await expect((async () => object.open(NOW))()).rejects.toMatchObject({ code: 'device-unavailable' });
    await expect((async () => object.delete(at(1)))()).rejects.toMatchObject({ code: 'device-unavailable' });
    expect(fixture.log.lines).toEqual([]);
  });

  test('with mount_check an object is not read from a device that is no longer mounted', async () => {
    const strict = new DiskFixture({ mountCheck: true });
    try {
      writeFileSync(join(strict.device, '.ismount'), '');
      await store(strict.object(), at(1), Buffer.from('x'));
      unlinkSync(join(strict.device, '.ismount'));
      await expect((async () => strict.object().open(NOW))()).rejects.toMatchObject({ code: 'device-unavailable' });
    } finally {
      await strict.end();
    }
  });

  test('with mount_check a plain folder is no device, and one with .ismount is', async () => {
    const strict = new DiskFixture({ mountCheck: true });
    try {
      await expect((async () => strict.object().open(NOW))()).rejects.toMatchObject({ code: 'device-unavailable' });
      writeFileSync(join(strict.device, '.ismount'), '');
      await expect((async () => strict.object().open(NOW))()).rejects.toMatchObject({ code: 'not-exist' });
    } finally {
      await strict.end();
    }
  });
});

describe('damage', () => {
  const quarantined = (): string[] => readdirSync(join(fixture.device, 'quarantined/objects'));

  /** Changes the data file of an object by hand. */
  function tamper(change: (path: string) => void): void {
    change(join(fixture.paths().hashDir, `${at(1).internal}.data`));
  }

  function withFile(path: string, use: (fd: number) => void): void {
    const fd = openSync(path, 'r+');
    try {
      use(fd);
    } finally {
      closeSync(fd);
    }
  }

  const faults: [string, (path: string) => void][] = [
    [
      'a checksum that does not fit',
      (path) => withFile(path, (fd) => setXattr(fd, 'user.swift.metadata_checksum', Buffer.from('0'.repeat(32)))),
    ],
    ['no metadata', (path) => (unlinkSync(path), writeFileSync(path, 'body'))],
    ['no name', (path) => withFile(path, (fd) => writeMetadata(fd, dataMetadata(at(1), Buffer.from('body'))))],
    ['a wrong length', (path) => truncateSync(path, 3)],
    [
      'an X-Delete-At that is none',
      (path) =>
        withFile(path, (fd) =>
          writeMetadata(
            fd,
            dataMetadata(at(1), Buffer.from('body'), { name: '/AUTH_test/c/o', 'X-Delete-At': 'soon' }),
          ),
        ),
    ],
  ];

  test.each(faults)('%s puts the hash directory aside, after a note for the suffix', async (_, change) => {
    await store(fixture.object(), at(1), Buffer.from('body'));
    const suffix = fixture.paths().hash.slice(-3);
    await fixture.storage.suffixHashes('sdb1', '7', 0);
    tamper(change);
    await expect((async () => open())()).rejects.toMatchObject({ code: 'quarantined' });
    expect(quarantined()).toEqual([fixture.paths().hash]);
    expect(readFileSync(join(fixture.paths().partition, 'hashes.invalid'), 'utf8')).toBe(`${suffix}\n`);
    await expect((async () => open())()).rejects.toMatchObject({ code: 'not-exist' });
  });

  test('a second copy of the same name gets a name of its own in quarantine', async () => {
    for (const _ of [1, 2]) {
      await store(fixture.object(), at(1), Buffer.from('body'));
      tamper((path) => truncateSync(path, 1));
      await expect((async () => open())()).rejects.toMatchObject({ code: 'quarantined' });
    }
    const { hash: name } = fixture.paths();
    expect(quarantined().sort()).toEqual([name, expect.stringMatching(new RegExp(`^${name}-[0-9a-f]{32}$`))]);
  });

  test.each([10, 300000])(
    'a body of %i bytes with the wrong md5 is sent in full and put aside afterwards',
    async (length) => {
      const bytes = randomBytes(length);
      await store(fixture.object(), at(1), bytes);
      bytes[3] = (bytes[3] as number) ^ 1;
      tamper((path) => withFile(path, (fd) => writeFileSync(fd, bytes)));
      const part = await open();
      await readAll(part.body(0, 5));
      part.close();
      await fixture.storage.close();
      expect(existsSync(join(fixture.device, 'quarantined'))).toBe(false);
      expect((await fetched(fixture.object())).bytes.equals(bytes)).toBe(true);
      await fixture.storage.close();
      expect(quarantined()).toEqual([fixture.paths().hash]);
    },
  );

  test('a file in place of the hash directory, or of the suffix, is put aside', async () => {
    const { hashDir, suffix, hash: name } = fixture.paths();
    mkdirSync(suffix, { recursive: true });
    writeFileSync(hashDir, '');
    await expect((async () => open())()).rejects.toMatchObject({ code: 'quarantined' });
    rmdirSync(suffix);
    writeFileSync(suffix, '');
    await expect((async () => open())()).rejects.toMatchObject({ code: 'quarantined' });
    expect(quarantined().sort()).toEqual([name, name.slice(-3)].sort());
  });
});

describe('cleaning', () => {
  test('a tombstone older than the reclaim age goes with its directory', async () => {
    const old = new DiskFixture({ reclaimAgeSeconds: 100 });
    try {
      await old.object().delete(at(1));
      expect(existsSync(old.paths().hashDir)).toBe(false);
    } finally {
      await old.end();
    }
  });

  test('names that mean nothing are never deleted', async () => {
    mkdirSync(fixture.paths().hashDir, { recursive: true });
    writeFileSync(join(fixture.paths().hashDir, 'unknown.txt'), '');
    await store(fixture.object(), at(1), Buffer.from('x'));
    await fixture.object().delete(at(2));
    expect(fixture.files()).toEqual([`${at(2).internal}.ts`, 'unknown.txt']);
  });
});
