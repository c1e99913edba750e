import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { describe, expect, test } from 'vitest';
import { Timestamp } from '../../../src/common/timestamp.ts';
import { chooseFiles, type FileChoice } from '../../../src/obj/disk-file-choice.ts';
import { dataFileName, metaFileName, parseDiskFileName, tombstoneFileName } from '../../../src/obj/disk-file-names.ts';

interface Vector {
  readonly files: string[];
  readonly frag_index?: number | null;
  readonly frag_prefs?: { timestamp: string; exclude: number[] }[] | null;
  readonly result: Record<string, unknown>;
}

const vectors = JSON.parse(
  gunzipSync(readFileSync(join(import.meta.dirname, '../../golden/vectors/ondisk-files.json.gz'))).toString('utf8'),
) as { replication: Vector[]; erasure_coding: Vector[] };

function recorded(choice: FileChoice): Record<string, unknown> {
  const sorted = (files: readonly { name: string }[]): string[] => files.map((file) => file.name).sort();
  return {
    data_file: choice.data?.name ?? null,
    meta_file: choice.meta?.name ?? null,
    ctype_file: choice.contentType?.name ?? null,
    ts_file: choice.tombstone?.name ?? null,
    obsolete: sorted(choice.obsolete),
    possible_reclaim: sorted(choice.possibleReclaim),
    unexpected: [...choice.unexpected].sort(),
    ...(choice.data?.fragmentIndex !== undefined && { durable_frag_set: sorted(choice.durableSet?.files ?? []) }),
  };
}

function expected(vector: Vector): Record<string, unknown> {
  const entries = Object.entries(vector.result).filter(([key]) => key !== 'frag_sets');
  return Object.fromEntries(entries.map(([key, value]) => [key, Array.isArray(value) ? [...value].sort() : value]));
}

describe('files chosen as Swift chooses them', () => {
  test('there are as many recorded cases as there were', () => {
    expect(vectors.replication.length).toBe(182);
    expect(vectors.erasure_coding.length).toBe(320);
  });

  test.each(vectors.replication)('replication: $files', (vector) => {
    expect(recorded(chooseFiles(vector.files, { fragments: null }))).toEqual(expected(vector));
  });

  test.each(vectors.erasure_coding)('erasure coding: $files, index $frag_index, preferences $frag_prefs', (vector) => {
    const choice = chooseFiles(vector.files, {
      fragments: 3,
      fragmentIndex: vector.frag_index ?? undefined,
      preferences: vector.frag_prefs?.map(({ timestamp, exclude }) => ({
        timestamp: Timestamp.parse(timestamp),
        exclude,
      })),
    });
    expect(recorded(choice)).toEqual(expected(vector));
    const sets = choice.fragmentSets.map(({ timestamp, files }) => [
      timestamp.internal,
      files.map((file) => file.fragmentIndex),
    ]);
    expect(Object.fromEntries(sets)).toEqual(vector.result['frag_sets']);
  });
});

describe('names', () => {
  const time = Timestamp.parse('1700000000.00000');
  const later = Timestamp.parse('1700000001.00000_0000000000000002');

  test.each([
    [dataFileName(later), '1700000001.00000_0000000000000002.data'],
    [tombstoneFileName(time), '1700000000.00000.ts'],
    [metaFileName(time), '1700000000.00000.meta'],
    [metaFileName(time, time), '1700000000.00000+0.meta'],
    [metaFileName(time, later), '1700000000.00000+186a0.meta'],
    [metaFileName(later, time), '1700000001.00000_2-186a0.meta'],
  ])('%s is made and parsed back', (name, expectedName) => {
    expect(name).toBe(expectedName);
    expect(parseDiskFileName(name, null)?.name).toBe(name);
  });

  test.each(['junk.data', '1700000000.00000.dat', '1700000000.00000#1.data', '.1700000000.00000.data.Xy095a', '.ts'])(
    '%s means nothing in a replicated policy',
    (name) => {
      expect(parseDiskFileName(name, null)).toBeUndefined();
    },
  );

  test.each([
    '1700000000.00000.data',
    '1700000000.00000#3.data',
    '1700000000.00000#x.data',
    '1700000000.00000#-1.data',
  ])('%s means nothing in a policy of three fragments', (name) => {
    expect(parseDiskFileName(name, 3)).toBeUndefined();
  });
});
