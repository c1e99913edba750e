import type { Job, MethodTable } from '../db/database-executor.ts';
import { now } from '../db/info-changes.ts';
import { replicate } from '../db/replication.ts';
import { StoreError } from '../common/store-error.ts';
import type { ContainerLocator, ListingBody, ReplicateAnswer } from '../db/store-types.ts';
import { ContainerBroker } from './container-broker.ts';
import { CONTAINER_REPLICATION, sortedShardRanges } from './container-replication.ts';
import { getReport, setReported } from './container-report.ts';
import type {
  AutoCreate,
  ContainerInfo,
  ContainerListing,
  ContainerListingRequest,
  ContainerReport,
  DeleteContainerOutcome,
  ObjectRow,
  PostContainerRequest,
  PutContainerOutcome,
  PutContainerRequest,
  PutRowOutcome,
  PutRowRequest,
  ReportedState,
  ShardRangeRow,
} from './container-store.ts';
import { listingPlan } from './listing-plan.ts';
import { listObjects } from './object-listing.ts';
import { objectRowsFromJson } from './object-rows.ts';
import { listShardRanges } from './shard-listing.ts';
import { shardRangeFromJson } from './shard-range-table.ts';

function broker({ context, limits, folder }: Job): ContainerBroker {
  return new ContainerBroker(context, limits, folder);
}

async function getInfo(job: Job, staleReadsOk: boolean): Promise<ContainerInfo | null> {
  return await broker(job).info(staleReadsOk);
}

async function putContainer(
  job: Job,
  { account, container }: ContainerLocator,
  request: PutContainerRequest,
): Promise<PutContainerOutcome> {
  return await broker(job).put(account, container, request);
}

async function postContainer(job: Job, request: PostContainerRequest): Promise<ContainerInfo | null> {
  return await broker(job).post(request);
}

async function deleteContainer(job: Job, timestamp: string): Promise<DeleteContainerOutcome> {
  return await broker(job).delete(timestamp);
}

async function putRow(
  job: Job,
  { account, container }: ContainerLocator,
  request: PutRowRequest,
): Promise<PutRowOutcome> {
  return await broker(job).putRow(account, container, request);
}

async function mergeRows(
  job: Job,
  { account, container }: ContainerLocator,
  rows: readonly ObjectRow[],
  autoCreate: AutoCreate | undefined,
): Promise<boolean> {
  const checked = objectRowsFromJson(rows);
  if (checked === undefined) throw new StoreError('bad-rows', 'not an object row');
  const target = broker(job);
  if (!(await target.exists(account, container, autoCreate))) return false;
  await target.mergeRows(checked);
  return true;
}

async function list(job: Job, request: ContainerListingRequest): Promise<ContainerListing | null> {
  const source = broker(job);
  const info = await source.info(true);
  if (info === null) return null;
  const plan = listingPlan(info, request);
  const { recordType, storagePolicyIndex, nameFilterOverridden } = plan;
  let listing: ListingBody | null = null;
  if (plan.isShown && recordType === 'shard') listing = await shardListing(source, info, request, nameFilterOverridden);
  else if (plan.isShown) listing = await objectListing(source, info, request, storagePolicyIndex);
  return { info, listing, recordType, storagePolicyIndex, nameFilterOverridden };
}

async function objectListing(
  source: ContainerBroker,
  info: ContainerInfo,
  request: ContainerListingRequest,
  storagePolicyIndex: number,
): Promise<ListingBody> {
  // While sharding, the retiring file holds the objects.
  const path = info.db_state === 'sharding' ? (source.database.files()[0] as string) : source.database.current();
  return await source.database.use(path, (connection) =>
    listObjects(connection, request, storagePolicyIndex, info.container),
  );
}

async function shardListing(
  source: ContainerBroker,
  info: ContainerInfo,
  request: ContainerListingRequest,
  nameFilterOverridden: boolean,
): Promise<ListingBody> {
  const { marker: _marker, endMarker: _endMarker, includes: _includes, reverse: _reverse, ...unfiltered } = request;
  const effective = nameFilterOverridden ? unfiltered : request;
  const ranges = await source.shardRanges();
  return listShardRanges(ranges, effective, `${info.account}/${info.container}`, now());
}

async function getShardRanges(job: Job, includeDeleted: boolean): Promise<ShardRangeRow[]> {
  const { database } = broker(job);
  if (!database.exists()) return [];
  const ranges = await sortedShardRanges(database);
  return includeDeleted ? ranges : ranges.filter((range) => range.deleted === 0);
}

async function putShardRanges(
  job: Job,
  { account, container }: ContainerLocator,
  values: readonly unknown[],
  autoCreate: AutoCreate | undefined,
): Promise<{ created: boolean } | null> {
  const ranges = values.map(shardRangeFromJson);
  if (ranges.includes(undefined)) throw new StoreError('bad-rows', 'not a shard range');
  const target = broker(job);
  const isMissing = !target.database.exists();
  if (isMissing && autoCreate === undefined) return null;
  const created = isMissing && autoCreate !== undefined && (await target.create(account, container, autoCreate));
  await target.mergeShardRanges(ranges as ShardRangeRow[]);
  return { created };
}

async function replicateMessage(job: Job, message: readonly unknown[]): Promise<ReplicateAnswer> {
  return await replicate(job.context, job.folder, CONTAINER_REPLICATION, message);
}

/** What a container store does on the thread of a database. */
export const CONTAINER_METHODS: MethodTable = {
  getInfo,
  putContainer,
  postContainer,
  deleteContainer,
  putRow,
  mergeRows,
  list,
  getShardRanges,
  putShardRanges,
  replicate: replicateMessage,
  getReport: (job: Job): Promise<ContainerReport | null> => getReport(broker(job)),
  setReported: (job: Job, reported: ReportedState) => setReported(broker(job), reported),
  quarantine: async (job: Job, reason: string): Promise<void> => {
    const { database } = broker(job);
    if (database.exists()) database.quarantine(reason);
  },
};
