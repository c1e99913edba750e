/**
 * slo - static large objects: an object that is a list of others, its segments, and is read as one. A PUT with multipart-manifest=put
 * checks the segments and stores the list. Behind auth and listing_formats, in front of what changes single objects.
 */

import {
  ContentTypeGuesser,
  type FilterFactory,
  type Handler,
  HttpError,
  type Order,
  readConf,
  type ResourcePath,
  resourcePathOf,
  type SwiftRequest,
  type SwiftResponse,
  isTrueValue,
} from '../middleware-api.ts';
import { deleteSegmentsLater } from './slo/async-delete.ts';
import { SLO_MARK, type SloContext } from './slo/context.ts';
import { deleteWithSegments } from './slo/delete.ts';
import { getOrHead } from './slo/get.ts';
import { showLargeObjectEtags } from './slo/listing.ts';
import { confSpec } from './slo/options.ts';
import { putManifest } from './slo/put.ts';

export { confSpec };

export const order: Order = {
  after: [
    'catch_errors',
    'gatekeeper',
    'listing_formats',
    'bulk',
    'tempurl',
    'tempauth',
    'keystoneauth',
    'staticweb',
    'copy',
    'container_quotas',
    'account_quotas',
  ],
  before: ['dlo', 'versioned_writes', 'symlink', 'keymaster', 'encryption'],
  why: 'those in front of it are to see large objects as one, those behind it segments and manifests',
};

const RESERVED_HEADER =
  'X-Static-Large-Object is a reserved header. ' +
  'To create a static large object add query param multipart-manifest=put.';

/** True for requests that the filter may have to look at more closely; asked of every request. */
function mayConcern({ method, queryString, headers }: SwiftRequest): boolean {
  if (method === 'GET' || method === 'HEAD' || headers.has(SLO_MARK)) return true;
  return queryString !== '' && (method === 'PUT' || method === 'DELETE');
}

function answerTo(error: unknown): SwiftResponse {
  if (error instanceof HttpError) return error.toResponse();
  throw error;
}

export const filterFactory: FilterFactory = (globalConf, localConf, host) => {
  const conf = readConf(confSpec, globalConf, localConf);
  host.info.register('slo', {
    max_manifest_segments: conf.max_manifest_segments,
    max_manifest_size: conf.max_manifest_size,
    yield_frequency: conf.yield_frequency,
    min_segment_size: 1,
    allow_async_delete: conf.allow_async_delete,
  });
  let guesser: ContentTypeGuesser | undefined;
  const contentTypes = (): ContentTypeGuesser => (guesser ??= ContentTypeGuesser.fromSystem(host.swiftDir));

  return (app) => {
    const whole: Handler = (req) => {
      if (!mayConcern(req) || req.env.sloOverride === true) return app(req);
      const path = resourcePathOf(req.path);
      if (path === undefined || path.container === '') return app(req);
      if (path.object === '') return req.method === 'GET' ? app(req).then(showLargeObjectEtags) : app(req);
      return handleObject(req, path).catch(answerTo);
    };
    const slo: SloContext = { conf, host, app, whole };

    const handleObject = (req: SwiftRequest, path: ResourcePath): Promise<SwiftResponse> => {
      const { method } = req;
      if (method === 'GET' || method === 'HEAD') return getOrHead(slo, req, path);
      const action = req.params.get('multipart-manifest');
      if (method === 'PUT' && action === 'put') return putManifest(slo, req, path, contentTypes);
      if (method === 'DELETE' && action === 'delete') {
        const later = conf.allow_async_delete && isTrueValue(req.params.get('async'));
        return later ? deleteSegmentsLater(slo, req, path) : deleteWithSegments(slo, req, path);
      }
      if (!req.headers.has(SLO_MARK)) return app(req);
      const refusal = new HttpError(400, RESERVED_HEADER, { 'content-type': 'text/html; charset=UTF-8' });
      return Promise.resolve(refusal.toResponse());
    };
    return whole;
  };
};
