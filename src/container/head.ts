/** HEAD of a container. */

import { addStoredMetadata } from '../http/database-server.ts';
import { listingContentType } from '../http/listing-content-type.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { backendHeaders, containerHeaders } from './answer-headers.ts';
import { checkDevice, type ContainerServer, locate, SAVED_HEADERS } from './server.ts';

export async function head(server: ContainerServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, true);
  const contentType = listingContentType(req);
  const refusal = checkDevice(server, target, false);
  if (refusal !== undefined) return refusal;
  const info = await server.store.getInfo(target.container, { staleReadsOk: true });
  if (info === null || info.isDeleted) return errorResponse(404, backendHeaders(info));
  const headers = containerHeaders(info).set('content-type', `${contentType}; charset=utf-8`);
  addStoredMetadata(headers, info.metadata, 'container', SAVED_HEADERS);
  return errorResponse(204, headers);
}
