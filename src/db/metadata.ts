import { isValidUtf8 } from '../common/text.ts';
import type { Connection } from './connection.ts';
import { pythonJson } from '../common/python-json.ts';
import { StoreError } from '../common/store-error.ts';
import type { DatabaseMetadata, MetadataUpdate, StoreOptions } from './store-types.ts';

/** Name of the table with the one row that describes a database. */
export type InfoTable = 'container_info' | 'account_stat';

const USER_METADATA = /^x-(?:account|container)-meta-/i;

/** Reads the `metadata` column; '' and NULL are empty. */
export function parseMetadata(text: string | null): DatabaseMetadata {
  return text === null || text === '' ? {} : (JSON.parse(text) as DatabaseMetadata);
}

/** Every key at one timestamp. */
export function stampMetadata(update: MetadataUpdate, timestamp: string): DatabaseMetadata {
  return Object.fromEntries(Object.entries(update).map(([key, value]) => [key, [value, timestamp]]));
}

/** `stored` with the entries of `update` that are newer, comparing timestamps as text; undefined when none is. */
export function mergeMetadata(stored: DatabaseMetadata, update: DatabaseMetadata): DatabaseMetadata | undefined {
  let merged: Record<string, readonly [string, string]> | undefined;
  for (const [key, entry] of Object.entries(update)) {
    const known = Object.hasOwn(stored, key) ? stored[key] : undefined;
    if (known !== undefined && entry[1] <= known[1]) continue;
    merged ??= { ...stored };
    merged[key] = entry;
  }
  return merged;
}

/** Throws StoreError `bad-metadata`, with Swift's text, for what is not UTF-8, too many user keys or too long ones. */
export function checkMetadata(metadata: DatabaseMetadata, limits: StoreOptions['constraints']): void {
  let count = 0;
  let size = 0;
  for (const [key, [value]] of Object.entries(metadata)) {
    if (!isStorable(key) || !isStorable(value)) throw new StoreError('bad-metadata', 'Metadata must be valid UTF-8');
    const prefix = value === '' ? undefined : USER_METADATA.exec(key)?.[0];
    if (prefix === undefined) continue;
    count += 1;
    size += codePoints(key) - prefix.length + codePoints(value);
  }
  if (count > limits.max_meta_count) {
    throw new StoreError('bad-metadata', `Too many metadata items; max ${limits.max_meta_count}`);
  }
  if (size > limits.max_meta_overall_size) {
    throw new StoreError('bad-metadata', `Total metadata too large; max ${limits.max_meta_overall_size}`);
  }
}

function isStorable(text: string): boolean {
  return isValidUtf8(text) && !text.includes('\0');
}

function codePoints(text: string): number {
  let count = 0;
  for (const _ of text) count += 1;
  return count;
}

export function readMetadata(connection: Connection, table: InfoTable): DatabaseMetadata {
  const row = connection.prepareArrays(`SELECT metadata FROM ${table} LIMIT 1`).get() as unknown as [string | null];
  return parseMetadata(row[0]);
}

/** Merges newer entries into the stored ones, within the caller's transaction. Throws `bad-metadata` when `limits` are given. */
export function updateMetadata(
  connection: Connection,
  table: InfoTable,
  update: DatabaseMetadata,
  limits?: StoreOptions['constraints'],
): void {
  const merged = mergeMetadata(readMetadata(connection, table), update);
  if (merged === undefined) return;
  if (limits !== undefined) checkMetadata(merged, limits);
  connection.prepare(`UPDATE ${table} SET metadata = ?`).run(pythonJson(merged));
}
