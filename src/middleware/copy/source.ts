/** The half of a copy that reads. */

import { errorResponse, type Handler, Headers, type SwiftRequest, type SwiftResponse } from '../../middleware-api.ts';
import { type CopyOrder, pathOf } from './copy-order.ts';

export const SOURCE_TAG = 'SSC';

/** What belongs to the request as it came, or to its other half. */
const NOT_FOR_THE_SOURCE = [
  'content-length',
  'transfer-encoding',
  'expect',
  'destination',
  'destination-account',
  'x-copy-from',
  'x-copy-from-account',
  // Chosen for the container of the destination.
  'x-backend-storage-policy-index',
];

/**
 * Asks for the source with the conditions and the range that the client set. The answer's length is known and may be stored in one
 * object, else it is 413.
 */
export async function openSource(
  app: Handler,
  req: SwiftRequest,
  copy: CopyOrder,
  maxObjectBytes: number,
): Promise<SwiftResponse> {
  const headers = new Headers(req.headers);
  for (const name of NOT_FOR_THE_SOURCE) headers.delete(name);
  headers.set('x-newest', 'true');
  const get = req.sub('GET', pathOf(copy, copy.source), { source: SOURCE_TAG, headers });
  if (wantsManifest(req)) get.setParams(new Map(req.params).set('format', 'raw'));
  else get.queryString = req.queryString;
  const res = await app(get);
  const lengthBytes = res.contentLength;
  if (lengthBytes !== null && lengthBytes <= maxObjectBytes) return res;
  await res.close();
  return errorResponse(413);
}

/** True when a large object is to be copied as what it is, not as what it holds. */
export function wantsManifest(req: SwiftRequest): boolean {
  return req.queryString !== '' && req.params.get('multipart-manifest') === 'get';
}
