import type { PickleValue } from '../common/pickle.ts';
import { isValidUtf8 } from '../common/text.ts';
import { Timestamp } from '../common/timestamp.ts';
import type { Connection } from '../db/connection.ts';
import { rowsFromJson } from '../db/json-rows.ts';
import type { PendingRows } from '../db/pending-file.ts';
import { StoreError } from '../common/store-error.ts';
import type { ContainerRow } from './account-store.ts';

type Count = number | string | null;

/** A container's row in `.pending`, in a replica's message or on its way to the table. What is null takes the known row's value. */
export interface IncomingContainerRow {
  readonly name: string;
  readonly put_timestamp: string | null;
  readonly delete_timestamp: string | null;
  readonly object_count: Count;
  readonly bytes_used: Count;
  readonly deleted: 0 | 1;
  readonly storage_policy_index: number | string;
}

export interface StoredContainerRow {
  readonly name: string;
  readonly put_timestamp: string | null;
  readonly delete_timestamp: string | null;
  readonly object_count: Count;
  readonly bytes_used: Count;
  readonly deleted: 0 | 1;
  readonly storage_policy_index: number | string;
}

const FIND = `SELECT name, put_timestamp, delete_timestamp, object_count, bytes_used, deleted, storage_policy_index
  FROM container WHERE deleted IN (0, 1) AND name = ?`;
const REMOVE = 'DELETE FROM container WHERE deleted IN (0, 1) AND name = ?';
const INSERT = `INSERT INTO container (name, put_timestamp, delete_timestamp, object_count, bytes_used, deleted,
  storage_policy_index) VALUES (?, ?, ?, ?, ?, ?, ?)`;

/**
 * What becomes of a row when `incoming` meets the `existing` one: the newest of both timestamps, counts and policy of the incoming.
 * Deleted is what was deleted after it was put and holds nothing.
 */
function mergeContainerRow(
  incoming: IncomingContainerRow,
  existing: StoredContainerRow | undefined,
): StoredContainerRow {
  const put_timestamp = newerText(incoming.put_timestamp, existing?.put_timestamp ?? null);
  const delete_timestamp = newerText(incoming.delete_timestamp, existing?.delete_timestamp ?? null);
  const object_count = incoming.object_count ?? existing?.object_count ?? null;
  return {
    name: incoming.name,
    put_timestamp,
    delete_timestamp,
    object_count,
    bytes_used: incoming.bytes_used ?? existing?.bytes_used ?? null,
    deleted: isRowDeleted(put_timestamp, delete_timestamp, object_count) ? 1 : 0,
    storage_policy_index: incoming.storage_policy_index,
  };
}

/** The text of the newer timestamp; the stored one on a tie. */
function newerText(incoming: string | null, existing: string | null): string | null {
  if (existing === null) return incoming;
  if (incoming === null) return existing;
  return Timestamp.parse(incoming).isAfter(Timestamp.parse(existing)) ? incoming : existing;
}

function isRowDeleted(putTimestamp: string | null, deleteTimestamp: string | null, objectCount: Count): boolean {
  if (objectCount !== null && objectCount !== '' && objectCount !== '0' && objectCount !== 0) return false;
  return Timestamp.parse(deleteTimestamp ?? '0').isAfter(Timestamp.parse(putTimestamp ?? '0'));
}

/** Merges rows into the table, within the caller's transaction. Every row is removed and inserted, even an unchanged one. */
export function mergeContainerRows(connection: Connection, rows: readonly IncomingContainerRow[]): void {
  const find = connection.prepare(FIND);
  const remove = connection.prepare(REMOVE);
  const insert = connection.prepare(INSERT);
  for (const row of rows) {
    const existing = find.get(row.name) as unknown as StoredContainerRow | undefined;
    const merged = mergeContainerRow(row, existing);
    if (existing !== undefined) remove.run(row.name);
    insert.run(
      merged.name,
      merged.put_timestamp,
      merged.delete_timestamp,
      merged.object_count,
      merged.bytes_used,
      merged.deleted,
      merged.storage_policy_index,
    );
  }
}

/** Container rows in `.pending`; entries of older versions end after `deleted`. */
export const PENDING_CONTAINERS: PendingRows<IncomingContainerRow> = {
  toTuple: (row) => [
    row.name,
    row.put_timestamp,
    row.delete_timestamp,
    row.object_count,
    row.bytes_used,
    row.deleted,
    row.storage_policy_index,
  ],
  fromTuple: (items: readonly PickleValue[]) => {
    const [name, put_timestamp, delete_timestamp, object_count, bytes_used, deleted, policy = 0] = items;
    if (items.length < 6 || items.length > 7) return undefined;
    const storage_policy_index = policy;
    return rowFromFields({
      name,
      put_timestamp,
      delete_timestamp,
      object_count,
      bytes_used,
      deleted,
      storage_policy_index,
    });
  },
  merge: (database, rows) => database.change((connection) => mergeContainerRows(connection, rows)),
};

/** A row as container servers send it. Throws StoreError for one that no database can hold. */
export function rowFromRequest(row: ContainerRow): IncomingContainerRow {
  if (!isValidUtf8(row.name)) throw new StoreError('not-utf8', 'the name of a container is not valid UTF-8');
  const incoming = rowFromFields({ ...row });
  if (incoming === undefined) throw new StoreError('bad-rows', 'not a container row');
  const deleted = isRowDeleted(incoming.put_timestamp, incoming.delete_timestamp, incoming.object_count) ? 1 : 0;
  return { ...incoming, deleted };
}

/** Rows as JSON bodies carry them. Undefined when one is none. */
export function containerRowsFromJson(values: readonly unknown[]): IncomingContainerRow[] | undefined {
  return rowsFromJson(values, rowFromFields);
}

function rowFromFields(fields: Record<string, unknown>): IncomingContainerRow | undefined {
  const { name, put_timestamp = null, delete_timestamp = null, object_count = null, bytes_used = null } = fields;
  const storage_policy_index = fields['storage_policy_index'] ?? 0;
  if (typeof name !== 'string' || !isValidUtf8(name)) return undefined;
  if (!isTimestampOrNull(put_timestamp) || !isTimestampOrNull(delete_timestamp)) return undefined;
  if (!isCount(object_count) || !isCount(bytes_used) || !isCount(storage_policy_index)) return undefined;
  return {
    name,
    put_timestamp,
    delete_timestamp,
    object_count,
    bytes_used,
    deleted: Number(fields['deleted'] ?? 0) === 1 ? 1 : 0,
    storage_policy_index: storage_policy_index ?? 0,
  };
}

function isTimestampOrNull(value: unknown): value is string | null {
  return value === null || (typeof value === 'string' && Timestamp.tryParse(value) !== undefined);
}

function isCount(value: unknown): value is Count {
  return value === null || typeof value === 'number' || typeof value === 'string';
}
