/** GET and HEAD of an object that may be a manifest. */

import {
  addEtagIsAt,
  evaluateConditions,
  etagThatIsAt,
  Headers,
  headersForSub,
  HttpError,
  ignoreRangeIfPresent,
  isTrueValue,
  largeObjectResponse,
  parseContentRange,
  parseHttpDate,
  type ResourcePath,
  SegmentedBody,
  type SwiftRequest,
  SwiftResponse,
  Timestamp,
  unquotedEtag,
} from '../../middleware-api.ts';
import { SLO_ETAG, SLO_MARK, SLO_SIZE, type SloContext, SOURCE } from './context.ts';
import { SegmentWalk } from './segment-walk.ts';
import { showManifest } from './show-manifest.ts';
import {
  largeObjectEtag,
  parseManifest,
  type StoredSegment,
  totalLengthOf,
  UnreadableManifest,
} from './stored-manifest.ts';

export async function getOrHead(slo: SloContext, req: SwiftRequest, path: ResourcePath): Promise<SwiftResponse> {
  const wantsManifest = req.queryString !== '' && req.params.get('multipart-manifest') === 'get';
  if (!wantsManifest) {
    // The object server then holds conditions against the large object's ETag, and sends all of a manifest.
    addEtagIsAt(req.headers, SLO_ETAG);
    ignoreRangeIfPresent(req.headers, SLO_MARK);
  }
  const res = await slo.app(req);
  if (!isManifest(res)) return res;
  if (wantsManifest) return showManifest(res, req.params.get('format') === 'raw');
  if (sizeAndEtagDecide(req, res)) return withoutManifest(req, res);
  const manifest = isWholeManifest(req, res) ? res : await askAgain(slo, req, res);
  // In the meantime another object has taken its place.
  if (!isManifest(manifest)) return asItIs(req, manifest);
  return await largeObject(slo, req, path, manifest);
}

function isManifest(res: SwiftResponse): boolean {
  return isTrueValue(res.headers.get(SLO_MARK));
}

/** True when the client gets no bytes and all else is known without the manifest. */
function sizeAndEtagDecide(req: SwiftRequest, { status, headers }: SwiftResponse): boolean {
  if (!headers.has(SLO_ETAG) || !headers.has(SLO_SIZE)) return false;
  return req.method === 'HEAD' || status === 304 || status === 412;
}

/** The answer itself, with the large object's ETag and size in place of the manifest's. */
async function withoutManifest(req: SwiftRequest, res: SwiftResponse): Promise<SwiftResponse> {
  await res.close();
  const { headers } = res;
  setManifestEtag(headers);
  headers.set('etag', `"${headers.get(SLO_ETAG)}"`).set('content-length', headers.get(SLO_SIZE) as string);
  const refused = refusedStatus(req, headers);
  if (refused !== null) headers.set('content-length', 0);
  return new SwiftResponse(refused ?? res.status, headers);
}

/** The client may still want to know the ETag of the manifest. */
function setManifestEtag(headers: Headers): void {
  const etag = headers.get('etag');
  if (etag !== undefined) headers.set('x-manifest-etag', etag);
}

function conditionEtag(req: SwiftRequest, headers: Headers): string {
  return unquotedEtag(etagThatIsAt(req.headers, (name) => headers.get(name)) ?? headers.get('etag') ?? '');
}

function refusedStatus(req: SwiftRequest, headers: Headers): 304 | 412 | null {
  const seconds = parseHttpDate(headers.get('last-modified'));
  return evaluateConditions(req.headers, {
    exists: true,
    etag: conditionEtag(req, headers),
    lastModified: seconds === undefined ? undefined : Timestamp.fromSeconds(seconds),
  });
}

/**
 * False when the answer does not carry all of the manifest: a HEAD, a condition that was held against the manifest's own ETag, or a
 * range of the manifest from an object server that does not know that ranges are to be ignored.
 */
function isWholeManifest(req: SwiftRequest, res: SwiftResponse): boolean {
  if (req.method === 'HEAD' || !res.isSuccess) return false;
  if (res.status !== 206) return true;
  const range = parseContentRange(res.headers.get('content-range'));
  return range !== undefined && range.start === 0 && range.end === range.totalBytes;
}

/**
 * All of the object. When that turns out to be older than the manifest that was seen and no manifest, there is nothing right to send:
 * throws HttpError 503.
 */
async function askAgain(slo: SloContext, req: SwiftRequest, seen: SwiftResponse): Promise<SwiftResponse> {
  await seen.close();
  const again = req.sub('GET', req.path, { source: SOURCE, headers: headersForSub(req, `${SOURCE} MultipartGET`) });
  again.queryString = req.queryString;
  const res = await slo.app(again);
  if (isManifest(res) || !timeOf(seen).isAfter(timeOf(res))) return res;
  await res.close();
  throw new HttpError(503);
}

function timeOf({ headers }: SwiftResponse): Timestamp {
  return Timestamp.tryParse(headers.get('x-backend-timestamp')) ?? Timestamp.ZERO;
}

/** An object that was asked for with neither the request's method nor its conditions. Its Range is ignored, as any server may. */
async function asItIs(req: SwiftRequest, res: SwiftResponse): Promise<SwiftResponse> {
  const refused = res.isSuccess ? refusedStatus(req, res.headers) : null;
  if (refused === null && req.method !== 'HEAD') return res;
  await res.close();
  if (refused !== null) res.headers.set('content-length', 0);
  return new SwiftResponse(refused ?? res.status, res.headers);
}

async function largeObject(
  slo: SloContext,
  req: SwiftRequest,
  { version, account }: ResourcePath,
  res: SwiftResponse,
): Promise<SwiftResponse> {
  const segments = await readManifest(req, res);
  const headers = new Headers(res.headers);
  const etag = headers.get(SLO_ETAG) ?? largeObjectEtag(segments);
  const lengthBytes = sizeOf(headers) ?? totalLengthOf(segments);
  setManifestEtag(headers);
  headers.set('etag', `"${etag}"`);
  const { conf, host, app } = slo;
  return await largeObjectResponse(req, {
    headers,
    etag: conditionEtag(req, headers),
    lengthBytes,
    open: (ranges) => {
      const wanted = ranges ?? [{ start: 0, end: lengthBytes }];
      return new SegmentedBody({
        req,
        app,
        segments: new SegmentWalk(slo, req, `/${version}/${account}`).segments(segments, wanted),
        source: SOURCE,
        limits: {
          maxGetTimeSec: conf.max_get_time,
          rateLimitAfterSegment: conf.rate_limit_after_segment,
          rateLimitSegmentsPerSec: conf.rate_limit_segments_per_sec,
          rateLimitUnderSizeBytes: conf.rate_limit_under_size,
        },
        now: () => host.now(),
        lengthBytes: wanted.reduce((sum, { start, end }) => sum + end - start, 0),
      });
    },
  });
}

function sizeOf(headers: Headers): number | undefined {
  const size = headers.get(SLO_SIZE);
  return size !== undefined && /^\d+$/.test(size) ? Number(size) : undefined;
}

async function readManifest(req: SwiftRequest, res: SwiftResponse): Promise<StoredSegment[]> {
  const body = await res.bytes();
  try {
    return parseManifest(body);
  } catch (error) {
    if (!(error instanceof UnreadableManifest)) throw error;
    req.log.error(`slo: the manifest ${req.path} cannot be read: ${error.message}`);
    throw new HttpError(500);
  }
}
