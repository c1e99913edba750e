/** DELETE of an account: marks it; the reaper removes what is in it. */

import type { SwiftRequest } from '../http/request.ts';
import type { SwiftResponse } from '../http/response.ts';
import { requireTimestamp } from '../http/storage-server.ts';
import { type AccountServer, checkDevice, locate, statusResponse } from './server.ts';

export async function remove(server: AccountServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, false);
  const timestamp = requireTimestamp(req);
  const refusal = checkDevice(server, target, false);
  if (refusal !== undefined) return refusal;
  const answer = await server.store.deleteAccount(target.account, { timestamp: timestamp.internal });
  if (answer.kind === 'not-found') return statusResponse(404, answer.statusDeleted);
  return statusResponse(204, answer.info.isStatusDeleted);
}
