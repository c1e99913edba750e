/** The report of one container to the servers of its account. */

import type { BackendTransport } from '../backend/transport.ts';
import type { Host, RingNode } from '../common/host.ts';
import { quote } from '../common/text.ts';
import type { HashLocator } from '../db/store-types.ts';
import { Headers } from '../http/headers.ts';
import { sendAccountRow } from './account-row.ts';
import type { ContainerReport, ContainerStore } from './container-store.ts';

export interface ReportContext {
  readonly host: Host;
  readonly store: ContainerStore;
  readonly transport: BackendTransport;
  readonly connectTimeoutMs: number;
  readonly nodeTimeoutMs: number;
  readonly suppressionSeconds: number;
  /** Accounts to be left alone, with the time in seconds when that ends. */
  readonly suppressedUntil: Map<string, number>;
}

export interface SweepStats {
  successes: number;
  failures: number;
  unchanged: number;
}

/** Sends a container's row to all primaries of its account when they do not know its state. */
export async function reportContainer(context: ReportContext, database: HashLocator, stats: SweepStats): Promise<void> {
  const { store, host } = context;
  const report = await store.getReport(database);
  if (report === null || isSuppressed(context, report.account)) return;
  if (!report.isDue) {
    stats.unchanged += 1;
    return;
  }
  const name = `/${report.account}/${report.container}`;
  const statuses = await sendToPrimaries(context, report);
  const successes = statuses.filter((status) => status !== undefined && status >= 200 && status < 300).length;
  if (successes >= Math.floor(statuses.length / 2) + 1) {
    stats.successes += 1;
    await store.setReported(database, report);
    host.log.debug(`Update report sent for ${name}`);
    return;
  }
  stats.failures += 1;
  if (statuses.every((status) => status === 404)) {
    await store.quarantine(database, 'no account replicas exist');
    return;
  }
  context.suppressedUntil.set(report.account, host.now() + context.suppressionSeconds);
  host.log.debug(`Update report failed for ${name}`);
}

function isSuppressed({ suppressedUntil, host }: ReportContext, account: string): boolean {
  const until = suppressedUntil.get(account);
  if (until === undefined) return false;
  if (until > host.now()) return true;
  suppressedUntil.delete(account);
  return false;
}

/** A status for each primary, undefined where none came. */
async function sendToPrimaries(context: ReportContext, report: ContainerReport): Promise<(number | undefined)[]> {
  const ring = context.host.ring('account');
  const partition = ring.partitionOf(report.account);
  const path = `${partition}/${quote(report.account)}/${quote(report.container)}`;
  const headers = new Headers({
    'x-put-timestamp': report.put_timestamp,
    'x-delete-timestamp': report.delete_timestamp,
    'x-object-count': report.object_count,
    'x-bytes-used': report.bytes_used,
    'x-account-override-deleted': 'yes',
    'x-backend-storage-policy-index': report.storage_policy_index,
    'user-agent': `container-updater ${process.pid}`,
  });
  return Promise.all(ring.primaries(partition).map((node) => sendTo(context, node, path, headers)));
}

async function sendTo(
  context: ReportContext,
  node: RingNode,
  path: string,
  headers: Headers,
): Promise<number | undefined> {
  const { transport, host, connectTimeoutMs, nodeTimeoutMs } = context;
  try {
    const answer = await sendAccountRow(transport, {
      ip: node.replication_ip,
      port: node.replication_port,
      target: `/${quote(node.device)}/${path}`,
      headers,
      connectTimeoutMs,
      nodeTimeoutMs,
    });
    return answer.status;
  } catch (error) {
    const place = `${node.replication_ip}:${node.replication_port}/${node.device}`;
    host.log.error(`ERROR account update failed with ${place} (will retry later): ${(error as Error).message}`);
    return undefined;
  }
}
