/** POST of an account's metadata. */

import { metadataOf } from '../http/database-server.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { requireTimestamp } from '../http/storage-server.ts';
import { type AccountServer, checkDevice, locate, SAVED_HEADERS, statusResponse } from './server.ts';

export async function post(server: AccountServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, false);
  const timestamp = requireTimestamp(req);
  const refusal = checkDevice(server, target, true);
  if (refusal !== undefined) return refusal;
  const answer = await server.store.postAccount(target.account, {
    timestamp: timestamp.internal,
    metadata: metadataOf(req, 'account', SAVED_HEADERS),
  });
  return answer.kind === 'not-found' ? statusResponse(404, answer.statusDeleted) : errorResponse(204);
}
