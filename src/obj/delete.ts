/** DELETE of an object: a tombstone is written whenever the request is newer, whatever was there. */

import { integerValue } from '../common/python-integer.ts';
import type { Timestamp } from '../common/timestamp.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { htmlTextResponse, requireTimestamp } from '../http/storage-server.ts';
import { updateContainers } from './container-update.ts';
import { unqueueExpiry } from './expirer-update.ts';
import { deleteAtOf } from './delete-at.ts';
import { locate, nextPartPower, type ObjectServer } from './server.ts';
import { type Metadata, type StoredObject, StorageError } from './storage.ts';

/** What is there; `metadata` also for an expired object, `isLive` is false for it. */
interface Existing {
  readonly timestamp: Timestamp | undefined;
  readonly metadata: Metadata | undefined;
  readonly isLive: boolean;
}

export async function deleteObject(server: ObjectServer, req: SwiftRequest): Promise<SwiftResponse> {
  const location = locate(server, req);
  const timestamp = requireTimestamp(req);
  const object = server.storage.object(location);
  const existing = await findExisting(object, timestamp);
  const isNewer = existing.timestamp === undefined || timestamp.isAfter(existing.timestamp);
  const deleteAtSeconds = deleteAtOf(existing.metadata?.get('X-Delete-At'));
  const condition = req.headers.get('x-if-delete-at');
  if (condition !== undefined) {
    const refusal = checkIfDeleteAt(condition, existing, isNewer, deleteAtSeconds);
    if (refusal !== undefined) return refusal;
  }
  if (isNewer) {
    if (deleteAtSeconds !== 0) await unqueueExpiry(server, req, location, timestamp.internal, deleteAtSeconds);
    await object.delete(timestamp, nextPartPower(req));
    await updateContainers(server, req, location, 'DELETE', new Map([['X-Timestamp', timestamp.internal]]));
  }
  const wasThere = existing.isLive || condition !== undefined;
  return answer(wasThere ? (isNewer ? 204 : 409) : 404, existing, isNewer ? timestamp : existing.timestamp);
}

async function findExisting(object: StoredObject, now: Timestamp): Promise<Existing> {
  try {
    const opened = await object.open({ nowSeconds: now.seconds });
    opened.close();
    return { timestamp: opened.dataTimestamp, metadata: opened.metadata, isLive: true };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    switch (error.code) {
      case 'deleted':
      case 'expired':
        return { timestamp: error.timestamp, metadata: error.metadata, isLive: false };
      case 'not-exist':
      case 'quarantined':
        return { timestamp: undefined, metadata: undefined, isLive: false };
      case 'device-unavailable':
      case 'no-space':
      case 'xattr-unsupported':
      case 'metadata-too-large':
      case 'collision':
      case 'state-changed':
        throw error;
    }
  }
}

/** The expirer deletes only what still has the delete time that it knows. */
function checkIfDeleteAt(
  condition: string,
  existing: Existing,
  isNewer: boolean,
  deleteAtSeconds: number,
): SwiftResponse | undefined {
  const wanted = integerValue(condition);
  if (wanted === undefined) return htmlTextResponse(400, 'Bad X-If-Delete-At header value');
  if (existing.timestamp === undefined) return errorResponse(404);
  if (!isNewer) return errorResponse(409, { 'x-backend-timestamp': existing.timestamp.internal });
  return wanted === deleteAtSeconds ? undefined : htmlTextResponse(412, 'X-If-Delete-At and X-Delete-At do not match');
}

function answer(status: number, existing: Existing, timestamp: Timestamp | undefined): SwiftResponse {
  return errorResponse(status, {
    'x-backend-timestamp': timestamp?.internal,
    'x-backend-content-type': existing.metadata?.get('Content-Type') ?? '',
  });
}
