import { Timestamp } from '../common/timestamp.ts';
import type { Connection } from './connection.ts';
import { readMetadata, stampMetadata, updateMetadata, type InfoTable } from './metadata.ts';

/** Changes to the one row that describes a database, within the caller's transaction. Timestamps are compared as text. */

export function raisePutTimestamp(connection: Connection, table: InfoTable, timestamp: string): void {
  connection.prepare(`UPDATE ${table} SET put_timestamp = ? WHERE put_timestamp < ?`).run(timestamp, timestamp);
}

export function raiseStatusChangedAt(connection: Connection, table: InfoTable, timestamp: string): void {
  connection.prepare(`UPDATE ${table} SET status_changed_at = ? WHERE status_changed_at < ?`).run(timestamp, timestamp);
}

/** Blanks all metadata but `keptKeys` and marks the database deleted, unless a newer delete is known. */
export function markDeleted(
  connection: Connection,
  table: InfoTable,
  timestamp: string,
  keptKeys: readonly string[] = [],
): void {
  const keys = Object.keys(readMetadata(connection, table)).filter((key) => !keptKeys.includes(key));
  const blank = Object.fromEntries(keys.map((key) => [key, '']));
  updateMetadata(connection, table, stampMetadata(blank, timestamp));
  connection
    .prepare(
      `UPDATE ${table} SET delete_timestamp = ?, status = 'DELETED', status_changed_at = ? WHERE delete_timestamp < ?`,
    )
    .run(timestamp, timestamp, timestamp);
}

export interface DatabaseTimestamps {
  readonly created_at: string;
  readonly put_timestamp: string;
  readonly delete_timestamp: string;
}

/** Takes over the older creation and the newer put and delete of a replica; `isDeleted` is asked before and after. */
export function mergeTimestamps(
  connection: Connection,
  table: InfoTable,
  remote: DatabaseTimestamps,
  isDeleted: (connection: Connection) => boolean,
): void {
  const before = isDeleted(connection);
  connection
    .prepare(
      `UPDATE ${table} SET created_at = MIN(?, created_at), put_timestamp = MAX(?, put_timestamp),
       delete_timestamp = MAX(?, delete_timestamp)`,
    )
    .run(remote.created_at, remote.put_timestamp, remote.delete_timestamp);
  if (isDeleted(connection) !== before) raiseStatusChangedAt(connection, table, now().internal);
}

export function now(): Timestamp {
  return Timestamp.fromSeconds(Date.now() / 1000);
}
