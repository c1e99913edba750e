import type { PickleValue } from '../common/pickle.ts';
import { isValidUtf8 } from '../common/text.ts';
import { decodeTimestamps, Timestamp } from '../common/timestamp.ts';
import { rowsFromJson } from '../db/json-rows.ts';
import type { PendingRows } from '../db/pending-file.ts';
import { StoreError } from '../common/store-error.ts';
import type { ObjectRow } from './container-store.ts';
import { mergeObjectRows } from './object-row-merge.ts';

/** Object rows in `.pending`. Entries of older versions end after `deleted` or an optional later field. */
export const PENDING_OBJECTS: PendingRows<ObjectRow> = {
  toTuple: (row) => [
    row.name,
    row.created_at,
    row.size,
    row.content_type,
    row.etag,
    row.deleted,
    row.storage_policy_index,
    row.ctype_timestamp ?? null,
    row.meta_timestamp ?? null,
  ],
  fromTuple: (items: readonly PickleValue[]) => {
    const [name, created_at, size, content_type, etag, deleted, policy = 0, ctype = null, meta = null] = items;
    if (items.length < 6 || items.length > 9) return undefined;
    return objectRowFromFields({
      name,
      created_at,
      size,
      content_type,
      etag,
      deleted,
      storage_policy_index: policy,
      ctype_timestamp: ctype,
      meta_timestamp: meta,
    });
  },
  merge: (database, rows) => database.change((connection) => mergeObjectRows(connection, rows)),
};

/** Rows as JSON bodies carry them. Undefined when one is none. */
export function objectRowsFromJson(values: readonly unknown[]): ObjectRow[] | undefined {
  return rowsFromJson(values, objectRowFromFields);
}

function objectRowFromFields(fields: Record<string, unknown>): ObjectRow | undefined {
  const { name, created_at, size, content_type, etag } = fields;
  const policy = Number(fields['storage_policy_index'] ?? 0);
  const times = [fields['ctype_timestamp'] ?? null, fields['meta_timestamp'] ?? null];
  if (typeof name !== 'string' || typeof created_at !== 'string' || !isValidUtf8(name)) return undefined;
  if (typeof size !== 'number' && typeof size !== 'string') return undefined;
  if (!isTriple(created_at) || !Number.isInteger(policy) || !times.every(isTimestampOrNull)) return undefined;
  return {
    name,
    created_at,
    size,
    content_type: String(content_type),
    etag: String(etag),
    deleted: Number(fields['deleted'] ?? 0) === 1 ? 1 : 0,
    storage_policy_index: policy,
    ctype_timestamp: times[0] as string | null,
    meta_timestamp: times[1] as string | null,
  };
}

function isTriple(text: string): boolean {
  try {
    decodeTimestamps(text);
    return true;
  } catch {
    return false;
  }
}

function isTimestampOrNull(value: unknown): boolean {
  return value === null || (typeof value === 'string' && Timestamp.tryParse(value) !== undefined);
}

/** Throws StoreError for a row that no database can hold. */
export function checkObjectRow(row: ObjectRow): void {
  if (!isValidUtf8(row.name) || !isValidUtf8(row.content_type) || !isValidUtf8(row.etag)) {
    throw new StoreError('not-utf8', 'an object row is not valid UTF-8');
  }
  if (objectRowFromFields({ ...row }) === undefined) throw new StoreError('bad-rows', 'not an object row');
}
