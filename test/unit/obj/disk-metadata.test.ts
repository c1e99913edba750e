import { closeSync, openSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { getXattr, removeXattr, setXattr } from '../../../src/common/system-calls.ts';
import {
  DamagedMetadataError,
  decodeMetadata,
  encodeMetadata,
  readMetadata,
  writeMetadata,
} from '../../../src/obj/disk-metadata.ts';
import type { Metadata } from '../../../src/obj/storage.ts';
import { scratchDirectory } from '../common/scratch.ts';

const golden = join(import.meta.dirname, '../../golden');

interface Vector {
  readonly name: string;
  readonly metadata?: [string, string | number][];
  readonly pickle_hex: string;
  readonly python3_reads: [string, string | number][];
}

const vectors = JSON.parse(readFileSync(join(golden, 'vectors/metadata-pickles.json'), 'utf8')) as Vector[];
const large = JSON.parse(gunzipSync(readFileSync(join(golden, 'vectors/metadata-over-64k.json.gz'))).toString()) as {
  metadata: Record<string, string>;
  xattrs_hex: Record<string, string>;
};

function asMetadata(entries: [string, string | number][]): Metadata {
  return new Map(entries.map(([key, value]) => [key, String(value)]));
}

describe('pickles of metadata', () => {
  test.each(vectors)('$name is read as Python reads it', (vector) => {
    expect(decodeMetadata(Buffer.from(vector.pickle_hex, 'hex'))).toEqual(asMetadata(vector.python3_reads));
  });

  const ours = vectors.filter(({ metadata }) => metadata?.every(([, value]) => typeof value === 'string'));

  test.each(ours)('$name is written as Swift writes it, byte for byte', (vector) => {
    expect(encodeMetadata(asMetadata(vector.metadata ?? [])).equals(Buffer.from(vector.pickle_hex, 'hex'))).toBe(true);
  });

  test('there are recorded pickles to compare with', () => {
    expect(ours.length).toBeGreaterThanOrEqual(6);
  });

  test('any metadata come back as they were', () => {
    const unit = fc.integer({ min: 0, max: 255 }).map((code) => String.fromCharCode(code));
    const wire = fc.string({ unit });
    const key = fc.string({ unit, minLength: 1 });
    const native = fc.oneof(fc.string({ unit: 'binary' }), fc.constantFrom('/a/c/\udcff', '/a/c/é\0'));
    fc.assert(
      fc.property(fc.dictionary(key, wire), native, (values, name) => {
        const metadata: Metadata = new Map([...Object.entries(values), ['name', name]]);
        expect(decodeMetadata(encodeMetadata(metadata))).toEqual(metadata);
      }),
      { numRuns: 500 },
    );
  });

  test.each([
    ['nothing', ''],
    ['a list', '80025d2e'],
    ['a dict in a dict', '80027d580100000061' + '7d732e'],
    ['junk', 'ffffff'],
  ])('%s is damage', (_, hex) => {
    expect(() => decodeMetadata(Buffer.from(hex, 'hex'))).toThrow(DamagedMetadataError);
  });
});

describe('extended attributes', () => {
  let scratch: ReturnType<typeof scratchDirectory>;
  let fd: number;

  beforeEach(() => {
    scratch = scratchDirectory();
    fd = openSync(join(scratch.path, 'f'), 'w');
  });

  afterEach(() => {
    closeSync(fd);
    scratch.remove();
  });

  const metadata: Metadata = new Map([
    ['X-Timestamp', '1700000000.00000'],
    ['name', '/a/c/o'],
  ]);

  test('what is written is read', () => {
    writeMetadata(fd, metadata);
    expect(readMetadata(fd)).toEqual(metadata);
    expect(getXattr(fd, 'user.swift.metadata_checksum')?.toString()).toMatch(/^[0-9a-f]{32}$/);
  });

  test('a checksum that does not fit is damage; one that is missing is fine', () => {
    writeMetadata(fd, metadata);
    setXattr(fd, 'user.swift.metadata_checksum', Buffer.from('0'.repeat(32)));
    expect(() => readMetadata(fd)).toThrow(DamagedMetadataError);
    removeXattr(fd, 'user.swift.metadata_checksum');
    expect(readMetadata(fd)).toEqual(metadata);
  });

  test('a file without metadata is damage', () => {
    expect(() => readMetadata(fd)).toThrow(DamagedMetadataError);
  });

  test('a pickle cut into pieces by another writer is put together', () => {
    const pickle = encodeMetadata(metadata);
    [0, 1, 2].forEach((piece) => {
      const bytes = pickle.subarray(piece * 20, piece === 2 ? undefined : piece * 20 + 20);
      setXattr(fd, `user.swift.metadata${piece === 0 ? '' : piece}`, bytes);
    });
    expect(readMetadata(fd)).toEqual(metadata);
  });

  test('metadata of more than 64 KiB make the recorded pieces, or are refused where the file system has no room', () => {
    const pieces = Object.entries(large.xattrs_hex).filter(([name]) => !name.endsWith('checksum'));
    const pickle = Buffer.concat(pieces.map(([, hex]) => Buffer.from(hex, 'hex')));
    const entries = new Map(Object.entries(large.metadata));
    expect(encodeMetadata(entries).equals(pickle)).toBe(true);
    expect(pieces.map(([, hex]) => hex.length / 2)).toEqual([65536, 65536, pickle.length - 131072]);
    try {
      writeMetadata(fd, entries);
    } catch (error) {
      expect(error).toMatchObject({ name: 'StorageError' });
      return;
    }
    expect(readMetadata(fd)).toEqual(entries);
  });
});
