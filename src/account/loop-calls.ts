/** The calls of an account store that the loop carries out itself; undefined leaves one to the thread of the database. */

import { isListedOnLoop, type LoopDatabase } from '../db/loop-database.ts';
import { encodePendingEntry } from '../db/pending-file.ts';
import { isDeleted, readAccountInfo, readAccountStatus } from './account-information.ts';
import { formatContainers, listContainers } from './account-listing.ts';
import type {
  AccountInfo,
  AccountListing,
  AccountListingRequest,
  PutContainerRowOutcome,
  PutContainerRowRequest,
} from './account-store.ts';
import { PENDING_CONTAINERS, rowFromRequest } from './container-rows.ts';

export function infoOnLoop(database: LoopDatabase): AccountInfo | undefined {
  return database.hasPending() ? undefined : database.known(readAccountInfo);
}

export function listOnLoop(database: LoopDatabase, request: AccountListingRequest): AccountListing | undefined {
  const info = infoOnLoop(database);
  if (info === undefined || !isListedOnLoop(database, request.limit, info.container_count)) return undefined;
  const listing = info.isDeleted
    ? formatContainers([], request, info.account)
    : database.read((connection) => listContainers(connection, request, info.account));
  return listing && { info, listing };
}

export function putContainerOnLoop(
  database: LoopDatabase,
  request: PutContainerRowRequest,
): PutContainerRowOutcome | undefined {
  const row = rowFromRequest(request.row);
  if (request.overrideDeleted !== true) {
    const status = database.known(readAccountStatus);
    // Of an account that may be deleted, the rows that wait decide.
    if (status === undefined || isDeleted({ ...status, container_count: 0 })) return undefined;
  }
  return database.append(encodePendingEntry(PENDING_CONTAINERS.toTuple(row))) ? { kind: 'stored' } : undefined;
}
