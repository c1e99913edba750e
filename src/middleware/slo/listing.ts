/** Container listings: the large object's ETag, which the container keeps behind the manifest's, is shown as `slo_etag`. */

import { pythonJson, type SwiftResponse } from '../../middleware-api.ts';

/** A longer body than 10,000 entries of the longest names can be is no listing of Swift's and passes as it is. */
const MAX_LISTING_BYTES = 10_000 * (1024 * 6 + 8192);
const SLO_ETAG_IN_LISTING = Buffer.from('slo_etag=');

type Entry = Record<string, unknown>;

/** Changes a listing in JSON; any other answer, and a listing without manifests, passes as it is. */
export async function showLargeObjectEtags(res: SwiftResponse): Promise<SwiftResponse> {
  const { headers, contentLength } = res;
  if (!res.isSuccess || (headers.get('content-type') ?? '').split(';', 1)[0] !== 'application/json') return res;
  if (contentLength === null || contentLength > MAX_LISTING_BYTES) return res;
  const body = await res.bytes();
  const entries = body.includes(SLO_ETAG_IN_LISTING) ? parseEntries(body) : undefined;
  res.body = entries === undefined ? body : Buffer.from(pythonJson(entries.map(withLargeObjectEtag)));
  headers.set('content-length', res.body.length);
  return res;
}

function parseEntries(body: Buffer): Entry[] | undefined {
  try {
    const value: unknown = JSON.parse(body.toString('utf8'));
    return Array.isArray(value) ? (value as Entry[]) : undefined;
  } catch {
    return undefined;
  }
}

/** `hash`: an ETag and what filters keep behind it, `; name=value` each. */
function withLargeObjectEtag(entry: Entry): Entry {
  const { hash } = entry;
  if (typeof hash !== 'string' || !hash.includes('slo_etag=')) return entry;
  const [etag, ...parameters] = hash.split(';').map((part) => part.trim());
  const kept: string[] = [etag as string];
  let largeObjectEtag: string | undefined;
  for (const parameter of parameters) {
    const value = /^slo_etag\s*=\s*(.*)$/i.exec(parameter)?.[1];
    if (value === undefined) kept.push(parameter);
    else largeObjectEtag = value;
  }
  if (largeObjectEtag === undefined) return entry;
  return { ...entry, hash: kept.join('; '), slo_etag: `"${largeObjectEtag}"` };
}
