/** Requests for objects of replication policies. Source: spec swift-formats 6. */

import { isTrueValue, wireFromNative } from '../../common/text.ts';
import { BodyDigest } from '../../http/body-digest.ts';
import { checkDeleteHeaders, checkMetadata, checkObjectCreation } from '../../http/metadata-limits.ts';
import type { SwiftRequest } from '../../http/request.ts';
import { HttpError, type SwiftResponse } from '../../http/response.ts';
import { backendHeaders } from '../backend-headers.ts';
import { exists, locateObject, refused, tellSyncKey } from '../object-location.ts';
import { storeReplicated } from '../object-put.ts';
import { readObject } from '../object-read.ts';
import { deleteObject, postObject, writeHeaders } from '../object-write.ts';
import type { ProxyContext } from '../proxy-context.ts';
import { ensureTimestamp } from '../request-timestamp.ts';
import type { Controller, Operation, ResourceNames } from './controller.ts';

const DEFAULT_TYPE = 'application/octet-stream';

async function getOrHead(context: ProxyContext, req: SwiftRequest, names: ResourceNames): Promise<SwiftResponse> {
  const location = await locateObject(context, req, names);
  const refusal = await refused(req, location.container.read_acl);
  if (refusal !== null) return refusal;
  openExpired(context, req);
  const { ring, partition, path, policy } = location;
  const headers = backendHeaders(context, req, { additional: req.headers });
  headers.delete('transfer-encoding');
  headers.delete('content-length');
  headers.delete('expect');
  const response = await readObject(context, req, {
    serverType: 'Object',
    nodes: context.nodes(ring, partition, req.log, { policyIndex: policy.index }),
    partition,
    path,
    queryString: req.queryString,
    headers,
    policy: context.conf.forPolicy(policy.index),
    timeoutMs: isTrueValue(req.headers.get('x-newest'))
      ? context.conf.nodeTimeoutMs
      : context.conf.recoverableNodeTimeoutMs,
    bodyTimeoutMs: context.conf.recoverableNodeTimeoutMs,
    concurrency: ring.replicaCount,
  });
  cleanContentType(response);
  return response;
}

/** Lets a user see objects that have expired but are not yet deleted, where the operator allows that. */
function openExpired(context: ProxyContext, req: SwiftRequest): void {
  if (context.conf.allowOpenExpired && isTrueValue(req.headers.get('x-open-expired'))) {
    req.headers.set('x-backend-open-expired', 'true');
  }
}

/** Takes the size of a large object (`swift_bytes=`), which is for listings, off the end of the type. */
function cleanContentType(response: SwiftResponse): void {
  const type = response.headers.get('content-type');
  const semicolon = type?.lastIndexOf(';') ?? -1;
  if (type === undefined || semicolon < 0) return;
  if (
    type
      .slice(semicolon + 1)
      .trimStart()
      .startsWith('swift_bytes=')
  ) {
    response.headers.set('content-type', type.slice(0, semicolon));
  }
}

const put: Operation = async (context, req, names) => {
  // The copy filter takes the header away. Without one the client would get 201 for an object that is empty.
  if ((req.headers.get('x-copy-from') ?? '') !== '')
    throw new HttpError(501, 'X-Copy-From needs the copy filter in the pipeline');
  const condition = req.headers.get('if-none-match');
  if (condition !== undefined && !condition.split(',').some((tag) => /^\s*(\*|"\*")\s*$/.test(tag))) {
    throw badRequest('If-None-Match only supports *');
  }
  const location = await locateObject(context, req, names);
  tellSyncKey(req, location.container);
  const refusal = await refused(req, location.container.write_acl);
  if (refusal !== null) return refusal;
  if (!exists(location.container)) throw new HttpError(404);
  setContentType(context, req);
  const timestamp = ensureTimestamp(context, req);
  const fault =
    checkObjectCreation(req.headers, names.object, context.constraints, timestamp.seconds) ?? contentTypeFault(req);
  if (fault !== undefined) throw fault;
  const { ring, partition, path, policy } = location;
  const replicas = ring.primaries(partition).length;
  const requests = await writeHeaders(context, req, names, location, replicas);
  const target = {
    partition,
    path,
    nodes: context.nodes(ring, partition, req.log, { policyIndex: policy.index, forWrite: true }),
    withFooters: req.env.updateFooters !== undefined,
    digest: new BodyDigest(),
  };
  return storeReplicated(context, req, target, requests, timestamp);
};

/** A missing type is guessed from the name, any other one too when the client asks for that. */
function setContentType(context: ProxyContext, req: SwiftRequest): void {
  const detect = isTrueValue(req.headers.get('x-detect-content-type'));
  if (!detect && (req.headers.get('content-type') ?? '') !== '') return;
  const guess = context.contentTypes.guess(wireFromNative(req.path));
  req.headers.set('content-type', guess ?? DEFAULT_TYPE);
  if (detect) req.headers.delete('x-detect-content-type');
}

function contentTypeFault(req: SwiftRequest): HttpError | undefined {
  if (req.env.contentTypeOverridden === true) return undefined;
  const [, ...parameters] = (req.headers.get('content-type') ?? '').split(';');
  if (!parameters.some((parameter) => parameter.trimStart().startsWith('swift_'))) return undefined;
  return new HttpError(400, 'Invalid Content-Type, swift_* is not a valid parameter name.', {
    'content-type': 'text/html; charset=UTF-8',
  });
}

function badRequest(text: string): HttpError {
  return new HttpError(400, text, { 'content-type': 'text/plain' });
}

const post: Operation = async (context, req, names) => {
  const location = await locateObject(context, req, names);
  const refusal = await refused(req, location.container.write_acl);
  if (refusal !== null) return refusal;
  if (!exists(location.container)) throw new HttpError(404);
  openExpired(context, req);
  const metadataFault = checkMetadata(req.headers, 'object', context.constraints);
  if (metadataFault !== undefined) throw metadataFault;
  const timestamp = ensureTimestamp(context, req);
  const fault = checkDeleteHeaders(req.headers, timestamp.seconds);
  if (fault !== undefined) throw fault;
  return postObject(context, req, names, location);
};

const remove: Operation = async (context, req, names) => {
  const location = await locateObject(context, req, names);
  tellSyncKey(req, location.container);
  const refusal = await refused(req, location.container.write_acl);
  if (refusal !== null) return refusal;
  if (!exists(location.container)) throw new HttpError(404);
  ensureTimestamp(context, req);
  return deleteObject(context, req, names, location);
};

export const objectController: Controller = {
  serverType: 'Object',
  operations: { GET: getOrHead, HEAD: getOrHead, PUT: put, POST: post, DELETE: remove },
  delaysDenial: new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']),
};
