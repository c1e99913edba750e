/** What a manifest stands for: the answer to GET and HEAD of a dynamic large object. */

import { createHash } from 'node:crypto';
import {
  type ByteRange,
  errorResponse,
  type Handler,
  type Headers,
  largeObjectResponse,
  requestedRanges,
  SegmentedBody,
  type SegmentLimits,
  type SwiftRequest,
  SwiftResponse,
  unquote,
  unquotedEtag,
} from '../../middleware-api.ts';
import { type ListedSegment, SegmentListing, totalBytes } from './segment-listing.ts';

export interface DloSettings {
  /** Most entries of one page of a container's listing. */
  readonly listingLimit: number;
  readonly limits: SegmentLimits;
  readonly now: () => number;
}

/** `headers` are those of the manifest's answer, `manifest` the value of its X-Object-Manifest. */
export async function readManifest(
  settings: DloSettings,
  req: SwiftRequest,
  app: Handler,
  headers: Headers,
  manifest: string,
): Promise<SwiftResponse> {
  const listing = listingOf(settings, req, app, unquote(manifest));
  // POST takes a value that is none.
  if (listing === undefined) return errorResponse(409);
  const page = await listing.page();
  if (page instanceof SwiftResponse) return req.method === 'HEAD' ? withoutBody(page) : page;

  const isComplete = page.length < settings.listingLimit;
  const knownBytes = totalBytes(page);
  const range = singleRange(req.headers.get('range'));
  const honoursRange = range !== undefined && (isComplete || range.end < knownBytes);
  if (!honoursRange) req.headers.delete('range');
  else if (isUnsatisfiable(req, knownBytes)) return unsatisfiable(isComplete ? knownBytes : undefined);
  if (isComplete) headers.set('etag', `"${etagOf(page)}"`);
  return largeObjectResponse(req, {
    headers,
    etag: unquotedEtag(headers.get('etag') ?? ''),
    lengthBytes: isComplete || honoursRange ? knownBytes : null,
    open: (ranges) => {
      const wanted = ranges?.[0] ?? { start: 0, end: Infinity };
      return new SegmentedBody({
        req,
        app,
        segments: listing.segments(page, wanted),
        source: 'DLO',
        limits: settings.limits,
        now: settings.now,
        lengthBytes: lengthOf(wanted) ?? (isComplete ? knownBytes : undefined),
      });
    },
  });
}

function listingOf(
  settings: DloSettings,
  req: SwiftRequest,
  app: Handler,
  manifest: string,
): SegmentListing | undefined {
  const slash = manifest.indexOf('/');
  const [version, account] = req.splitPath(2, 3, true);
  if (slash < 0 || version === undefined || account === undefined) return undefined;
  return new SegmentListing({
    req,
    app,
    containerPath: `/${version}/${account}/${manifest.slice(0, slash)}`,
    prefix: manifest.slice(slash + 1),
    limit: settings.listingLimit,
  });
}

/** HEAD is told of no text. */
async function withoutBody(res: SwiftResponse): Promise<SwiftResponse> {
  await res.close();
  res.body = null;
  res.headers.set('content-length', 0);
  return res;
}

/** The one range asked for, before its end is compared with that of the object; undefined for none, and for several, which are ignored. */
function singleRange(header: string | undefined): ByteRange | undefined {
  if (header?.includes(',') !== false) return undefined;
  const ranges = requestedRanges(header, Infinity);
  if (ranges === null) return undefined;
  // A suffix of no bytes: nothing of an object can satisfy it.
  return ranges[0] ?? { start: 0, end: 0 };
}

function isUnsatisfiable(req: SwiftRequest, lengthBytes: number): boolean {
  return requestedRanges(req.headers.get('range'), lengthBytes)?.length === 0;
}

/** Says nothing of the manifest but, if it is known, the length of the whole. */
function unsatisfiable(lengthBytes: number | undefined): SwiftResponse {
  const res = errorResponse(416, { 'accept-ranges': 'bytes' });
  if (lengthBytes !== undefined) res.headers.set('content-range', `bytes */${lengthBytes}`);
  return res;
}

function lengthOf({ start, end }: ByteRange): number | undefined {
  return end === Infinity ? undefined : end - start;
}

/** MD5 over the ETags of the segments. */
function etagOf(segments: readonly ListedSegment[]): string {
  const hash = createHash('md5');
  for (const segment of segments) hash.update(unquotedEtag(segment.hash));
  return hash.digest('hex');
}
