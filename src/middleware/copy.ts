/**
 * copy - copies objects inside the cluster: `COPY` with a Destination, or `PUT` with X-Copy-From. The source is read and the destination
 * written through the rest of the pipeline, as two requests of the user's own. Behind auth, before quotas and large objects.
 */

import {
  type FilterFactory,
  type Handler,
  HttpError,
  type Order,
  type ResourcePath,
  resourcePathOf,
  type SwiftRequest,
  type SwiftResponse,
} from '../middleware-api.ts';
import { type CopyOrder, orderOfCopy, orderOfPut } from './copy/copy-order.ts';
import { answerHeaders, putRequest } from './copy/destination.ts';
import { openSource } from './copy/source.ts';

export const confSpec = {} as const;

export const order: Order = {
  after: ['catch_errors', 'gatekeeper', 'tempauth', 'keystoneauth', 'tempurl', 'formpost', 'staticweb'],
  before: [
    'container_quotas',
    'account_quotas',
    'slo',
    'dlo',
    'versioned_writes',
    'symlink',
    'keymaster',
    'encryption',
  ],
  why: 'both halves of a copy must be checked by auth, and seen by the filters that make of an object what clients see',
};

/** Carries out a copy. Answers for the PUT, or for the GET of the source when that fails. */
async function copyObject(
  app: Handler,
  req: SwiftRequest,
  copy: CopyOrder,
  maxObjectBytes: number,
): Promise<SwiftResponse> {
  const source = await openSource(app, req, copy, maxObjectBytes);
  if (!source.isSuccess) return source;
  try {
    const put = putRequest(req, copy, source);
    // Taken before the PUT runs: filters that it passes may change its headers.
    const added = answerHeaders(copy, source, put.headers);
    const res = await app(put);
    if (res.isSuccess) res.headers.update(added);
    return res;
  } finally {
    await source.close();
  }
}

const LISTS_OF_METHODS = ['allow', 'access-control-allow-methods'];

/** The app behind does not know of COPY. */
async function answerOptions(app: Handler, req: SwiftRequest): Promise<SwiftResponse> {
  const res = await app(req);
  if (!res.isSuccess) return res;
  for (const name of LISTS_OF_METHODS) {
    const methods = res.headers.get(name);
    if (methods !== undefined && !methods.includes('COPY')) res.headers.set(name, `${methods}, COPY`);
  }
  return res;
}

/** What is to be copied where; undefined when the request is no copy. Throws HttpError when it is a bad one. */
function readOrder(req: SwiftRequest, target: ResourcePath): CopyOrder | undefined {
  if (req.method === 'COPY') {
    // The access log shows what the client sent.
    req.env.originalMethod = 'COPY';
    return orderOfCopy(req, target);
  }
  if (req.headers.get('x-copy-from') === '') {
    req.headers.delete('x-copy-from');
    return undefined;
  }
  return orderOfPut(req, target);
}

function mayConcern({ method, headers }: SwiftRequest): boolean {
  return method === 'PUT' ? headers.has('x-copy-from') : method === 'COPY' || method === 'OPTIONS';
}

async function handle(app: Handler, req: SwiftRequest, maxObjectBytes: number): Promise<SwiftResponse> {
  const target = resourcePathOf(req.path);
  if (target === undefined || target.object === '') return app(req);
  if (req.method === 'OPTIONS') return answerOptions(app, req);
  let copy: CopyOrder | undefined;
  try {
    copy = readOrder(req, target);
  } catch (error) {
    if (error instanceof HttpError) return error.toResponse();
    throw error;
  }
  return copy === undefined ? app(req) : copyObject(app, req, copy, maxObjectBytes);
}

export const filterFactory: FilterFactory = (_globalConf, _localConf, host) => (app) => (req) =>
  mayConcern(req) ? handle(app, req, host.constraints.max_file_size) : app(req);
