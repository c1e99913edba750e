import type { Connection } from '../db/connection.ts';
import type { Database } from '../db/database.ts';
import { now } from '../db/info-changes.ts';
import { commitPending } from '../db/pending-file.ts';
import { pythonJson } from '../common/python-json.ts';
import {
  ACCEPTED,
  BAD_REQUEST,
  jsonAnswer,
  type RemoteInfo,
  type ReplicationInfo,
  type ReplicationKind,
} from '../db/replication.ts';
import { maxRow } from '../db/sync-points.ts';
import { setStoragePolicy } from './container-broker.ts';
import { databaseState, isDeleted, readContainerInfo } from './container-information.ts';
import type { ContainerInfo, ObjectRow, ShardRangeRow } from './container-store.ts';
import { mergeObjectRows } from './object-row-merge.ts';
import { objectRowsFromJson, PENDING_OBJECTS } from './object-rows.ts';
import { remotePolicyWins } from './policy-conflict.ts';
import { compareShardRanges } from './shard-range.ts';
import { mergeShardRanges, readShardRanges, shardRangeFromJson } from './shard-range-table.ts';

const ROWS_SINCE = `SELECT ROWID, name, created_at, size, content_type, etag, deleted, storage_policy_index
  FROM object WHERE ROWID > ? ORDER BY ROWID LIMIT ?`;

/** What REPLICATE does on container databases. */
export const CONTAINER_REPLICATION: ReplicationKind = {
  rowTable: 'object',
  infoTable: 'container_info',
  info: replicationInfo,
  isDeleted: isFileDeleted,
  rowsFromJson: objectRowsFromJson,
  mergeRows: (connection, rows) => mergeObjectRows(connection, rows as readonly ObjectRow[]),
  rowsSince: (connection, rowId, limit) =>
    connection.prepare(ROWS_SINCE).all(rowId, limit) as unknown as (ObjectRow & { ROWID: number })[],
  forgetReports: (connection) =>
    connection.exec(
      `UPDATE container_info SET reported_put_timestamp = 0, reported_delete_timestamp = 0,
       reported_object_count = 0, reported_bytes_used = 0`,
    ),
  refusesReplacement: hasBegunSharding,
  mergeRest: (from, to) => mergeShardRanges(to, readShardRanges(from)),
  operations: {
    get_shard_ranges: async (database) => jsonAnswer(await sortedShardRanges(database)),
    merge_shard_ranges: async (database, [given]) => {
      const ranges = Array.isArray(given) ? given.map(shardRangeFromJson) : [undefined];
      if (ranges.includes(undefined)) return BAD_REQUEST;
      await database.change((connection) => mergeShardRanges(connection, ranges as ShardRangeRow[]));
      return ACCEPTED;
    },
  },
};

/** Every record of the current file in order. */
export async function sortedShardRanges(database: Database): Promise<ShardRangeRow[]> {
  const ranges = await database.use(database.current(), (connection) => readShardRanges(connection));
  return ranges.sort(compareShardRanges);
}

async function replicationInfo(database: Database, remote: RemoteInfo): Promise<ReplicationInfo> {
  await commitPending(database, PENDING_OBJECTS);
  let info = await currentInfo(database);
  const { status_changed_at, count, storage_policy_index } = remote;
  if (status_changed_at !== undefined && count !== undefined && storage_policy_index !== undefined) {
    const claim = { ...remote, status_changed_at, storage_policy_index, object_count: count };
    if (remotePolicyWins(info, claim)) {
      await database.change((connection) => setStoragePolicy(connection, storage_policy_index, now().internal));
      info = await currentInfo(database);
    }
  }
  const rows = await database.use(database.current(), (connection) => ({
    max_row: maxRow(connection, 'object'),
    shard_max_row: maxRow(connection, 'shard_range'),
  }));
  const { object_count, metadata, isDeleted: _isDeleted, isRoot: _isRoot, db_state, ...columns } = info;
  const stored = Object.keys(metadata).length === 0 ? '' : pythonJson(metadata);
  return { ...columns, db_state, count: object_count, metadata: stored, ...rows };
}

async function currentInfo(database: Database): Promise<ContainerInfo> {
  const files = database.files();
  if (files.length === 0) throw database.gone();
  return await readContainerInfo(database, files);
}

function isFileDeleted(connection: Connection): boolean {
  const row = connection.prepare('SELECT object_count, put_timestamp, delete_timestamp FROM container_stat').get();
  return isDeleted(row as unknown as ContainerInfo);
}

/** Several files, an epoch, or an own shard range that says so: then rows live elsewhere too. */
async function hasBegunSharding(database: Database): Promise<boolean> {
  const files = database.files();
  return await database.use(database.current(), (connection) => {
    const row = connection.prepareArrays('SELECT account, container FROM container_info').get();
    const path = (row as unknown as [string, string]).join('/');
    if (databaseState(connection, database, files, path) !== 'unsharded') return true;
    return readShardRanges(connection, 'name = ?', path).some((range) => range.state >= 50);
  });
}
