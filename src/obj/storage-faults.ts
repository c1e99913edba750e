/** The answers to what a storage throws. */

import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { insufficientStorage, plainError } from '../http/storage-server.ts';
import { StorageError } from './storage.ts';

/** Answer to a StorageError that no verb handled itself; undefined for other errors. */
export function storageFault(error: unknown, req: SwiftRequest): SwiftResponse | undefined {
  if (!(error instanceof StorageError)) return undefined;
  switch (error.code) {
    case 'device-unavailable':
    case 'no-space':
    case 'xattr-unsupported':
      return insufficientStorage(deviceOf(req));
    case 'metadata-too-large':
      // No 507: the device is well, and a proxy would leave it out for everybody's requests.
      return plainError(400, "Metadata too large for the device's file system").toResponse();
    case 'not-exist':
    case 'quarantined':
      return errorResponse(404);
    case 'deleted':
    case 'expired':
      return errorResponse(404, error.timestamp && { 'x-backend-timestamp': error.timestamp.internal });
    case 'collision':
      return errorResponse(403);
    case 'state-changed':
      return errorResponse(503);
  }
}

function deviceOf(req: SwiftRequest): string {
  return req.path.split('/', 2)[1] ?? '';
}
