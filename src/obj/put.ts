/** PUT of an object. The order of the checks is Swift's: spec swift-formats 5.2. */

import { bodyStream, digestOf, forEachChunk } from '../http/body.ts';
import { etagListHas, unquotedEtag } from '../http/conditional.ts';
import type { Timestamp } from '../common/timestamp.ts';
import type { Headers } from '../http/headers.ts';
import { checkObjectCreation, messageLength } from '../http/metadata-limits.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, HttpError, SwiftResponse } from '../http/response.ts';
import { requireTimestamp } from '../http/storage-server.ts';
import { ClientDisconnect } from '../http/errors.ts';
import { putFields, updateContainers } from './container-update.ts';
import { queueExpiry, unqueueExpiry } from './expirer-update.ts';
import { MimePut } from './mime-put.ts';
import { deleteAtOf } from './delete-at.ts';
import { locate, nextPartPower, type ObjectServer } from './server.ts';
import { type Metadata, type ObjectLocation, type ObjectWriter, type StoredObject, StorageError } from './storage.ts';
import { replicatedHeaderNames, storePutHeaders } from './stored-headers.ts';

/** What is there already. */
interface Existing {
  /** Zero when there is nothing. */
  readonly timestamp: Timestamp | undefined;
  /** Undefined unless a live object is there. */
  readonly metadata: Metadata | undefined;
}

/** The body as it was received. */
interface Received {
  readonly sizeBytes: number;
  readonly etag: string;
  readonly footers: Headers | undefined;
}

export async function put(server: ObjectServer, req: SwiftRequest): Promise<SwiftResponse> {
  const location = locate(server, req);
  const timestamp = requireTimestamp(req);
  const refusal = checkObjectCreation(req.headers, location.object, server.constraints, timestamp.seconds);
  if (refusal !== undefined) return refusal.toResponse();
  const object = server.storage.object(location);
  const existing = await findExisting(object, timestamp);
  if (isRefusedByEtag(req, existing.metadata)) return errorResponse(412);
  if (existing.timestamp !== undefined && !timestamp.isAfter(existing.timestamp)) {
    return errorResponse(409, { 'x-backend-timestamp': existing.timestamp.internal });
  }
  const mime = MimePut.of(req);
  const sizeBytes = mime === undefined ? (messageLength(req.headers) as number | null) : mime.sizeBytes;
  const digest = digestOf(req.body);
  const md5Of = digest?.take() === true ? (bytes: number): string => digest.hex(bytes) : undefined;
  const writer = await object.create({ sizeBytes, nextPartPower: nextPartPower(req), md5Of });
  let stored: Metadata;
  let footers: Headers | undefined;
  try {
    const received = await receive(server, req, writer, sizeBytes, mime);
    footers = received.footers;
    checkEtag(req, received);
    stored = storedMetadata(server, req, timestamp, received);
    await writer.commit(stored, timestamp);
  } catch (error) {
    await writer.abort();
    throw error;
  }
  await followUp(server, req, location, stored, footers, existing.metadata);
  return new SwiftResponse(201, {
    'content-type': 'text/html; charset=UTF-8',
    etag: `"${stored.get('ETag') as string}"`,
    'content-length': '0',
  });
}

async function findExisting(object: StoredObject, now: Timestamp): Promise<Existing> {
  try {
    const opened = await object.open({ nowSeconds: now.seconds });
    opened.close();
    return { timestamp: opened.dataTimestamp, metadata: opened.metadata };
  } catch (error) {
    if (!(error instanceof StorageError)) throw error;
    switch (error.code) {
      case 'deleted':
      case 'expired':
        return { timestamp: error.timestamp, metadata: undefined };
      case 'not-exist':
      case 'quarantined':
      case 'state-changed':
        return NOTHING;
      case 'device-unavailable':
      case 'no-space':
      case 'xattr-unsupported':
      case 'metadata-too-large':
      case 'collision':
        throw error;
    }
  }
}

const NOTHING: Existing = { timestamp: undefined, metadata: undefined };

/** If-None-Match: `*` or a list of ETags, against a live object. */
function isRefusedByEtag(req: SwiftRequest, metadata: Metadata | undefined): boolean {
  const condition = req.headers.get('if-none-match');
  return condition !== undefined && metadata !== undefined && etagListHas(condition, metadata.get('ETag') ?? '');
}

/** Reads the body into the writer. Throws ClientDisconnect when it is shorter or longer than promised. */
async function receive(
  server: ObjectServer,
  req: SwiftRequest,
  writer: ObjectWriter,
  sizeBytes: number | null,
  mime: MimePut | undefined,
): Promise<Received> {
  if (mime !== undefined) {
    if (req.headers.get('expect')?.toLowerCase() === '100-continue') req.sendContinue(mime.continueHeaders);
    await mime.begin();
  }
  const body = mime?.objectBody ?? bodyStream(req.body);
  const deadline = server.now() + server.maxUploadSeconds;
  let received = 0;
  const store = (chunk: Uint8Array): void | Promise<void> => {
    if (server.now() > deadline) throw new HttpError(408);
    received += chunk.length;
    if (sizeBytes !== null && received > sizeBytes) throw new ClientDisconnect();
    return writer.write(chunk);
  };
  await forEachChunk(body, store, () => writer.holdsNothing);
  if (sizeBytes !== null && received !== sizeBytes) throw new ClientDisconnect();
  const footers = await mime?.readFooters();
  return { sizeBytes: received, etag: await writer.finish(), footers };
}

/** 422 when the client named another checksum, in a footer or else in a header. */
function checkEtag(req: SwiftRequest, received: Received): void {
  const named = received.footers?.get('etag') ?? req.headers.get('etag') ?? '';
  const wanted = unquotedEtag(named.trim());
  if (wanted !== '' && wanted !== received.etag) throw new HttpError(422);
}

function storedMetadata(server: ObjectServer, req: SwiftRequest, timestamp: Timestamp, received: Received): Metadata {
  const metadata: Metadata = new Map([
    ['X-Timestamp', timestamp.internal],
    ['Content-Type', req.headers.get('content-type') as string],
    ['ETag', received.etag],
    ['Content-Length', String(received.sizeBytes)],
  ]);
  const replicated = replicatedHeaderNames(req.headers);
  storePutHeaders(metadata, req.headers, server.allowedHeaders, replicated);
  if (received.footers !== undefined) {
    storePutHeaders(metadata, received.footers, server.allowedHeaders, replicated);
  }
  return metadata;
}

/** Rows of the expirer's queue, then of the container. */
async function followUp(
  server: ObjectServer,
  req: SwiftRequest,
  location: ObjectLocation,
  stored: Metadata,
  footers: Headers | undefined,
  replaced: Metadata | undefined,
): Promise<void> {
  const timestamp = stored.get('X-Timestamp') as string;
  const deleteAtSeconds = deleteAtOf(stored.get('X-Delete-At'));
  const replacedDeleteAt = deleteAtOf(replaced?.get('X-Delete-At'));
  if (deleteAtSeconds !== replacedDeleteAt) {
    if (deleteAtSeconds !== 0) {
      await queueExpiry(server, req, location, timestamp, {
        deleteAtSeconds,
        contentLength: stored.get('Content-Length') as string,
        dataTimestamp: timestamp,
      });
    }
    if (replacedDeleteAt !== 0) await unqueueExpiry(server, req, location, timestamp, replacedDeleteAt);
  }
  if (req.headers.has('x-container-partition')) {
    await updateContainers(server, req, location, 'PUT', putFields(req.headers, footers, stored));
  }
}
