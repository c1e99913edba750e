/** GET and HEAD of an object. Source: spec swift-formats 5.2. */

import { isTrueValue } from '../common/text.ts';
import { Headers, lowerName } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { HttpError, SwiftResponse } from '../http/response.ts';
import { requireTimestamp } from '../http/storage-server.ts';
import { answerBody } from './get-body.ts';
import { locate, type ObjectServer } from './server.ts';
import { type OpenedObject, StorageError } from './storage.ts';
import { storageFault } from './storage-faults.ts';
import { isObjectMetadata } from './stored-headers.ts';

export async function get(server: ObjectServer, req: SwiftRequest): Promise<SwiftResponse> {
  let opened: OpenedObject;
  try {
    const opening = open(server, req);
    opened = opening instanceof Promise ? await opening : opening;
  } catch (error) {
    return missing(error, req);
  }
  try {
    return answerBody(req, opened, objectHeaders(server, opened));
  } catch (error) {
    opened.close();
    throw error;
  }
}

/** As GET, without the body. A page has no length then; a text that says what is wrong keeps its own. */
export async function head(server: ObjectServer, req: SwiftRequest): Promise<SwiftResponse> {
  let response: SwiftResponse;
  let hasText = false;
  try {
    response = await get(server, req);
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    response = error.toResponse();
    hasText = error.text !== undefined;
  }
  if (response.status >= 400) {
    response.body = null;
    if (!hasText) response.headers.set('content-length', '0');
  }
  return response;
}

function open(server: ObjectServer, req: SwiftRequest): OpenedObject | Promise<OpenedObject> {
  const location = locate(server, req);
  const nowSeconds = req.headers.has('x-timestamp') ? requireTimestamp(req).seconds : server.now();
  const openExpired = isTrueValue(req.headers.get('x-backend-open-expired'));
  return server.storage.object(location).open({ nowSeconds, openExpired });
}

/** 404 with the time of a tombstone or expired object; `If-Match: *` makes it 412. Other errors go on. */
function missing(error: unknown, req: SwiftRequest): SwiftResponse {
  if (!(error instanceof StorageError)) throw error;
  const response = storageFault(error, req);
  if (response === undefined) throw error;
  if (response.status !== 404 || !(req.headers.get('if-match') ?? '').split(',').some((tag) => tag.trim() === '*')) {
    return response;
  }
  const timestamp = response.headers.get('x-backend-timestamp');
  const refused = new SwiftResponse(412, { 'content-type': 'text/html; charset=UTF-8', 'content-length': '0' });
  if (timestamp !== undefined) refused.headers.set('x-backend-timestamp', timestamp);
  return refused;
}

/** Headers of an object that is there, whatever part of it is sent. */
function objectHeaders(server: ObjectServer, opened: OpenedObject): Headers {
  const headers = new Headers();
  const { metadata } = opened;
  headers.set('content-type', metadata.get('Content-Type') ?? 'application/octet-stream');
  for (const [key, value] of metadata) {
    const name = lowerName(key);
    if (isObjectMetadata(name) || server.allowedHeaders.has(name)) headers.set(name, value);
  }
  headers.set('etag', `"${metadata.get('ETag') ?? ''}"`);
  headers.set('last-modified', opened.timestamp.httpDate);
  headers.set('content-length', opened.contentLength);
  headers.set('x-timestamp', opened.timestamp.normal);
  headers.set('x-backend-timestamp', opened.timestamp.internal);
  headers.set('x-backend-data-timestamp', opened.dataTimestamp.internal);
  if (opened.durableTimestamp !== undefined) {
    headers.set('x-backend-durable-timestamp', opened.durableTimestamp.internal);
  }
  return headers;
}
