import type { Connection } from './connection.ts';

export type SyncTable = 'incoming_sync' | 'outgoing_sync';

export interface SyncPoint {
  readonly remote_id: string;
  /** ROWID up to which the other replica's rows are known. */
  readonly sync_point: number;
}

/** -1 when nothing is known of that replica. */
export function readSyncPoint(connection: Connection, table: SyncTable, remoteId: string): number {
  const row = connection.prepareArrays(`SELECT sync_point FROM ${table} WHERE remote_id = ?`).get(remoteId);
  return (row as unknown as [number] | undefined)?.[0] ?? -1;
}

export function readSyncPoints(connection: Connection, table: SyncTable): SyncPoint[] {
  return connection.prepare(`SELECT remote_id, sync_point FROM ${table}`).all() as unknown as SyncPoint[];
}

/** Raises sync points, never lowers one; within the caller's transaction. */
export function mergeSyncPoints(connection: Connection, table: SyncTable, points: readonly SyncPoint[]): void {
  const raise = connection.prepare(`UPDATE ${table} SET sync_point = max(?, sync_point) WHERE remote_id = ?`);
  const insert = connection.prepare(`INSERT INTO ${table} (sync_point, remote_id) VALUES (?, ?)`);
  for (const { remote_id, sync_point } of points) {
    if (raise.run(sync_point, remote_id).changes === 0) insert.run(sync_point, remote_id);
  }
}

/** The newest ROWID that the table ever had, -1 when it never had a row. */
export function maxRow(connection: Connection, table: string): number {
  const row = connection.prepareArrays('SELECT seq FROM sqlite_sequence WHERE name = ?').get(table);
  return (row as unknown as [number] | undefined)?.[0] ?? -1;
}
