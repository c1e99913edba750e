/** Answers to the faults of a store of databases. */

import { StoreError } from '../common/store-error.ts';
import type { SwiftRequest } from './request.ts';
import { errorResponse, type SwiftResponse } from './response.ts';
import { htmlError, insufficientStorage, plainError } from './storage-server.ts';

/** Undefined for what is no fault of a store. Faults of the server's own are logged. */
export function storeFault(error: unknown, req: SwiftRequest): SwiftResponse | undefined {
  if (!(error instanceof StoreError)) return undefined;
  const res = answerOf(error, req);
  if (res.status >= 500) req.log.error(`ERROR ${req.method} ${req.path}: ${error.code}`, error);
  return res;
}

function answerOf({ code, message }: StoreError, req: SwiftRequest): SwiftResponse {
  switch (code) {
    case 'bad-metadata':
    case 'bad-states':
    case 'bad-rows':
      return htmlError(400, message).toResponse();
    case 'not-utf8':
      return plainError(400, message).toResponse();
    case 'database-gone':
      return errorResponse(404);
    case 'device-error':
      return insufficientStorage(req.path.split('/')[1] ?? '');
    case 'quarantined':
      return errorResponse(500);
    case 'lock-timeout':
    case 'database-busy':
    case 'worker-lost':
    case 'store-closed':
      return errorResponse(503);
  }
}
