import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { hashPath, type HashPathConfig } from '../../../src/common/hash-path.ts';
import { Ring } from '../../../src/ring/ring.ts';
import { formatRing, loadRingFile, writeRingFile, type RingData } from '../../../src/ring/ring-file.ts';
import { buildSimpleRing } from '../../../src/ring/simple-ring.ts';
import { scratchDirectory } from '../common/scratch.ts';

const golden = join(import.meta.dirname, '../../golden/rings');

interface Vectors {
  readonly ring: {
    readonly ring_file: string;
    readonly hash_path_prefix_latin1: string;
    readonly hash_path_suffix_latin1: string;
    readonly part_power: number;
    readonly next_part_power: number | null;
    readonly replica_count: number;
    readonly replica_rows: number;
    readonly row_lengths: number[];
    readonly rows_sha256: string[];
    readonly device_count: number;
    readonly version: number | null;
    readonly devs: unknown;
  };
  readonly names: {
    readonly account: string;
    readonly container: string | null;
    readonly object: string | null;
    readonly hash: string;
    readonly part: number;
    readonly primary_ids: number[];
    readonly primary_index: number[];
    readonly handoff_ids: number[];
  }[];
  readonly full: Record<string, { readonly handoff_ids_all: number[]; readonly primary_ids: number[] }>;
}

/** Every JSON with each of its ring files: version 1, 2 or both. */
const cases = readdirSync(golden)
  .filter((file) => file.endsWith('.json'))
  .flatMap((file) => {
    const vectors = JSON.parse(readFileSync(join(golden, file), 'utf8')) as Vectors;
    const both = [vectors.ring.ring_file, vectors.ring.ring_file.replace('.v1.', '.v2.')];
    const files = readdirSync(golden);
    return [...new Set(both)].filter((name) => files.includes(name)).map((name) => ({ file, name, vectors }));
  });

function hashConfig(vectors: Vectors): HashPathConfig {
  return {
    prefix: Buffer.from(vectors.ring.hash_path_prefix_latin1, 'latin1'),
    suffix: Buffer.from(vectors.ring.hash_path_suffix_latin1, 'latin1'),
  };
}

function* first<T>(items: Iterable<T>, count: number): Generator<T> {
  let left = count;
  if (left <= 0) return;
  for (const item of items) {
    yield item;
    if (--left === 0) return;
  }
}

describe('rings recorded from Swift', () => {
  test('all of them are here, of both versions', () => {
    expect(cases.filter(({ name }) => name.includes('.v1.')).length).toBeGreaterThanOrEqual(11);
    expect(cases.filter(({ name }) => name.includes('.v2.')).length).toBeGreaterThanOrEqual(4);
  });

  test.each(cases)('$name has the facts of $file', ({ name, vectors }) => {
    const ring = Ring.load(join(golden, name), hashConfig(vectors));
    expect(ring.partPower).toBe(vectors.ring.part_power);
    expect(ring.nextPartPower).toBe(vectors.ring.next_part_power);
    expect(ring.replicaCount).toBe(vectors.ring.replica_rows);
    expect(ring.exactReplicaCount).toBeCloseTo(vectors.ring.replica_count, 5);
    expect(ring.devices.length).toBe(vectors.ring.device_count);
    expect(ring.data.rows.map((row) => row.length)).toEqual(vectors.ring.row_lengths);
    if (Array.isArray(vectors.ring.devs)) {
      expect(ring.data.devices.map((device) => device ?? null)).toEqual(vectors.ring.devs);
    }
  });

  test.each(cases)('$name gives the partitions, primaries and handoffs of $file', ({ name, vectors }) => {
    const config = hashConfig(vectors);
    const ring = Ring.load(join(golden, name), config);
    for (const expected of vectors.names) {
      const names = [expected.account, expected.container ?? undefined, expected.object ?? undefined] as const;
      expect(hashPath(config, ...names)).toBe(expected.hash);
      expect(ring.partitionOf(...names)).toBe(expected.part);
      const primaries = ring.primaries(expected.part);
      expect(primaries.map((node) => node.id)).toEqual(expected.primary_ids);
      expect(primaries.map((node) => node.index)).toEqual(expected.primary_index);
      const handoffs = [...first(ring.handoffs(expected.part), expected.handoff_ids.length)];
      expect(handoffs.map((node) => node.id)).toEqual(expected.handoff_ids);
    }
    for (const [partition, expected] of Object.entries(vectors.full)) {
      expect(ring.primaries(Number(partition)).map((node) => node.id)).toEqual(expected.primary_ids);
      const handoffs = [...ring.handoffs(Number(partition))];
      expect(handoffs.map((node) => node.id)).toEqual(expected.handoff_ids_all);
      expect(handoffs.map((node) => node.handoff_index)).toEqual(handoffs.map((_, index) => index));
    }
  });

  test.each(cases)('the rows of $name have the recorded digests', ({ name, vectors }) => {
    const { rows } = loadRingFile(join(golden, name));
    const digests = rows.map((row) => {
      const bytes = Buffer.alloc(row.length * 4);
      row.forEach((id, at) => bytes.writeUInt32BE(id, at * 4));
      return createHash('sha256').update(bytes).digest('hex');
    });
    expect(digests).toEqual(vectors.ring.rows_sha256);
  });
});

describe('any ring', () => {
  let scratch: ReturnType<typeof scratchDirectory>;
  const config: HashPathConfig = { prefix: Buffer.from('p'), suffix: Buffer.from('s') };

  beforeEach(() => {
    scratch = scratchDirectory();
  });

  afterEach(() => {
    scratch.remove();
  });

  const anyRing = fc
    .record({
      partPower: fc.integer({ min: 0, max: 6 }),
      devices: fc.array(
        fc.record({
          region: fc.integer({ min: 1, max: 2 }),
          zone: fc.integer({ min: 1, max: 3 }),
          ip: fc.integer({ min: 1, max: 4 }),
        }),
        { minLength: 1, maxLength: 9 },
      ),
      replicas: fc.integer({ min: 1, max: 4 }),
      seed: fc.integer({ min: 0, max: 1000 }),
    })
    .map(({ partPower, devices, replicas, seed }): RingData => {
      const base = buildSimpleRing(
        devices.map(({ region, zone, ip }, id) => ({
          region,
          zone,
          ip: `10.0.0.${ip}`,
          port: 6200,
          device: `sd${id}`,
        })),
        partPower,
        replicas,
      );
      const scrambled = base.rows.map((row, r) => row.map((id, p) => (id * 7 + p * seed + r * r) % devices.length));
      return { ...base, rows: scrambled };
    });

  test('primaries and handoffs are each assigned device exactly once, apart from what the skipped partition 0 alone holds', () => {
    const path = join(scratch.path, 'object.ring.gz');
    fc.assert(
      fc.property(anyRing, (data) => {
        writeFileSync(path, formatRing(data));
        const ring = Ring.load(path, config);
        const assigned = new Set(data.rows.flatMap((row) => [...row]));
        const certain = new Set(data.rows.flatMap((row) => [...row.subarray(1)]));
        for (let partition = 0; partition < 2 ** ring.partPower; partition++) {
          const primaries = ring.primaries(partition).map((node) => node.id);
          const handoffs = [...ring.handoffs(partition)].map((node) => node.id);
          const all = [...primaries, ...handoffs];
          expect(new Set(all).size).toBe(all.length);
          for (const id of all) expect(assigned.has(id)).toBe(true);
          for (const id of certain) expect(all).toContain(id);
        }
      }),
      { numRuns: 60 },
    );
  });

  test('a ring that is written is read back as it was', async () => {
    const path = join(scratch.path, 'object.ring.gz');
    const data = buildSimpleRing(
      [
        { ip: '::1', port: 6200, device: 'é' },
        { ip: '::1', port: 6201, device: 'b' },
      ],
      5,
      3,
    );
    await writeRingFile(path, { ...data, nextPartPower: 6, devices: [...data.devices, undefined] });
    expect(loadRingFile(path)).toEqual({ ...data, nextPartPower: 6, devices: [...data.devices, undefined] });
  });

  test('a simple ring puts the replicas of every partition on different devices, evenly', () => {
    const devices = [1, 2, 3, 4].map((id) => ({ ip: '127.0.0.1', port: 6200 + id, device: `d${id}` }));
    const { rows } = buildSimpleRing(devices, 8, 3);
    const counts = [0, 0, 0, 0];
    for (let partition = 0; partition < 256; partition++) {
      const ids = rows.map((row) => row[partition] as number);
      expect(new Set(ids).size).toBe(3);
      for (const id of ids) counts[id] = (counts[id] as number) + 1;
    }
    expect(counts).toEqual([192, 192, 192, 192]);
  });

  test('the same node objects are given for every lookup', () => {
    const path = join(scratch.path, 'r');
    writeFileSync(path, formatRing(buildSimpleRing([{ ip: '127.0.0.1', port: 1, device: 'd' }], 2, 1)));
    const ring = Ring.load(path, config);
    expect(ring.primaries(1)).toBe(ring.primaries(1));
    expect(ring.primaries(1)[0]).toBe(ring.primaries(2)[0]);
    expect(ring.primaries(4)).toEqual([]);
    expect([...ring.handoffs(99)]).toEqual([]);
  });

  describe('reloading', () => {
    const one = formatRing(buildSimpleRing([{ ip: '127.0.0.1', port: 1, device: 'a' }], 2, 1));
    const two = formatRing(buildSimpleRing([{ ip: '127.0.0.1', port: 1, device: 'b' }], 3, 1));

    test('a changed file is taken up 15 s after the last look, not before', async () => {
      const path = join(scratch.path, 'r');
      writeFileSync(path, one);
      let nowMs = 0;
      const ring = Ring.load(path, config, { nowMs: () => nowMs });
      writeFileSync(path, two);
      utimesSync(path, 1, 1); // older than before: any difference counts
      nowMs = 15_000;
      expect(ring.partPower).toBe(2);
      await ring.settled();
      expect(ring.partPower).toBe(2);
      nowMs = 15_001;
      expect(ring.partPower).toBe(2);
      await ring.settled();
      expect(ring.partPower).toBe(3);
      expect(ring.primaries(7)[0]?.device).toBe('b');
    });

    test('a broken file is reported at every look and the ring stays; a mended one is taken', async () => {
      const path = join(scratch.path, 'r');
      writeFileSync(path, one);
      let nowMs = 0;
      const errors: unknown[] = [];
      const ring = Ring.load(path, config, { nowMs: () => nowMs, onReloadError: (error) => errors.push(error) });
      for (const broken of ['junk', one.subarray(0, 40)]) {
        writeFileSync(path, broken);
        utimesSync(path, errors.length + 5, errors.length + 5);
        nowMs += 20_000;
        expect(ring.partPower).toBe(2);
        await ring.settled();
      }
      expect(errors.map(String)).toEqual([expect.stringContaining(path), expect.stringContaining(path)]);
      writeFileSync(path, two);
      nowMs += 20_000;
      expect(ring.primaries(0)[0]?.device).toBe('a');
      await ring.settled();
      expect(ring.primaries(0)[0]?.device).toBe('b');
    });
  });

  test('what is no ring is refused, with the path in the message', () => {
    const path = join(scratch.path, 'bad');
    writeFileSync(path, 'hello');
    expect(() => Ring.load(path, config)).toThrow(path);
    expect(() => Ring.load(join(scratch.path, 'none'), config)).toThrow(/ENOENT/);
    const data = buildSimpleRing([{ ip: 'x', port: 1, device: 'd' }], 2, 1);
    writeFileSync(path, formatRing({ ...data, rows: [Uint16Array.from([0, 0, 5, 0])] }));
    expect(() => Ring.load(path, config)).toThrow('device 5 is assigned but missing');
    writeFileSync(path, formatRing({ ...data, rows: [Uint16Array.from([0, 0])] }));
    expect(() => Ring.load(path, config)).toThrow('cut short');
  });
});
