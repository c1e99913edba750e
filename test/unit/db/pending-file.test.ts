import { expect, test } from 'vitest';
import { readFileSync } from 'node:fs';
import { decodePendingEntries, encodePendingEntry } from '../../../src/db/pending-file.ts';
import { PENDING_CONTAINERS } from '../../../src/account/container-rows.ts';
import { PENDING_OBJECTS } from '../../../src/container/object-rows.ts';
import { goldenJson, goldenPath } from './support.ts';

interface PendingVector {
  readonly kind: 'container' | 'account';
  readonly record: Record<string, unknown>;
  readonly tuple: (string | number | null)[];
  readonly file_bytes: string;
}

const vectors = goldenJson<PendingVector[]>('pending-vectors.json');

test('an entry of the pending file is the recorded one byte for byte', () => {
  expect(vectors.length).toBeGreaterThan(0);
  for (const { kind, record, tuple, file_bytes } of vectors) {
    const items =
      kind === 'container' ? PENDING_OBJECTS.toTuple(record as never) : PENDING_CONTAINERS.toTuple(record as never);
    expect(items).toEqual(tuple);
    expect(encodePendingEntry(items)).toBe(file_bytes);
  }
});

test('recorded entries read back as the rows they were', () => {
  for (const { kind, record, file_bytes } of vectors) {
    const [items] = decodePendingEntries(file_bytes);
    const row = (kind === 'container' ? PENDING_OBJECTS : PENDING_CONTAINERS).fromTuple(items ?? []);
    expect(row).toEqual(record);
  }
});

test('pending files of a live cluster read in full', () => {
  const objects = decodePendingEntries(readFileSync(goldenPath('live-container-disk.db.pending'), 'latin1'));
  expect(objects.map((items) => PENDING_OBJECTS.fromTuple(items ?? []))).not.toContain(undefined);
  expect(objects.length).toBeGreaterThan(10);
  const containers = decodePendingEntries(readFileSync(goldenPath('live-account.db.pending'), 'latin1'));
  expect(containers.map((items) => PENDING_CONTAINERS.fromTuple(items ?? []))).not.toContain(undefined);
});

test('a broken entry does not hide its neighbours', () => {
  const [first, second] = vectors.map((vector) => vector.file_bytes) as [string, string];
  const decoded = decodePendingEntries(`${first}:AAAA${second}:%%%`);
  expect(decoded.map((items) => items !== undefined)).toEqual([true, false, true, false]);
});

test('entries of older versions, which have fewer fields, are rows of policy 0', () => {
  const row = PENDING_OBJECTS.fromTuple(['o', '1700000000.00000', 1, 'a/b', 'e', 0]);
  expect(row).toMatchObject({ name: 'o', storage_policy_index: 0, ctype_timestamp: null, meta_timestamp: null });
  expect(PENDING_OBJECTS.fromTuple(['o', '1700000000.00000', 1, 'a/b', 'e'])).toBeUndefined();
  expect(PENDING_CONTAINERS.fromTuple(['c', '1700000000.00000', '0', 1, 2, 0])).toMatchObject({
    storage_policy_index: 0,
  });
});
