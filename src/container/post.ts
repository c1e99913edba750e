/** POST of a container's metadata. */

import { isTrueValue } from '../common/text.ts';
import { metadataOf } from '../http/database-server.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { requireTimestamp } from '../http/storage-server.ts';
import { requireSyncTo } from './put.ts';
import { checkDevice, type ContainerServer, locate, SAVED_HEADERS } from './server.ts';

export async function post(server: ContainerServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, false);
  const timestamp = requireTimestamp(req);
  requireSyncTo(server, req);
  const refusal = checkDevice(server, target, true);
  if (refusal !== undefined) return refusal;
  const info = await server.store.postContainer(target.container, {
    timestamp: timestamp.internal,
    metadata: metadataOf(req, 'container', SAVED_HEADERS),
    updatePutTimestamp: !isTrueValue(req.headers.get('x-backend-no-timestamp-update')),
  });
  return errorResponse(info === null ? 404 : 204);
}
