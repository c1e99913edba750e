import { Timestamp } from '../common/timestamp.ts';
import type { Connection } from '../db/connection.ts';
import { parseMetadata } from '../db/metadata.ts';
import type { AccountInfo, AccountPolicyStat } from './account-store.ts';

/** A sum of what containers report as a number: one that is absurdly large reads as the largest exact one, rather than not at all. */
export function exactSum(column: 'object_count' | 'bytes_used'): string {
  return `min(${column}, ${Number.MAX_SAFE_INTEGER}) AS ${column}`;
}

const SUMS = `container_count, ${exactSum('object_count')}, ${exactSum('bytes_used')}`;
const STAT = `SELECT account, created_at, put_timestamp, delete_timestamp, status_changed_at, ${SUMS}, hash, id, status, metadata
  FROM account_stat LIMIT 1`;
const POLICY_STATS = `SELECT storage_policy_index, ${SUMS} FROM policy_stat ORDER BY storage_policy_index`;
const STATUS = 'SELECT status, container_count, put_timestamp, delete_timestamp FROM account_stat LIMIT 1';

/** What decides whether an account is deleted. */
export interface AccountStatus {
  readonly status: string;
  readonly container_count: number | null;
  readonly put_timestamp: string;
  readonly delete_timestamp: string;
}

/** All that is known of an account. Pending rows are not looked at. */
export function readAccountInfo(connection: Connection): AccountInfo {
  const row = connection.prepare(STAT).get() as unknown as AccountInfo & { readonly metadata: unknown };
  const policyStats = connection.prepare(POLICY_STATS).all() as unknown as AccountPolicyStat[];
  return {
    ...row,
    metadata: parseMetadata(row.metadata as unknown as string),
    policyStats,
    isDeleted: isDeleted(row),
    isStatusDeleted: isStatusDeleted(row),
  };
}

export function readAccountStatus(connection: Connection): AccountStatus {
  return connection.prepare(STATUS).get() as unknown as AccountStatus;
}

/** Marked as deleted, or empty and deleted after it was put. */
export function isDeleted(account: AccountStatus): boolean {
  if (account.status === 'DELETED') return true;
  if (account.container_count !== 0 && account.container_count !== null) return false;
  return Timestamp.parse(account.delete_timestamp).isAfter(Timestamp.parse(account.put_timestamp));
}

/** Marked as deleted, or deleted after it was put, comparing text. */
export function isStatusDeleted(account: AccountStatus): boolean {
  return account.status === 'DELETED' || account.delete_timestamp > account.put_timestamp;
}
