/** PUT of a manifest: every segment is asked for, and what was found is stored. */

import { hash } from 'node:crypto';
import {
  ClientDisconnect,
  type ContentTypeGuesser,
  errorResponse,
  HttpError,
  keepAliveBody,
  readAll,
  reportContentType,
  type ResourcePath,
  type SwiftRequest,
  SwiftResponse,
  textResponse,
  unquotedEtag,
  wireFromNative,
} from '../../middleware-api.ts';
import { SLO_ETAG, SLO_MARK, SLO_SIZE, type SloContext, userRequest } from './context.ts';
import { type InputSegment, parseManifestInput } from './manifest-input.ts';
import { isHeartbeatWanted, longReport, problemReport, type PutOutcome } from './put-report.ts';
import { checkSegments } from './segment-checks.ts';
import { formatManifest, itemOf, largeObjectEtag, totalLengthOf, type StoredSegment } from './stored-manifest.ts';

const HTML = { 'content-type': 'text/html; charset=UTF-8' };
/** The container's listing shows both ETags. A filter in front that has something to add there stands before. */
const LISTED_ETAG = 'x-object-sysmeta-container-update-override-etag';

/** Throws HttpError for what makes no sense before anything is asked. */
export async function putManifest(
  slo: SloContext,
  req: SwiftRequest,
  path: ResourcePath,
  contentTypes: () => ContentTypeGuesser,
): Promise<SwiftResponse> {
  const inputs = parseManifestInput(await readBody(slo, req), path);
  const { max_manifest_segments: most, yield_frequency: everySec } = slo.conf;
  if (inputs.filter((input) => !('data' in input)).length > most) {
    throw new HttpError(413, `Number of object-backed segments must be <= ${most}`, HTML);
  }
  const contentType = reportContentType(req) ?? 'text/plain';
  const store = (signal: AbortSignal): Promise<PutOutcome> =>
    checkAndStore(slo, req, path, inputs, contentTypes, signal);
  if (!isHeartbeatWanted(req)) {
    const { answer, problems } = await store(req.signal);
    return problems.length > 0 ? problemReport(problems, contentType) : answer;
  }
  const body = await keepAliveBody(async (signal) => longReport(await store(signal), contentType), {
    signal: req.signal,
    everySec,
    beginsAtOnce: true,
  });
  return new SwiftResponse(202, { 'content-type': contentType }, body);
}

async function readBody(slo: SloContext, req: SwiftRequest): Promise<Buffer> {
  const { max_manifest_size: limitBytes } = slo.conf;
  if ((req.headers.get('x-copy-from') ?? '') !== '') {
    throw new HttpError(405, 'Multipart Manifest PUTs cannot be COPY requests', HTML);
  }
  if (req.contentLength === null && !req.isChunked) throw new HttpError(411);
  if ((req.contentLength ?? 0) > limitBytes) throw new HttpError(413, `Manifest File > ${limitBytes} bytes`, HTML);
  try {
    return await readAll(req.body, limitBytes);
  } catch (error) {
    // Swift reads so much of a chunked body and no more, which is then half a manifest.
    if (error instanceof RangeError) throw new HttpError(400, 'Manifest must be valid JSON.\n', HTML);
    throw error;
  }
}

async function checkAndStore(
  slo: SloContext,
  req: SwiftRequest,
  path: ResourcePath,
  inputs: readonly InputSegment[],
  contentTypes: () => ContentTypeGuesser,
  signal: AbortSignal,
): Promise<PutOutcome> {
  const head = (name: string): Promise<SwiftResponse> => {
    const target = `/${path.version}/${path.account}/${name.replace(/^\/+/, '')}`;
    return slo.whole(userRequest(req, 'HEAD', target, 'MultipartPUT'));
  };
  const { segments, problems } = await checkSegments(
    inputs,
    head,
    Math.min(Math.max(slo.conf.concurrency, 1), 1000),
    signal,
  );
  // Not every segment was asked then.
  if (signal.aborted) throw new ClientDisconnect();
  problems.push(...((await req.env.sloManifestHook?.(segments.map(itemOf))) ?? []));
  if (problems.length > 0) return { answer: errorResponse(400), wasPut: false, problems };
  const sizeBytes = totalLengthOf(segments);
  if (!Number.isSafeInteger(sizeBytes)) return { answer: tooLarge(), wasPut: false, problems };
  const etag = largeObjectEtag(segments);
  const clientEtag = unquotedEtag(req.headers.get('etag') ?? '');
  if (clientEtag !== '' && clientEtag !== etag) return { answer: errorResponse(422), wasPut: false, problems };
  prepareRequest(req, segments, { etag, sizeBytes }, contentTypes);
  const answer = await slo.app(req);
  if (answer.isSuccess) answer.headers.set('etag', `"${etag}"`);
  return { answer, wasPut: true, problems };
}

/** Nested manifests can name more bytes than there are; what nobody could count is not stored. */
function tooLarge(): SwiftResponse {
  return textResponse(413, `Large objects have at most ${Number.MAX_SAFE_INTEGER} bytes`, HTML);
}

/** Makes of the client's request the PUT of what is stored. */
function prepareRequest(
  req: SwiftRequest,
  segments: readonly StoredSegment[],
  { etag, sizeBytes }: { readonly etag: string; readonly sizeBytes: number },
  contentTypes: () => ContentTypeGuesser,
): void {
  const { headers } = req;
  const body = formatManifest(segments);
  const manifestEtag = hash('md5', body, 'hex');
  req.body = body;
  headers.delete('transfer-encoding');
  headers.set('content-length', body.length).set('etag', manifestEtag);
  headers.set(SLO_MARK, 'True').set(SLO_ETAG, etag).set(SLO_SIZE, sizeBytes);
  const listed = headers.get(LISTED_ETAG) ?? '';
  headers.set(LISTED_ETAG, `${listed === '' || listed.startsWith(';') ? manifestEtag : ''}${listed}; slo_etag=${etag}`);
  const given = headers.get('content-type') ?? '';
  const type = given === '' ? (contentTypes().guess(wireFromNative(req.path)) ?? 'application/octet-stream') : given;
  // Listings show the size of the large object, which the container server finds here.
  headers.set('content-type', `${type};swift_bytes=${sizeBytes}`);
  req.env.contentTypeOverridden = true;
}
