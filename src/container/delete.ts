/** DELETE of a container or of an object's row. */

import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { requireTimestamp } from '../http/storage-server.ts';
import { updateAccount } from './account-update.ts';
import { deleteObjectRow } from './object-row.ts';
import { checkDevice, type ContainerServer, locate, requestedPolicy } from './server.ts';

export async function remove(server: ContainerServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, true);
  const timestamp = requireTimestamp(req);
  const refusal = checkDevice(server, target, false);
  if (refusal !== undefined) return refusal;
  const { container, object } = target;
  if (object !== undefined) {
    return deleteObjectRow(server, req, target, object, timestamp, requestedPolicy(server, req) ?? 0);
  }
  const outcome = await server.store.deleteContainer(container, { timestamp: timestamp.internal });
  switch (outcome.kind) {
    case 'not-found':
      return errorResponse(404);
    case 'conflict':
      return errorResponse(409);
    case 'deleted': {
      const accountRefusal = await updateAccount(server, req, outcome.info);
      return accountRefusal ?? errorResponse(outcome.existed ? 204 : 404);
    }
  }
}
