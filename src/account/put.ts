/** PUT of an account, or of a container's row in it. */

import { Timestamp } from '../common/timestamp.ts';
import { metadataOf, requireTextHeader } from '../http/database-server.ts';
import { titleName } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { plainError, requireTimestamp } from '../http/storage-server.ts';
import {
  type AccountServer,
  type AccountTarget,
  checkDevice,
  locate,
  SAVED_HEADERS,
  statusResponse,
} from './server.ts';

export async function put(server: AccountServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, true);
  const timestamp = target.container === undefined ? requireTimestamp(req) : undefined;
  const refusal = checkDevice(server, target, true);
  if (refusal !== undefined) return refusal;
  if (timestamp === undefined) return putContainerRow(server, req, target, target.container as string);
  const outcome = await server.store.putAccount(target.account, {
    timestamp: timestamp.internal,
    metadata: metadataOf(req, 'account', SAVED_HEADERS),
  });
  switch (outcome.kind) {
    case 'stored':
      return errorResponse(outcome.created ? 201 : 202);
    case 'recently-deleted':
      return statusResponse(403, true, 'Recently deleted');
    case 'conflict':
      return errorResponse(409);
  }
}

async function putContainerRow(
  server: AccountServer,
  req: SwiftRequest,
  { account }: AccountTarget,
  name: string,
): Promise<SwiftResponse> {
  const putTimestamp = rowTimestamp(req, 'x-put-timestamp');
  const deleteTimestamp = rowTimestamp(req, 'x-delete-timestamp');
  const isAutoCreated = account.account.startsWith(server.autoCreateAccountPrefix);
  const outcome = await server.store.putContainer(account, {
    row: {
      name,
      put_timestamp: putTimestamp,
      delete_timestamp: deleteTimestamp,
      object_count: requireTextHeader(req, 'x-object-count'),
      bytes_used: requireTextHeader(req, 'x-bytes-used'),
      storage_policy_index: req.headers.get('x-backend-storage-policy-index') ?? 0,
    },
    overrideDeleted: req.headers.get('x-account-override-deleted')?.toLowerCase() === 'yes',
    ...(isAutoCreated ? { autoCreateTimestamp: requestTime(server, req) } : {}),
  });
  if (outcome.kind === 'not-found') return errorResponse(404);
  // Compared as texts, as the account servers of a cluster all do.
  return errorResponse(deleteTimestamp > putTimestamp ? 204 : 201);
}

/** A timestamp of the row, as its text stands. Throws HttpError 400. */
function rowTimestamp(req: SwiftRequest, name: string): string {
  const text = requireTextHeader(req, name);
  if (Timestamp.tryParse(text) === undefined) {
    throw plainError(400, `Missing or invalid ${titleName(name)} header`);
  }
  return text;
}

/** X-Timestamp, or now for a request without. Throws HttpError 400. */
function requestTime(server: AccountServer, req: SwiftRequest): string {
  return req.headers.has('x-timestamp') ? requireTimestamp(req).internal : Timestamp.fromSeconds(server.now()).internal;
}
