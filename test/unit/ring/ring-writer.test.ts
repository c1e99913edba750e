import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { constants, gunzipSync, inflateRawSync } from 'node:zlib';
import { afterAll, describe, expect, test } from 'vitest';
import { pythonFloat } from '../../../src/common/python-json.ts';
import { formatRing, loadRingFile, RingError, writeRingFile, type RingData } from '../../../src/ring/ring-file.ts';
import { scratchDirectory } from '../common/scratch.ts';

const scratch = scratchDirectory();
afterAll(() => scratch.remove());
const golden = (name: string): string => join(import.meta.dirname, '../../golden/rings', name);
const TEN_BYTE_HEAD = 10;

describe('a version 1 file', () => {
  test.each(['multi', 'frac', 'ppi-0-before', 'ppi-1-prepared', 'ppi-2-increased', 'ppi-3-finished'])(
    'of the %s ring is, unpacked, the one that Python Swift writes',
    (name) => {
      const file = golden(`${name}.v1.ring.gz`);
      expect(gunzipSync(formatRing(loadRingFile(file)))).toEqual(gunzipSync(readFileSync(file)));
    },
  );

  test('begins as Python has it: the ring file is named in it, at a fixed time', async () => {
    const ring = loadRingFile(golden('multi.v1.ring.gz'));
    await writeRingFile(join(scratch.path, 'multi.v1.ring.gz'), ring);
    const head = (path: string): string =>
      readFileSync(path).toString('latin1', 0, TEN_BYTE_HEAD + 'multi.v1.ring\0'.length);
    expect(head(join(scratch.path, 'multi.v1.ring.gz'))).toBe(head(golden('multi.v1.ring.gz')));
  });

  test('with a device id that 16 bits do not hold is refused', () => {
    const ring = loadRingFile(golden('wideids.v2.ring.gz'));
    expect(() => formatRing(ring, { formatVersion: 1 })).toThrow(RingError);
  });
});

describe('a version 2 file', () => {
  const names = ['multi', 'frac', 'ppi-1-prepared', 'wideids'];

  test.each(names)('of the %s ring holds the sections that Python Swift writes', (name) => {
    const file = golden(`${name}.v2.ring.gz`);
    const [ours, theirs] = [formatRing(loadRingFile(file), { formatVersion: 2 }), readFileSync(file)];
    const [oursIndex, theirsIndex] = [indexOf(ours), indexOf(theirs)];
    expect(Object.keys(oursIndex)).toEqual(Object.keys(theirsIndex));
    for (const [section, [, start, , end, algorithm, digest]] of Object.entries(theirsIndex)) {
      expect(oursIndex[section]).toMatchObject({ 1: start, 3: end, 4: algorithm, 5: digest });
    }
  });

  test.each(names)('of the %s ring lets a reader begin at each of its sections', (name) => {
    const file = formatRing(loadRingFile(golden(`${name}.v2.ring.gz`)), { formatVersion: 2, name: 'a.ring.gz' });
    const unpacked = gunzipSync(file);
    for (const [packedStart, start, packedEnd, end] of Object.values(indexOf(file))) {
      const bytes = inflatedFrom(file, packedStart, packedEnd);
      expect(bytes.equals(unpacked.subarray(start, end))).toBe(true);
    }
  });

  test('is read back as it was', async () => {
    for (const name of names) {
      const ring = loadRingFile(golden(`${name}.v2.ring.gz`));
      await writeRingFile(join(scratch.path, 'again.ring.gz'), ring, { formatVersion: 2 });
      expect(plain(loadRingFile(join(scratch.path, 'again.ring.gz')))).toEqual(plain(ring));
    }
  });

  test('is what a ring with wide device ids becomes by itself', () => {
    const file = formatRing(loadRingFile(golden('wideids.v2.ring.gz')));
    expect(gunzipSync(file).readUInt16BE(4)).toBe(2);
  });
});

test.each([
  [100, '100.0'],
  [0, '0.0'],
  [0.1, '0.1'],
  [0.0001, '0.0001'],
  [0.00001, '1e-05'],
  [1.5e-7, '1.5e-07'],
  [1e15, '1000000000000000.0'],
  [1e16, '1e+16'],
  [-2.5, '-2.5'],
])('the float %d is written as Python writes it', (value, text) => {
  expect(pythonFloat(value)).toBe(text);
});

type Entry = [number, number, number, number, string, string];

/** As a reader finds it that seeks from the end: the last number is packed into 18 bytes, and 13 follow it. */
function indexOf(file: Buffer): Record<string, Entry> {
  const at = Number(inflatedFrom(file, file.length - 31, file.length - 13).readBigUInt64BE());
  const bytes = inflatedFrom(file, at, file.length - 31 - 18);
  return JSON.parse(bytes.toString('utf8', 8)) as Record<string, Entry>;
}

function inflatedFrom(file: Buffer, start: number, end: number): Buffer {
  return inflateRawSync(file.subarray(start, end), { finishFlush: constants.Z_SYNC_FLUSH });
}

function plain(ring: RingData): unknown {
  return { ...ring, rows: ring.rows.map((row) => [...row]) };
}
