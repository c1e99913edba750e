/** DELETE of a large object with all its segments: multipart-manifest=delete. */

import {
  bulkDelete,
  type DeletionTarget,
  HttpError,
  ignoreRangeIfPresent,
  isTrueValue,
  type ResourcePath,
  type SwiftRequest,
  type SwiftResponse,
} from '../../middleware-api.ts';
import { SLO_MARK, type SloContext, SOURCE, userRequest } from './context.ts';
import { parseManifest, type StoredSegment, UnreadableManifest } from './stored-manifest.ts';

/** What many segments may wait to be deleted; more than any manifest of today names, should operators have lowered the limit. */
const WAITING_PER_ALLOWED_SEGMENT = 10;
const YIELD_FREQUENCY_SEC = 10;

export function deleteWithSegments(slo: SloContext, req: SwiftRequest, path: ResourcePath): Promise<SwiftResponse> {
  const { concurrency, delete_concurrency: own = concurrency } = slo.conf;
  return bulkDelete(req, slo.app, deletionTargets(slo, req, path), {
    source: SOURCE,
    userAgent: 'MultipartDELETE',
    concurrency: Math.max(own, 1),
    maxFailures: 1000,
    conflictRetries: 0,
    yieldFrequencySec: YIELD_FREQUENCY_SEC,
  });
}

/** `/container/object` of the request. Throws HttpError 412. */
export function objectNameOf(req: SwiftRequest, { container, object }: ResourcePath): string {
  if (!req.path.isWellFormed() || req.path.includes('\0')) {
    throw new HttpError(412, 'Invalid UTF8 or contains NULL', { 'content-type': 'text/html; charset=UTF-8' });
  }
  return `/${container}/${object}`;
}

interface Waiting {
  readonly name: string;
  readonly versionId?: string | undefined;
  /** Its segments come first. */
  readonly isManifest: boolean;
}

/**
 * The large object's segments, those of nested manifests too, and each manifest behind its own segments. Level by level, since
 * manifests may name one another: those that come round again are gone by then.
 */
async function* deletionTargets(
  slo: SloContext,
  req: SwiftRequest,
  path: ResourcePath,
): AsyncGenerator<DeletionTarget, void, void> {
  const mostWaiting = slo.conf.max_manifest_segments * WAITING_PER_ALLOWED_SEGMENT;
  let waiting: Waiting[] = [
    { name: objectNameOf(req, path), versionId: req.params.get('version-id'), isManifest: true },
  ];
  while (waiting.length > 0) {
    const following: Waiting[] = [];
    for (const [at, { name, versionId, isManifest }] of waiting.entries()) {
      if (waiting.length - at + following.length > mostWaiting) {
        throw new HttpError(400, 'Too many buffered slo segments to delete.');
      }
      if (!isManifest) {
        yield { name, versionId };
        continue;
      }
      const found = await segmentsOrRefusal(slo, req, path, name);
      if ('refusal' in found) {
        yield { name, refusal: found.refusal };
        continue;
      }
      for (const segment of found.segments) if (!('data' in segment)) following.push(segment);
      following.push({ name, versionId, isManifest: false });
    }
    waiting = following;
  }
}

type Found = { readonly segments: StoredSegment[] } | { readonly refusal: NonNullable<DeletionTarget['refusal']> };

async function segmentsOrRefusal(slo: SloContext, req: SwiftRequest, path: ResourcePath, name: string): Promise<Found> {
  try {
    return { segments: await fetchSegments(slo, req, path, name) };
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    return { refusal: { status: error.status, message: error.text ?? '' } };
  }
}

const HTML = { 'content-type': 'text/html; charset=UTF-8' };

/** The segments of the manifest `/container/object`. Throws HttpError with a sentence for what is none. */
export async function fetchSegments(
  slo: SloContext,
  req: SwiftRequest,
  { version, account }: ResourcePath,
  name: string,
): Promise<StoredSegment[]> {
  const get = userRequest(req, 'GET', `/${version}/${account}${name}`, 'MultipartDELETE');
  const params: [string, string][] = [['multipart-manifest', 'get']];
  const versionId = req.params.get('version-id');
  if (versionId !== undefined) params.push(['version-id', versionId]);
  get.setParams(params);
  // Of an object that is no manifest the last byte is enough.
  get.headers.set('range', 'bytes=-1');
  ignoreRangeIfPresent(get.headers, SLO_MARK);
  const res = await slo.app(get);
  if (!res.isSuccess) {
    await res.close();
    if (res.status === 404) throw new HttpError(404, 'SLO manifest not found', HTML);
    if (res.status === 401) throw new HttpError(401, '401 Unauthorized', HTML);
    throw new HttpError(500, 'Unable to load SLO manifest or segment.', HTML);
  }
  if (!isTrueValue(res.headers.get(SLO_MARK))) {
    await res.close();
    throw new HttpError(400, 'Not an SLO manifest', HTML);
  }
  try {
    return parseManifest(await res.bytes());
  } catch (error) {
    if (error instanceof UnreadableManifest) throw new HttpError(500, 'Unable to load SLO manifest', HTML);
    throw error;
  }
}
