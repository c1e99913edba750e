/** The half of a copy that writes: the PUT that is made of the source, and what its answer tells. */

import {
  formatQuery,
  Headers,
  isTrueValue,
  quote,
  type SwiftRequest,
  type SwiftResponse,
  unquotedEtag,
} from '../../middleware-api.ts';
import { type CopyOrder, pathOf } from './copy-order.ts';
import { SOURCE_TAG, wantsManifest } from './source.ts';

/** Headers of the source's answer that are about the source or about the answer, not about what is copied. */
const OF_THE_SOURCE_ALONE: ReadonlySet<string> = new Set([
  'x-static-large-object',
  'x-object-manifest',
  'etag',
  'content-type',
  'x-timestamp',
  'last-modified',
  'date',
  'connection',
  'transfer-encoding',
  'content-range',
]);

/** Headers that have done their work. */
const OF_THE_ORDER = [
  'x-copy-from',
  'x-copy-from-account',
  'destination',
  'destination-account',
  'transfer-encoding',
  'expect',
];

const SYSTEM_METADATA = 'x-object-sysmeta-';
const UPDATE_OVERRIDE = 'x-object-sysmeta-container-update-override-';
const METADATA = /^x-object-(?:meta|sysmeta|transient-sysmeta)-./s;

/**
 * The PUT that stores what the source's answer carries: in the client's name, with the source's metadata under what the client gave.
 * It reads the body of `source`, which stays the caller's to close.
 */
export function putRequest(req: SwiftRequest, copy: CopyOrder, source: SwiftResponse): SwiftRequest {
  const headers = mergedHeaders(req, source);
  for (const name of OF_THE_ORDER) headers.delete(name);
  headers.set('content-length', source.contentLength ?? 0);
  if ((req.headers.get('content-type') ?? '') === '') {
    headers.set('content-type', source.headers.get('content-type') ?? '');
  }
  if (wantsManifest(req) && source.headers.has('x-object-manifest')) {
    headers.set('x-object-manifest', source.headers.get('x-object-manifest') ?? '');
  }
  setEtag(headers, req, source);
  const put = req.sub('PUT', pathOf(copy, copy.destination), { source: SOURCE_TAG, headers, body: source.body });
  // It is the client's request in another form: what filters outside have left with it stays.
  put.env = { ...req.env, source: SOURCE_TAG };
  put.scriptName = req.scriptName;
  put.queryString = putQuery(req, source);
  return put;
}

function mergedHeaders(req: SwiftRequest, source: SwiftResponse): Headers {
  const fresh = isTrueValue(req.headers.get('x-fresh-metadata'));
  const headers = new Headers();
  for (const [name, value] of source.headers) {
    const kept = fresh
      ? name.startsWith(SYSTEM_METADATA)
      : !OF_THE_SOURCE_ALONE.has(name) && !name.startsWith('x-backend-');
    if (kept) headers.set(name, value);
  }
  return headers.update(req.headers);
}

/**
 * The source's ETag makes the object servers verify the copy, where it is the sum of the bytes that are sent: not of a part, nor of
 * a large object or its manifest. Then what a container listing was told instead of it does not hold for the copy either.
 */
function setEtag(headers: Headers, req: SwiftRequest, source: SwiftResponse): void {
  const isSumOfBody =
    source.status === 200 &&
    !source.headers.has('x-static-large-object') &&
    (!source.headers.has('x-object-manifest') || wantsManifest(req));
  if (!isSumOfBody) {
    for (const name of [...headers.names()]) if (name.startsWith(UPDATE_OVERRIDE)) headers.delete(name);
    return;
  }
  const etag = source.headers.get('etag');
  if (etag === undefined) headers.delete('etag');
  else headers.set('etag', unquotedEtag(etag));
}

/** The client's parameters without those that were meant for the source; a static manifest is put as one. */
function putQuery(req: SwiftRequest, source: SwiftResponse): string {
  const manifest = wantsManifest(req);
  if (req.queryString === '' || !(manifest || req.params.has('version-id'))) return req.queryString;
  const params = new Map(req.params);
  params.delete('version-id');
  if (manifest && source.headers.has('x-object-manifest')) params.delete('multipart-manifest');
  else if (manifest && source.headers.has('x-static-large-object')) params.set('multipart-manifest', 'put');
  return formatQuery(params);
}

/** What a successful answer tells of the source and of the metadata that was stored. `put`: headers of the PUT. */
export function answerHeaders(
  { source: { account, container, object } }: CopyOrder,
  source: SwiftResponse,
  put: Headers,
): Headers {
  const headers = new Headers({
    'x-copied-from-account': quote(account),
    'x-copied-from': quote(`${container}/${object}`),
    'x-copied-from-last-modified': source.headers.get('last-modified'),
    'x-copied-from-version-id': source.headers.get('x-object-version-id'),
  });
  for (const [name, value] of put) if (name === 'x-delete-at' || METADATA.test(name)) headers.set(name, value);
  return headers;
}
