import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, describe, expect, test } from 'vitest';
import { readPickle, writePickle, type PickleValue } from '../../../src/common/pickle.ts';
import { hashSuffix, partitionHashes, type HashedPartition } from '../../../src/obj/disk-hashes.ts';
import { at, DiskFixture, store } from './disk-fixture.ts';

interface Vector {
  readonly policy_type: 'replication' | 'erasure_coding';
  readonly hash_dirs: Record<string, string[]>;
  readonly suffix_hash: string | Record<string, string>;
  readonly left_on_disk: Record<string, string[]> | null;
}

const vectors = JSON.parse(
  gunzipSync(readFileSync(join(import.meta.dirname, '../../golden/vectors/suffix-hashes.json.gz'))).toString(),
) as Vector[];

let fixture: DiskFixture | undefined;

afterEach(async () => {
  await fixture?.end();
  fixture = undefined;
});

function partitionIn(made: DiskFixture): HashedPartition {
  const partitionDir = join(made.device, 'objects/7');
  mkdirSync(partitionDir, { recursive: true });
  return { settings: made.settings, deviceDir: made.device, partitionDir, policyIndex: 0 };
}

function tree(suffixDir: string): Record<string, string[]> | null {
  try {
    return Object.fromEntries(readdirSync(suffixDir).map((name) => [name, readdirSync(join(suffixDir, name)).sort()]));
  } catch {
    return null;
  }
}

describe('suffix hashes recorded from Swift', () => {
  test('there are sixty', () => {
    expect(vectors.length).toBe(60);
  });

  test.each(vectors)('$policy_type: $hash_dirs', async (vector) => {
    const fragments = vector.policy_type === 'replication' ? null : 3;
    // The recorded files are young: nothing was reclaimed for its age.
    fixture = new DiskFixture({ fragmentsOf: () => fragments, now: () => 1700000100 });
    const partition = partitionIn(fixture);
    const suffixDir = join(partition.partitionDir, 'abc');
    mkdirSync(suffixDir);
    for (const [name, files] of Object.entries(vector.hash_dirs)) {
      mkdirSync(join(suffixDir, name));
      for (const file of files) writeFileSync(join(suffixDir, name, file), '');
    }
    const hash = await hashSuffix(partition, 'abc');
    const found = hash instanceof Map ? Object.fromEntries([...hash].map(([k, v]) => [k ?? 'None', v])) : hash;
    const isGone = typeof vector.suffix_hash === 'object' && 'exception' in vector.suffix_hash;
    expect(found).toEqual(isGone ? undefined : vector.suffix_hash);
    expect(tree(suffixDir)).toEqual(vector.left_on_disk);
  });
});

describe('hashes of a partition', () => {
  test('are computed, kept in hashes.pkl, and computed anew for what has changed since', async () => {
    fixture = new DiskFixture();
    const { storage } = fixture;
    await store(fixture.object('one'), at(1), Buffer.from('1'));
    const suffix = fixture.paths('one').hash.slice(-3);
    const partitionDir = fixture.paths('one').partition;
    expect(readFileSync(join(partitionDir, 'hashes.invalid'), 'utf8')).toBe(`${suffix}\n`);
    const first = await storage.suffixHashes('sdb1', '7', 0);
    expect([...first.keys()]).toEqual([suffix]);
    expect(statSync(join(partitionDir, 'hashes.invalid')).size).toBe(0);
    const stored = readPickle(readFileSync(join(partitionDir, 'hashes.pkl'))) as Map<string, PickleValue>;
    expect([...stored.keys()]).toEqual(['valid', suffix, 'updated']);
    expect(stored.get(suffix)).toBe(first.get(suffix));
    expect(statSync(join(partitionDir, 'hashes.pkl')).mode & 0o777).toBe(0o600);

    await fixture.object('one').delete(at(2));
    const second = await storage.suffixHashes('sdb1', '7', 0);
    expect(second.get(suffix)).not.toBe(first.get(suffix));
    expect(await storage.suffixHashes('sdb1', '7', 0)).toEqual(second);
  });

  test('a hashes.pkl that is no pickle, or holds other keys, is made anew from what is there', async () => {
    fixture = new DiskFixture();
    await store(fixture.object('one'), at(1), Buffer.from('1'));
    const good = await fixture.storage.suffixHashes('sdb1', '7', 0);
    const file = join(fixture.paths('one').partition, 'hashes.pkl');
    for (const broken of [Buffer.from('junk'), writePickle(new Map<PickleValue, PickleValue>([['zzzz', 'x']]))]) {
      writeFileSync(file, broken);
      expect(await fixture.storage.suffixHashes('sdb1', '7', 0)).toEqual(good);
    }
  });

  test('lines in hashes.invalid that are no suffixes are passed over', async () => {
    fixture = new DiskFixture();
    await store(fixture.object('one'), at(1), Buffer.from('1'));
    const partition = partitionIn(fixture);
    writeFileSync(join(partition.partitionDir, 'hashes.invalid'), '\nnonsense\nabc\n../\n');
    expect([...(await partitionHashes(partition)).keys()]).toEqual([fixture.paths('one').hash.slice(-3)]);
  });

  test('marking suffixes adds lines; a partition that is not there has no hashes and is not made', async () => {
    fixture = new DiskFixture();
    expect(await fixture.storage.suffixHashes('sdb1', '9', 0)).toEqual(new Map());
    expect(readdirSync(fixture.device)).toEqual([]);
    await fixture.storage.invalidateSuffixes('sdb1', '9', 1, ['abc', 'def']);
    expect(readFileSync(join(fixture.device, 'objects-1/9/hashes.invalid'), 'utf8')).toBe('abc\ndef\n');
  });

  test('a file in place of a hash directory, or of a suffix, is put aside', async () => {
    fixture = new DiskFixture();
    const partition = partitionIn(fixture);
    mkdirSync(join(partition.partitionDir, 'abc'));
    writeFileSync(join(partition.partitionDir, 'abc', '0'.repeat(29) + 'abc'), 'x');
    writeFileSync(join(partition.partitionDir, 'def'), 'x');
    expect(await partitionHashes(partition)).toEqual(new Map());
    expect(readdirSync(join(fixture.device, 'quarantined/objects')).sort()).toEqual(['0'.repeat(29) + 'abc', 'def']);
  });
});
