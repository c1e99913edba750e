import { unquote, wireFromNative } from '../common/text.ts';
import { Timestamp } from '../common/timestamp.ts';
import type { Connection } from '../db/connection.ts';
import { epochOf } from '../db/database-folder.ts';
import type { Database } from '../db/database.ts';
import { parseMetadata } from '../db/metadata.ts';
import type { DatabaseMetadata } from '../db/store-types.ts';
import type { ContainerInfo, DatabaseState, ShardRangeRow } from './container-store.ts';
import { readShardRanges } from './shard-range-table.ts';

const STAT = `SELECT account, container, created_at, put_timestamp, delete_timestamp, status, status_changed_at,
  object_count, bytes_used, reported_put_timestamp, reported_delete_timestamp, reported_object_count, reported_bytes_used,
  hash, id, x_container_sync_point1, x_container_sync_point2, storage_policy_index, metadata
  FROM container_stat LIMIT 1`;
/** States in which a shard's objects count for the root: active, sharding, shrinking. */
const USAGE_STATES: readonly number[] = [40, 60, 50];

export interface ObjectUsage {
  readonly object_count: number;
  readonly bytes_used: number;
}

type StatRow = Omit<ContainerInfo, 'db_state' | 'metadata' | 'isDeleted' | 'isRoot'> & { readonly metadata: string };

/** All that is known of a container, from its files (never none). Pending rows are not looked at. */
export async function readContainerInfo(database: Database, files: readonly string[]): Promise<ContainerInfo> {
  const current = files.at(-1) as string;
  const found = await database.use(current, (connection) =>
    infoOfFile(connection, (path) => databaseState(connection, database, files, path)),
  );
  if (found.db_state !== 'sharding') return withDeleted(found);
  // Until the shards are cleaved the retiring file holds the objects.
  const usage = await database.use(files[0] as string, readUsage);
  return withDeleted({ ...found, ...usage });
}

/** What `readContainerInfo` gives for a container whose one file is the base file: it is not sharded. */
export function readUnshardedInfo(connection: Connection): ContainerInfo {
  return withDeleted(infoOfFile(connection, () => 'unsharded'));
}

function infoOfFile(connection: Connection, stateOf: (path: string) => DatabaseState): ContainerInfo {
  const row = connection.prepare(STAT).get() as unknown as StatRow;
  const metadata = parseMetadata(row.metadata);
  const path = `${row.account}/${row.container}`;
  const isRoot = isRootContainer(metadata, path);
  const db_state = stateOf(path);
  const usage = db_state === 'sharded' && isRoot ? shardUsage(readShardRanges(connection), path) : undefined;
  return { ...row, ...usage, metadata, db_state, isRoot, isDeleted: false };
}

function withDeleted(info: ContainerInfo): ContainerInfo {
  return { ...info, isDeleted: isDeleted(info) };
}

/** Deleted after it was put, and empty. */
export function isDeleted(info: Pick<ContainerInfo, 'object_count' | 'put_timestamp' | 'delete_timestamp'>): boolean {
  if (info.object_count !== 0 && info.object_count !== null) return false;
  return Timestamp.parse(info.delete_timestamp).isAfter(Timestamp.parse(info.put_timestamp));
}

function readUsage(connection: Connection): ObjectUsage {
  return connection
    .prepare('SELECT object_count, bytes_used FROM container_stat LIMIT 1')
    .get() as unknown as ObjectUsage;
}

/** No root named in the metadata, or the container itself. */
function isRootContainer(metadata: DatabaseMetadata, path: string): boolean {
  const quoted = metadata['X-Container-Sysmeta-Shard-Quoted-Root']?.[0];
  const root = quoted ? unquote(wireFromNative(quoted)) : metadata['X-Container-Sysmeta-Shard-Root']?.[0];
  return !root || root === path;
}

/** What the files and the shard ranges of the current one say about sharding. */
export function databaseState(
  connection: Connection,
  database: Database,
  files: readonly string[],
  path: string,
): DatabaseState {
  if (files.length > 1) return 'sharding';
  const epoch = epochOf(database.folder, connection.path);
  if (epoch === null) return 'unsharded';
  const ranges = readShardRanges(connection);
  const own = ranges.find((range) => range.name === path);
  if (own?.epoch !== epoch) return 'unsharded';
  return ranges.some((range) => range.deleted === 0 && range.name !== path) ? 'sharded' : 'collapsed';
}

/** Objects and bytes in the shards of a root. */
export function shardUsage(ranges: readonly ShardRangeRow[], path: string): ObjectUsage {
  let object_count = 0;
  let bytes_used = 0;
  for (const range of ranges) {
    if (range.deleted !== 0 || range.name === path || !USAGE_STATES.includes(range.state)) continue;
    object_count += range.object_count;
    bytes_used += range.bytes_used;
  }
  return { object_count, bytes_used };
}
