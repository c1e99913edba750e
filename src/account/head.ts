/** HEAD of an account. */

import { listingContentType } from '../http/listing-content-type.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { accountHeaders, type AccountServer, checkDevice, locate, statusResponse } from './server.ts';

export async function head(server: AccountServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, false);
  const contentType = listingContentType(req);
  const refusal = checkDevice(server, target, false);
  if (refusal !== undefined) return refusal;
  const info = await server.store.getInfo(target.account, { staleReadsOk: true });
  if (info === null || info.isDeleted) return statusResponse(404, info?.isStatusDeleted ?? false);
  return errorResponse(204, accountHeaders(server, info, contentType));
}
