import type { Database } from '../db/database.ts';
import { commitPending } from '../db/pending-file.ts';
import { pythonJson } from '../common/python-json.ts';
import type { ReplicationInfo, ReplicationKind } from '../db/replication.ts';
import { maxRow } from '../db/sync-points.ts';
import { isDeleted, readAccountInfo, readAccountStatus } from './account-information.ts';
import {
  containerRowsFromJson,
  mergeContainerRows,
  PENDING_CONTAINERS,
  type IncomingContainerRow,
} from './container-rows.ts';

const ROWS_SINCE = `SELECT ROWID, name, put_timestamp, delete_timestamp, object_count, bytes_used, deleted,
  storage_policy_index FROM container WHERE ROWID > ? ORDER BY ROWID LIMIT ?`;

/** What REPLICATE does on account databases. */
export const ACCOUNT_REPLICATION: ReplicationKind = {
  rowTable: 'container',
  infoTable: 'account_stat',
  info: replicationInfo,
  isDeleted: (connection) => isDeleted(readAccountStatus(connection)),
  rowsFromJson: containerRowsFromJson,
  mergeRows: (connection, rows) => mergeContainerRows(connection, rows as readonly IncomingContainerRow[]),
  rowsSince: (connection, rowId, limit) =>
    connection.prepare(ROWS_SINCE).all(rowId, limit) as unknown as (IncomingContainerRow & { ROWID: number })[],
  forgetReports: () => undefined,
  refusesReplacement: () => Promise.resolve(false),
  mergeRest: () => undefined,
  operations: {},
};

async function replicationInfo(database: Database): Promise<ReplicationInfo> {
  await commitPending(database, PENDING_CONTAINERS);
  return await database.use(database.current(), (connection) => {
    const info = readAccountInfo(connection);
    const { account, created_at, put_timestamp, delete_timestamp, status_changed_at } = info;
    const { object_count, bytes_used, hash, id } = info;
    const metadata = Object.keys(info.metadata).length === 0 ? '' : pythonJson(info.metadata);
    return {
      account,
      created_at,
      put_timestamp,
      delete_timestamp,
      status_changed_at,
      object_count,
      bytes_used,
      hash,
      id,
      count: info.container_count,
      metadata,
      max_row: maxRow(connection, 'container'),
    };
  });
}
