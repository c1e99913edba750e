/** The calls of a container store that the loop carries out itself; undefined leaves one to the thread of the database. */

import { isListedOnLoop, type LoopDatabase } from '../db/loop-database.ts';
import { encodePendingEntry } from '../db/pending-file.ts';
import { readUnshardedInfo } from './container-information.ts';
import type {
  ContainerInfo,
  ContainerListing,
  ContainerListingRequest,
  PutRowOutcome,
  PutRowRequest,
} from './container-store.ts';
import { listingPlan } from './listing-plan.ts';
import { listObjects } from './object-listing.ts';
import { checkObjectRow, PENDING_OBJECTS } from './object-rows.ts';
import { readShardRanges } from './shard-range-table.ts';

export function infoOnLoop(database: LoopDatabase): ContainerInfo | undefined {
  return database.hasPending() ? undefined : database.known(readUnshardedInfo);
}

export function listOnLoop(database: LoopDatabase, request: ContainerListingRequest): ContainerListing | undefined {
  const info = infoOnLoop(database);
  if (info === undefined || !isListedOnLoop(database, request.limit, info.object_count)) return undefined;
  const { isShown, ...plan } = listingPlan(info, request);
  if (plan.recordType === 'shard') return undefined;
  if (!isShown) return { info, listing: null, ...plan };
  const listing = database.read((connection) =>
    listObjects(connection, request, plan.storagePolicyIndex, info.container),
  );
  return listing && { info, listing, ...plan };
}

export function putRowOnLoop(
  database: LoopDatabase,
  { row, acceptRedirect }: PutRowRequest,
): PutRowOutcome | undefined {
  checkObjectRow(row);
  if (acceptRedirect === true && database.known(readShardRanges)?.length !== 0) return undefined;
  return database.append(encodePendingEntry(PENDING_OBJECTS.toTuple(row))) ? { kind: 'stored' } : undefined;
}
