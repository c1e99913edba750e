import { decodeTimestamps, encodeTimestamps, Timestamp } from '../common/timestamp.ts';
import type { Connection } from '../db/connection.ts';
import type { ObjectRow } from './container-store.ts';
import { extractSwiftBytes } from './content-type.ts';

/** A row as the `object` table holds it: created_at is the encoded triple of data, content-type and metadata time. */
export interface StoredObjectRow {
  readonly name: string;
  readonly created_at: string;
  readonly size: number | string;
  readonly content_type: string;
  readonly etag: string;
  readonly deleted: 0 | 1;
  readonly storage_policy_index: number;
}

interface RowTimes {
  readonly data: Timestamp;
  readonly contentType: Timestamp;
  readonly metadata: Timestamp;
}

const NORMAL_TIMESTAMP = /^\d{10}\.\d{5}$/;

/**
 * What becomes of a row when `incoming` meets the `existing` one of the same name and policy, as a row to store instead; undefined
 * when nothing of it is newer. Data (size, etag, deleted, swift_bytes), content type and metadata time are merged apart, each
 * by its own time; the existing wins ties. Throws TimestampError.
 */
export function mergeObjectRow(
  incoming: ObjectRow,
  existing: StoredObjectRow | undefined,
): StoredObjectRow | undefined {
  if (existing === undefined) return newRow(incoming);
  const theirs = incomingTimes(incoming);
  const ours = storedTimes(existing.created_at);
  const newData = theirs.data.isAfter(ours.data);
  const newType = theirs.contentType.isAfter(ours.contentType);
  const newMetadata = theirs.metadata.isAfter(ours.metadata);
  if (!newData && !newType && !newMetadata) return undefined;
  const data = newData ? incoming : existing;
  return {
    name: incoming.name,
    created_at: encodeTimestamps(
      newData ? theirs.data : ours.data,
      newType ? theirs.contentType : ours.contentType,
      newMetadata ? theirs.metadata : ours.metadata,
    ),
    size: data.size,
    content_type: mergedContentType(newType ? incoming : existing, data),
    etag: data.etag,
    deleted: data.deleted,
    storage_policy_index: incoming.storage_policy_index,
  };
}

function newRow(incoming: ObjectRow): StoredObjectRow {
  const { name, size, content_type, etag, deleted, storage_policy_index } = incoming;
  const { data, contentType, metadata } = incomingTimes(incoming);
  const isPlain = data === contentType && data === metadata && NORMAL_TIMESTAMP.test(incoming.created_at);
  const created_at = isPlain ? incoming.created_at : encodeTimestamps(data, contentType, metadata);
  return { name, created_at, size, content_type, etag, deleted, storage_policy_index };
}

function mergedContentType(type: { content_type: string }, data: { content_type: string }): string {
  const { contentType, swiftBytes } = extractSwiftBytes(type.content_type);
  const bytes = type === data ? swiftBytes : extractSwiftBytes(data.content_type).swiftBytes;
  return bytes === undefined ? contentType : `${contentType};swift_bytes=${bytes}`;
}

function storedTimes(createdAt: string): RowTimes {
  const [data, contentType, metadata] = decodeTimestamps(createdAt);
  return { data, contentType, metadata };
}

function incomingTimes(row: ObjectRow): RowTimes {
  const times = storedTimes(row.created_at);
  const explicitType = row.ctype_timestamp == null ? undefined : Timestamp.parse(row.ctype_timestamp);
  const explicitMetadata = row.meta_timestamp == null ? undefined : Timestamp.parse(row.meta_timestamp);
  return {
    data: times.data,
    contentType: explicitType ?? times.contentType,
    metadata: explicitMetadata ?? explicitType ?? times.metadata,
  };
}

const FIND = `SELECT name, created_at, size, content_type, etag, deleted, storage_policy_index FROM object
  WHERE deleted IN (0, 1) AND name = ? AND storage_policy_index = ?`;
const REMOVE = 'DELETE FROM object WHERE deleted IN (0, 1) AND name = ? AND storage_policy_index = ?';
const INSERT = `INSERT INTO object (name, created_at, size, content_type, etag, deleted, storage_policy_index)
  VALUES (?, ?, ?, ?, ?, ?, ?)`;

/** Merges rows into the table, within the caller's transaction. A changed row is removed and inserted, so it gets a new ROWID. */
export function mergeObjectRows(connection: Connection, rows: readonly ObjectRow[]): void {
  const find = connection.prepare(FIND);
  const changed = new Map<string, { readonly row: StoredObjectRow; readonly replaces: boolean }>();
  for (const row of rows) {
    const key = `${row.storage_policy_index} ${row.name}`;
    const before = changed.get(key);
    const stored = (before === undefined ? find.get(row.name, row.storage_policy_index) : undefined) as
      StoredObjectRow | undefined;
    const merged = mergeObjectRow(row, before?.row ?? stored);
    if (merged !== undefined) changed.set(key, { row: merged, replaces: before?.replaces ?? stored !== undefined });
  }
  const remove = connection.prepare(REMOVE);
  const insert = connection.prepare(INSERT);
  for (const { row, replaces } of changed.values()) {
    if (replaces) remove.run(row.name, row.storage_policy_index);
    insert.run(row.name, row.created_at, row.size, row.content_type, row.etag, row.deleted, row.storage_policy_index);
  }
}
