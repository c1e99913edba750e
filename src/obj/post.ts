/** POST of an object: its metadata is replaced, its content type may be. Source: spec swift-formats 5.2. */

import { Timestamp } from '../common/timestamp.ts';
import { checkDeleteHeaders, checkMetadata } from '../http/metadata-limits.ts';
import { lowerName } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { plainError, requireTimestamp } from '../http/storage-server.ts';
import { isTrueValue } from '../common/text.ts';
import { applyOverrides, type RowFields, updateContainers } from './container-update.ts';
import { queueExpiry, unqueueExpiry } from './expirer-update.ts';
import { deleteAtOf } from './delete-at.ts';
import { locate, nextPartPower, type ObjectServer } from './server.ts';
import { type Metadata, type ObjectLocation, type OpenedObject, StorageError } from './storage.ts';
import { isObjectSysmeta, replicatedHeaderNames, storePostHeaders } from './stored-headers.ts';

/** The content type that the object has from now on, and since when. */
interface ContentType {
  readonly value: string;
  readonly timestamp: Timestamp;
}

export async function post(server: ObjectServer, req: SwiftRequest): Promise<SwiftResponse> {
  const location = locate(server, req);
  const timestamp = requireTimestamp(req);
  const refusal =
    checkDeleteHeaders(req.headers, timestamp.seconds) ?? checkMetadata(req.headers, 'object', server.constraints);
  if (refusal !== undefined) return refusal.toResponse();
  const object = server.storage.object(location);
  let opened: OpenedObject;
  try {
    opened = await object.open({
      nowSeconds: timestamp.seconds,
      openExpired: isTrueValue(req.headers.get('x-backend-open-expired')),
    });
  } catch (error) {
    // Unlike GET, POST does not tell the time of a tombstone.
    if (error instanceof StorageError && GONE.has(error.code)) return errorResponse(404);
    throw error;
  }
  opened.close();
  const named = namedContentType(req, timestamp);
  const changesMetadata = timestamp.isAfter(opened.timestamp);
  const changesType = named !== undefined && named.timestamp.isAfter(opened.contentTypeTimestamp);
  // A new type with old metadata needs a metadata file to go into: one as old as the data would not count.
  const canKeepMetadata = changesType && opened.metaMetadata !== undefined;
  if (!changesMetadata && !canKeepMetadata) {
    return errorResponse(409, { 'x-backend-timestamp': opened.timestamp.internal });
  }
  const contentType: ContentType = changesType
    ? named
    : { value: opened.metadata.get('Content-Type') ?? '', timestamp: opened.contentTypeTimestamp };
  const stored = newMetadata(server, req, timestamp, opened, contentType, changesMetadata);
  await object.writeMetadata(stored, nextPartPower(req));
  if (changesMetadata) await moveExpiry(server, req, location, timestamp, opened);
  if (req.headers.has('x-container-partition')) {
    await updateContainers(server, req, location, 'PUT', rowFields(opened, stored, contentType));
  }
  return accepted(opened, contentType);
}

const GONE: ReadonlySet<string> = new Set(['not-exist', 'deleted', 'expired', 'quarantined']);

/** Content-Type of the request with its time. Throws HttpError 400 for a malformed time. */
function namedContentType(req: SwiftRequest, timestamp: Timestamp): ContentType | undefined {
  const value = req.headers.get('content-type') ?? '';
  if (value === '') return undefined;
  const text = req.headers.get('content-type-timestamp');
  const named = text === undefined ? timestamp : Timestamp.tryParse(text);
  if (named === undefined) throw plainError(400, 'Invalid Content-Type-Timestamp header');
  return { value, timestamp: named };
}

/** What the metadata file will hold. A content type that stands in the data file is not repeated. */
function newMetadata(
  server: ObjectServer,
  req: SwiftRequest,
  timestamp: Timestamp,
  opened: OpenedObject,
  contentType: ContentType,
  changesMetadata: boolean,
): Metadata {
  let metadata: Metadata;
  if (changesMetadata) {
    metadata = new Map([['X-Timestamp', timestamp.internal]]);
    storePostHeaders(metadata, req.headers, server.allowedHeaders, replicatedHeaderNames(req.headers));
  } else {
    metadata = new Map(opened.metaMetadata);
  }
  if (!contentType.timestamp.equals(opened.dataTimestamp)) {
    metadata.set('Content-Type', contentType.value);
    metadata.set('Content-Type-Timestamp', contentType.timestamp.internal);
  }
  return metadata;
}

async function moveExpiry(
  server: ObjectServer,
  req: SwiftRequest,
  location: ObjectLocation,
  timestamp: Timestamp,
  opened: OpenedObject,
): Promise<void> {
  const before = deleteAtOf(opened.metadata.get('X-Delete-At'));
  const after = deleteAtOf(req.headers.get('x-delete-at'));
  if (before === after) return;
  if (after !== 0) {
    await queueExpiry(server, req, location, timestamp.internal, {
      deleteAtSeconds: after,
      contentLength: opened.metadata.get('Content-Length') as string,
      dataTimestamp: opened.dataTimestamp.internal,
    });
  }
  if (before !== 0) await unqueueExpiry(server, req, location, timestamp.internal, before);
}

function rowFields(opened: OpenedObject, stored: Metadata, contentType: ContentType): RowFields {
  let type = contentType.value;
  // The size that a large object's manifest stands for travels in its content type, and outlives a new type.
  if (!contentType.timestamp.equals(opened.dataTimestamp)) {
    const swiftBytes = /;\s*(swift_bytes=[^;]*)/i.exec(opened.dataMetadata.get('Content-Type') ?? '');
    if (swiftBytes !== null) type += `;${swiftBytes[1] as string}`;
  }
  const fields: RowFields = new Map([
    ['X-Size', opened.metadata.get('Content-Length') as string],
    ['X-Content-Type', type],
    ['X-Timestamp', opened.dataTimestamp.internal],
    ['X-Content-Type-Timestamp', contentType.timestamp.internal],
    ['X-Meta-Timestamp', stored.get('X-Timestamp') as string],
    ['X-Etag', opened.metadata.get('ETag') as string],
  ]);
  return applyOverrides(fields, opened.metadata);
}

function accepted(opened: OpenedObject, contentType: ContentType): SwiftResponse {
  const response = errorResponse(202, { 'x-backend-content-type': contentType.value });
  for (const [name, value] of opened.metadata) {
    if (isObjectSysmeta(lowerName(name))) response.headers.set(name, value);
  }
  return response;
}
