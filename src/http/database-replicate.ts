/** REPLICATE: what database replicators ask each other. */

import { jsonBody } from './database-server.ts';
import type { SwiftRequest } from './request.ts';
import { errorResponse, SwiftResponse } from './response.ts';
import { checkDrive, type DriveOptions, plainError, splitBackendPath } from './storage-server.ts';

/** A store of databases, as far as replicators ask it. */
export interface ReplicatedStore {
  replicate(
    database: { readonly device: string; readonly partition: string; readonly hash: string },
    message: readonly unknown[],
  ): Promise<{ readonly status: number; readonly body: Uint8Array | null }>;
}

/** Answers a request for `/device/partition/hash`. Throws HttpError 400 for one that does not fit. */
export async function answerReplicate(
  req: SwiftRequest,
  drive: DriveOptions,
  store: ReplicatedStore,
): Promise<SwiftResponse> {
  const [device, partition, hash] = splitBackendPath(req, 3, 3) as [string, string, string];
  const refusal = checkDrive(drive, device, true);
  if (refusal !== undefined) return refusal;
  const message = await jsonBody(req, (reason) => plainError(400, reason));
  if (!Array.isArray(message) || typeof message[0] !== 'string') {
    throw plainError(400, 'expected a JSON array that begins with the name of an operation');
  }
  // No database has another name, and none may be looked for outside its folder.
  if (!/^[0-9a-f]{32}$/.test(hash)) return errorResponse(404);
  const { status, body } = await store.replicate({ device, partition, hash }, message);
  if (body === null) return errorResponse(status);
  const type = message[0] === 'get_shard_ranges' ? 'application/json' : 'text/html; charset=UTF-8';
  return new SwiftResponse(status, { 'content-type': type, 'content-length': body.length }, body);
}
