/** DELETE of a large object whose segments the expirer deletes later: multipart-manifest=delete&async=on. */

import {
  containerInfo,
  errorResponse,
  expirerContainer,
  Headers,
  HttpError,
  pythonJson,
  quote,
  type ResourcePath,
  type SwiftRequest,
  type SwiftResponse,
  Timestamp,
} from '../../middleware-api.ts';
import { type SloContext, SOURCE } from './context.ts';
import { fetchSegments, objectNameOf } from './delete.ts';
import type { StoredObject } from './stored-manifest.ts';

const MD5_OF_NOTHING = 'd41d8cd98f00b204e9800998ecf8427e';
const ASYNC_DELETE_TYPE = 'application/async-deleted';

/** Queues the segments and deletes the manifest. Throws HttpError for what cannot be deleted so. */
export async function deleteSegmentsLater(
  slo: SloContext,
  req: SwiftRequest,
  path: ResourcePath,
): Promise<SwiftResponse> {
  const all = await fetchSegments(slo, req, path, objectNameOf(req, path));
  const segments = all.filter((segment): segment is StoredObject => !('data' in segment));
  if (segments.length === 0) return slo.app(req);
  const container = theContainer(segments);
  const refusal = await refusedBy(slo, req, path, container);
  if (refusal !== null) return refusal;
  const res = await slo.app(queueRequest(slo, req, path, segments));
  if (!res.isSuccess) {
    req.log.error(
      `slo: segments of ${req.path} could not be queued for deletion: ${res.statusLine} ${await res.text()}`,
    );
    return errorResponse(503);
  }
  await res.close();
  return slo.app(req);
}

/** The one container that all segments are in. Throws HttpError 400. */
function theContainer(segments: readonly StoredObject[]): string {
  const containers = new Set(segments.map(({ name }) => name.slice(1, name.indexOf('/', 1))));
  const html = { 'content-type': 'text/html; charset=UTF-8' };
  if (containers.size > 1) {
    const names = [...containers].map((name) => `"${quote(name)}"`).join(', ');
    throw new HttpError(400, `All segments must be in one container. Found segments in ${names}`, html);
  }
  if (segments.some(({ isManifest }) => isManifest))
    throw new HttpError(400, 'No segments may be large objects.', html);
  return [...containers][0] as string;
}

/** Nobody else asks whether the user may delete in both containers: the queue is written with the rights of the filter. */
async function refusedBy(
  slo: SloContext,
  req: SwiftRequest,
  path: ResourcePath,
  segmentContainer: string,
): Promise<SwiftResponse | null> {
  const { authorize } = req.env;
  if (authorize === undefined) return null;
  for (const container of new Set([path.container, segmentContainer])) {
    const { write_acl: acl } = await containerInfo(req, slo.app, { container, source: SOURCE });
    req.env.acl = acl;
    const refusal = await authorize(req);
    req.env.acl = undefined;
    if (refusal !== null) return refusal;
  }
  return null;
}

/** Adds rows to the expirer's queue, in the form in which the expirer looks for them. */
function queueRequest(
  { conf, host }: SloContext,
  req: SwiftRequest,
  { account, container, object }: ResourcePath,
  segments: readonly StoredObject[],
): SwiftRequest {
  const timestamp = timestampOf(req, host.now());
  const rows = segments.map(({ name }) => ({
    name: `${timestamp.normal}-${account}${name}`,
    deleted: 0,
    created_at: timestamp.internal,
    etag: MD5_OF_NOTHING,
    size: 0,
    storage_policy_index: 0,
    content_type: ASYNC_DELETE_TYPE,
  }));
  const queue = expirerContainer(host.hashPath, timestamp.seconds, conf.expiring_objects_container_divisor, {
    account,
    container,
    object,
  });
  const queueAccount = `${host.constraints.auto_create_account_prefix}${conf.expiring_objects_account_name}`;
  return req.sub('UPDATE', `/v1/${queueAccount}/${queue}`, {
    source: SOURCE,
    as: 'preauthorized',
    body: Buffer.from(pythonJson(rows)),
    headers: new Headers({
      'content-type': 'application/json',
      'user-agent': 'Swift',
      'x-backend-storage-policy-index': 0,
      'x-backend-allow-private-methods': 'True',
    }),
  });
}

/** The manifest is deleted at the same time. */
function timestampOf(req: SwiftRequest, nowSec: number): Timestamp {
  const given = req.headers.get('x-timestamp');
  const timestamp = Timestamp.tryParse(given) ?? Timestamp.fromSeconds(nowSec);
  req.headers.set('x-timestamp', timestamp.internal);
  return timestamp;
}
