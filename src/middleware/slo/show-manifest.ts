/** The manifest itself, for multipart-manifest=get. */

import { hash } from 'node:crypto';
import { pythonJson, SwiftResponse } from '../../middleware-api.ts';
import { type ManifestItem, parseItems, UnreadableManifest } from './stored-manifest.ts';

/** As it is stored, or `raw`: in the form in which a client puts one. */
export async function showManifest(res: SwiftResponse, raw: boolean): Promise<SwiftResponse> {
  if (!raw) {
    if (res.headers.has('content-type')) res.headers.set('content-type', 'application/json; charset=utf-8');
    return res;
  }
  const body = Buffer.from(pythonJson(rawItems(await res.bytes())));
  const { headers } = res;
  if (headers.has('content-length')) headers.set('content-length', body.length);
  if (headers.has('etag')) headers.set('etag', hash('md5', body, 'hex'));
  return new SwiftResponse(res.status, headers, body);
}

/** Of a HEAD, or of a part of a manifest, nothing can be made. */
function rawItems(body: Buffer): ManifestItem[] {
  try {
    return parseItems(body).map(rawItem);
  } catch (error) {
    if (error instanceof UnreadableManifest) return [];
    throw error;
  }
}

const NOT_PUT = new Set(['content_type', 'last_modified', 'sub_slo']);
const PUT_AS: Readonly<Record<string, string>> = { name: 'path', bytes: 'size_bytes', hash: 'etag' };

function rawItem(item: ManifestItem): ManifestItem {
  if ('data' in item) return item;
  const renamed = Object.entries({ name: null, bytes: null, hash: null, ...item })
    .filter(([key]) => !NOT_PUT.has(key))
    .map(([key, value]) => [PUT_AS[key] ?? key, value] as const);
  return Object.fromEntries(renamed.sort(([a], [b]) => (a < b ? -1 : 1)));
}
