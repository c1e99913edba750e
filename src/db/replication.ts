import { mkdirSync } from 'node:fs';
import type { Connection } from './connection.ts';
import { Database, type DatabaseContext } from './database.ts';
import type { DatabaseFolder } from './database-folder.ts';
import { mergeTimestamps } from './info-changes.ts';
import { parseMetadata, updateMetadata, type InfoTable } from './metadata.ts';
import { pythonJson } from '../common/python-json.ts';
import { completeRsync, rsyncThenMerge } from './replication-rsync.ts';
import { sqliteFault } from './sqlite-error.ts';
import { StoreError } from '../common/store-error.ts';
import type { DatabaseMetadata, ReplicateAnswer } from './store-types.ts';
import { mergeSyncPoints, readSyncPoint, type SyncPoint } from './sync-points.ts';

/** What the other replica says of itself in `sync`. The last three come for containers only. */
export interface RemoteInfo {
  readonly max_row: number;
  readonly hash: string;
  readonly id: string;
  readonly created_at: string;
  readonly put_timestamp: string;
  readonly delete_timestamp: string;
  readonly metadata: string;
  readonly status_changed_at: string | undefined;
  readonly count: number | undefined;
  readonly storage_policy_index: number | undefined;
}

/** Keys in the order of the answer. `hash`, `id` and the timestamps are among them. */
export type ReplicationInfo = Readonly<Record<string, unknown>>;

/** How a kind of database differs in replication. */
export interface ReplicationKind {
  readonly rowTable: 'object' | 'container';
  readonly infoTable: InfoTable;
  /** Merges pending rows, settles what `remote` asks to settle first, and gives the database's own numbers. */
  info(database: Database, remote: RemoteInfo): Promise<ReplicationInfo>;
  isDeleted(connection: Connection): boolean;
  /** Undefined when a row is none. */
  rowsFromJson(rows: readonly unknown[]): readonly { readonly name: string }[] | undefined;
  mergeRows(connection: Connection, rows: readonly unknown[]): void;
  /** Rows after a ROWID in its order, with ROWID. */
  rowsSince(connection: Connection, rowId: number, limit: number): readonly { readonly ROWID: number }[];
  /** For a database that has just come from another node. */
  forgetReports(connection: Connection): void;
  /** True when the local database must not be replaced by a copy. */
  refusesReplacement(database: Database): Promise<boolean>;
  /** Carries over what is not a row. */
  mergeRest(from: Connection, to: Connection): void;
  /** Further operations. */
  readonly operations: Readonly<
    Record<string, (database: Database, args: readonly unknown[]) => Promise<ReplicateAnswer>>
  >;
}

export const NOT_FOUND: ReplicateAnswer = { status: 404, body: null };
export const BAD_REQUEST: ReplicateAnswer = { status: 400, body: null };
export const ACCEPTED: ReplicateAnswer = { status: 202, body: null };

export function jsonAnswer(value: unknown): ReplicateAnswer {
  return { status: 200, body: new TextEncoder().encode(pythonJson(value)) };
}

/** Answers one REPLICATE message, `[operation, arguments…]`. */
export async function replicate(
  context: DatabaseContext,
  folder: DatabaseFolder,
  kind: ReplicationKind,
  message: readonly unknown[],
): Promise<ReplicateAnswer> {
  const [operation, ...args] = message;
  const database = new Database(context, folder);
  if (operation === 'complete_rsync') return await completeRsync(database, kind, args);
  if (operation === 'rsync_then_merge') return await rsyncThenMerge(database, kind, args);
  mkdirSync(`${folder.devicePath}/tmp`, { recursive: true }); // the sender may be about to rsync a file here
  if (database.files().length === 0) return NOT_FOUND;
  try {
    return await perform(database, kind, operation, args);
  } catch (error) {
    if (error instanceof StoreError && error.code === 'database-gone') return NOT_FOUND;
    if (sqliteFault(error) !== 'missing-table') throw error;
    database.quarantine((error as Error).message);
    return NOT_FOUND;
  }
}

async function perform(
  database: Database,
  kind: ReplicationKind,
  operation: unknown,
  args: readonly unknown[],
): Promise<ReplicateAnswer> {
  switch (operation) {
    case 'sync':
      return await sync(database, kind, args);
    case 'merge_items':
      return await mergeItems(database, kind, args);
    case 'merge_syncs':
      return await mergeSyncs(database, args);
    default: {
      const known = typeof operation === 'string' && Object.hasOwn(kind.operations, operation);
      return known ? await (kind.operations[operation]?.(database, args) ?? BAD_REQUEST) : BAD_REQUEST;
    }
  }
}

/** Takes over metadata and timestamps, records the sync point when the hashes agree, and answers with the numbers from before. */
async function sync(database: Database, kind: ReplicationKind, args: readonly unknown[]): Promise<ReplicateAnswer> {
  const remote = remoteInfo(args);
  if (remote === undefined) return BAD_REQUEST;
  const info = await kind.info(database, remote);
  const point = await database.use(database.current(), (connection) => {
    const known = readSyncPoint(connection, 'incoming_sync', remote.id);
    const isInStep = remote.hash === info['hash'] && known < remote.max_row;
    if (!isInStep && !bringsNews(info, remote)) return known;
    connection.transaction(() => {
      updateMetadata(connection, kind.infoTable, remoteMetadata(database, remote));
      if (differsInTimestamps(info, remote)) {
        mergeTimestamps(connection, kind.infoTable, remote, (each) => kind.isDeleted(each));
      }
      const own = { remote_id: remote.id, sync_point: remote.max_row };
      if (isInStep) mergeSyncPoints(connection, 'incoming_sync', [own]);
    });
    return isInStep ? remote.max_row : known;
  });
  return jsonAnswer({ ...info, point });
}

/** Metadata that cannot be read is left out: the rest of the replica is still worth having. */
function remoteMetadata(database: Database, remote: RemoteInfo): DatabaseMetadata {
  try {
    return parseMetadata(remote.metadata);
  } catch {
    database.context.log.error(`Unable to decode remote metadata ${JSON.stringify(remote.metadata)}`);
    return {};
  }
}

function bringsNews(info: ReplicationInfo, remote: RemoteInfo): boolean {
  return (remote.metadata !== '' && remote.metadata !== info['metadata']) || differsInTimestamps(info, remote);
}

function differsInTimestamps(info: ReplicationInfo, remote: RemoteInfo): boolean {
  return (
    remote.created_at !== info['created_at'] ||
    remote.put_timestamp !== info['put_timestamp'] ||
    remote.delete_timestamp !== info['delete_timestamp']
  );
}

function remoteInfo(args: readonly unknown[]): RemoteInfo | undefined {
  const [max_row, hash, id, created_at, put_timestamp, delete_timestamp, metadata, changed, count, policy] = args;
  const texts = [hash, id, created_at, put_timestamp, delete_timestamp, metadata ?? ''];
  if (typeof max_row !== 'number' || !texts.every((text) => typeof text === 'string')) return undefined;
  return {
    max_row,
    hash: hash as string,
    id: id as string,
    created_at: created_at as string,
    put_timestamp: put_timestamp as string,
    delete_timestamp: delete_timestamp as string,
    metadata: (metadata ?? '') as string,
    status_changed_at: typeof changed === 'string' ? changed : undefined,
    count: typeof count === 'number' ? count : undefined,
    storage_policy_index: typeof policy === 'number' ? policy : undefined,
  };
}

async function mergeItems(
  database: Database,
  kind: ReplicationKind,
  args: readonly unknown[],
): Promise<ReplicateAnswer> {
  const [items, source] = args;
  const rows = Array.isArray(items) ? kind.rowsFromJson(items) : undefined;
  if (rows === undefined) return BAD_REQUEST;
  const rowIds = (items as { ROWID?: unknown }[]).map(({ ROWID }) => (typeof ROWID === 'number' ? ROWID : -1));
  const newest = rowIds.reduce((most, rowId) => Math.max(most, rowId), -1);
  await database.change((connection) => {
    kind.mergeRows(connection, rows);
    if (typeof source !== 'string') return;
    mergeSyncPoints(connection, 'incoming_sync', [{ remote_id: source, sync_point: newest }]);
  });
  return ACCEPTED;
}

async function mergeSyncs(database: Database, args: readonly unknown[]): Promise<ReplicateAnswer> {
  const points = args[0];
  if (!Array.isArray(points) || !points.every(isSyncPoint)) return BAD_REQUEST;
  await database.change((connection) => mergeSyncPoints(connection, 'incoming_sync', points));
  return ACCEPTED;
}

function isSyncPoint(value: unknown): value is SyncPoint {
  if (typeof value !== 'object' || value === null) return false;
  const { remote_id, sync_point } = value as Record<string, unknown>;
  return typeof remote_id === 'string' && typeof sync_point === 'number';
}
