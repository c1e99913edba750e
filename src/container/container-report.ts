import type { ContainerBroker } from './container-broker.ts';
import type { ContainerInfo, ContainerReport, ReportedState } from './container-store.ts';

/** What the account is to be told of a container; null without database. */
export async function getReport(broker: ContainerBroker): Promise<ContainerReport | null> {
  const info = await broker.info();
  if (info === null) return null;
  const { account, container, put_timestamp, delete_timestamp, storage_policy_index, isRoot } = info;
  // Objects of a shard are counted by its root.
  const object_count = isRoot ? info.object_count : 0;
  const bytes_used = isRoot ? info.bytes_used : 0;
  const report = { put_timestamp, delete_timestamp, object_count, bytes_used };
  return { account, container, ...report, storage_policy_index, isRoot, isDue: isDue(info, report) };
}

/** Timestamps are compared as text, as all that read this database do. */
function isDue(info: ContainerInfo, report: ReportedState): boolean {
  if (Number.parseFloat(report.put_timestamp) <= 0) return false;
  return (
    report.put_timestamp > info.reported_put_timestamp ||
    report.delete_timestamp > info.reported_delete_timestamp ||
    report.object_count !== info.reported_object_count ||
    report.bytes_used !== info.reported_bytes_used
  );
}

export async function setReported(broker: ContainerBroker, reported: ReportedState): Promise<void> {
  const { put_timestamp, delete_timestamp, object_count, bytes_used } = reported;
  await broker.database.change((connection) => {
    connection
      .prepare(
        `UPDATE container_info SET reported_put_timestamp = ?, reported_delete_timestamp = ?,
         reported_object_count = ?, reported_bytes_used = ?`,
      )
      .run(put_timestamp, delete_timestamp, object_count, bytes_used);
  });
}
