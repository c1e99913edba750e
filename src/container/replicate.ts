/** REPLICATE: what database replicators ask each other. */

import { replicateMessage, replicateResponse } from '../http/database-server.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { checkDrive, splitBackendPath } from '../http/storage-server.ts';
import type { ContainerServer } from './server.ts';

export async function replicate(server: ContainerServer, req: SwiftRequest): Promise<SwiftResponse> {
  const [device, partition, hash] = splitBackendPath(req, 3, 3) as [string, string, string];
  const refusal = checkDrive(server.drive, device, true);
  if (refusal !== undefined) return refusal;
  const message = await replicateMessage(req);
  // No database has another name, and none may be looked for outside its folder.
  if (!/^[0-9a-f]{32}$/.test(hash)) return errorResponse(404);
  return replicateResponse(message[0], await server.store.replicate({ device, partition, hash }, message));
}
