/** PUT of a container, of an object's row, and of shard ranges. */

import { integerValue } from '../common/python-integer.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { htmlError, requireTimestamp } from '../http/storage-server.ts';
import { jsonBody, metadataOf } from '../http/database-server.ts';
import type { Timestamp } from '../common/timestamp.ts';
import { updateAccount } from './account-update.ts';
import { putObjectRow } from './object-row.ts';
import {
  autoCreation,
  checkDevice,
  type ContainerServer,
  type ContainerTarget,
  locate,
  missingDatabase,
  requestedPolicy,
  SAVED_HEADERS,
  wantsAutoCreate,
} from './server.ts';
import { shardRangesOf } from './shard-range-body.ts';
import { syncToFault } from './sync-to.ts';

export async function put(server: ContainerServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, true);
  const timestamp = requireTimestamp(req);
  requireSyncTo(server, req);
  const refusal = checkDevice(server, target, true);
  if (refusal !== undefined) return refusal;
  const policyIndex = requestedPolicy(server, req);
  if (target.object !== undefined) {
    return putObjectRow(server, req, target, target.object, timestamp, policyIndex ?? 0);
  }
  if (req.headers.get('x-backend-record-type')?.toLowerCase() === 'shard') {
    return putShardRanges(server, req, target, timestamp, policyIndex);
  }
  return putContainer(server, req, target, timestamp, policyIndex);
}

/** Throws HttpError 400 for a X-Container-Sync-To that leads nowhere allowed. */
export function requireSyncTo(server: ContainerServer, req: SwiftRequest): void {
  const syncTo = req.headers.get('x-container-sync-to');
  const fault = syncTo === undefined ? undefined : syncToFault(syncTo, server.syncTo);
  if (fault !== undefined) throw htmlError(400, fault);
}

async function putContainer(
  server: ContainerServer,
  req: SwiftRequest,
  { container }: ContainerTarget,
  timestamp: Timestamp,
  policyIndex: number | undefined,
): Promise<SwiftResponse> {
  const outcome = await server.store.putContainer(container, {
    timestamp: timestamp.internal,
    ...(policyIndex === undefined ? {} : { storagePolicyIndex: policyIndex }),
    defaultPolicyIndex: defaultPolicy(server, req),
    metadata: metadataOf(req, 'container', SAVED_HEADERS),
  });
  if (outcome.kind === 'conflict') {
    const isPolicyConflict = policyIndex !== undefined && policyIndex !== outcome.storagePolicyIndex;
    return errorResponse(
      409,
      isPolicyConflict ? { 'x-backend-storage-policy-index': outcome.storagePolicyIndex } : undefined,
    );
  }
  const refusal = await updateAccount(server, req, outcome.info);
  return refusal ?? storedResponse(outcome.created, outcome.info.storage_policy_index);
}

function storedResponse(created: boolean, policyIndex: number): SwiftResponse {
  return errorResponse(created ? 201 : 202, { 'x-backend-storage-policy-index': policyIndex });
}

/** Policy of a new container that asks for none: the proxy's default, else this server's. Throws HttpError 400. */
function defaultPolicy(server: ContainerServer, req: SwiftRequest): number {
  const text = req.headers.get('x-backend-storage-policy-default');
  if (text === undefined || text === '') return server.policies.default.index;
  const index = integerValue(text);
  if (index === undefined || index < 0 || !Number.isSafeInteger(index))
    throw htmlError(400, `Invalid X-Backend-Storage-Policy-Default '${text}'`);
  return index;
}

async function putShardRanges(
  server: ContainerServer,
  req: SwiftRequest,
  target: ContainerTarget,
  timestamp: Timestamp,
  policyIndex: number | undefined,
): Promise<SwiftResponse> {
  const { container } = target;
  const body = await jsonBody(req, (reason) => htmlError(400, `Invalid body: ${reason}`));
  const ranges = shardRangesOf(body);
  const isWanted = wantsAutoCreate(server, req, container.account);
  const creation = autoCreation(isWanted, timestamp.internal, policyIndex);
  const outcome = await server.store.putShardRanges(container, ranges, creation);
  if (outcome === null) return missingDatabase(isWanted);
  const metadata = metadataOf(req, 'container', SAVED_HEADERS);
  if (Object.keys(metadata).length > 0) {
    await server.store.postContainer(container, {
      timestamp: timestamp.internal,
      metadata,
      updatePutTimestamp: false,
    });
  }
  const info = await server.store.getInfo(container);
  return info === null ? errorResponse(404) : storedResponse(outcome.created, info.storage_policy_index);
}
