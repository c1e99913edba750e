/** GET of a container: a listing of its objects, or of its shard ranges. */

import { isTrueValue } from '../common/text.ts';
import { addStoredMetadata, listingParams, utf8Param } from '../http/database-server.ts';
import type { Headers } from '../http/headers.ts';
import { listingContentType, listingFormatOf } from '../http/listing-content-type.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, SwiftResponse } from '../http/response.ts';
import { htmlError } from '../http/storage-server.ts';
import { backendHeaders, containerHeaders } from './answer-headers.ts';
import type { ContainerListing, ContainerListingRequest } from './container-store.ts';
import { checkDevice, type ContainerServer, locate, requestedPolicy, SAVED_HEADERS } from './server.ts';
import { parseShardStates } from './shard-range.ts';

export async function get(server: ContainerServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, true);
  const path = utf8Param(req, 'path');
  const params = listingParams(req, server.listingLimit);
  const contentType = listingContentType(req);
  const refusal = checkDevice(server, target, false);
  if (refusal !== undefined) return refusal;
  const recordType = recordTypeOf(req);
  const policyIndex = requestedPolicy(server, req);
  const request: ContainerListingRequest = {
    ...params,
    // One that is there but empty asks for the top level.
    ...(req.params.has('path') ? { path } : {}),
    format: listingFormatOf(contentType),
    recordType,
    ...(policyIndex === undefined ? {} : { storagePolicyIndex: policyIndex }),
    ...shardOptions(req, recordType),
  };
  const found = await server.store.list(target.container, request);
  if (found === null || found.listing === null) return errorResponse(404, backendHeaders(found?.info ?? null));
  return listingResponse(found, found.listing.bytes, found.listing.count, contentType, request);
}

function recordTypeOf(req: SwiftRequest): ContainerListingRequest['recordType'] {
  const text = req.headers.get('x-backend-record-type')?.toLowerCase();
  return text === 'shard' || text === 'auto' ? text : 'object';
}

type ShardOptions = Pick<
  ContainerListingRequest,
  'states' | 'includes' | 'namespacesOnly' | 'includeDeleted' | 'overrideDeleted' | 'overrideNameFilter'
>;

/** What a listing of shard ranges is restricted to. Throws HttpError 400. */
function shardOptions(req: SwiftRequest, recordType: string): ShardOptions {
  if (recordType === 'object') return {};
  const { headers } = req;
  const states = utf8Param(req, 'states');
  const chosen = parseShardStates(states);
  if (chosen === undefined) throw htmlError(400, 'Bad state');
  const namespacesOnly = shardFormatOf(req) === 'namespace';
  const includeDeleted = isTrueValue(headers.get('x-backend-include-deleted'));
  if (namespacesOnly && (includeDeleted || chosen.includeOwn)) {
    throw htmlError(400, 'Namespaces are not given for deleted shard ranges or for auditing');
  }
  return {
    states,
    includes: utf8Param(req, 'includes'),
    namespacesOnly,
    includeDeleted,
    overrideDeleted: isTrueValue(headers.get('x-backend-override-deleted')),
    overrideNameFilter: headers.get('x-backend-override-shard-name-filter')?.toLowerCase() === 'sharded',
  };
}

function shardFormatOf(req: SwiftRequest): string {
  return req.headers.get('x-backend-record-shard-format')?.toLowerCase() ?? 'full';
}

function listingResponse(
  { info, recordType, storagePolicyIndex, nameFilterOverridden }: ContainerListing,
  bytes: Uint8Array,
  count: number,
  contentType: string,
  request: ContainerListingRequest,
): SwiftResponse {
  const headers = containerHeaders(info).set('x-backend-record-type', recordType);
  addRecordHeaders(headers, recordType, storagePolicyIndex, nameFilterOverridden, request.namespacesOnly === true);
  addStoredMetadata(headers, info.metadata, 'container', SAVED_HEADERS);
  headers.set('content-type', `${contentType}; charset=utf-8`).set('content-length', bytes.length);
  if (count > 0 || contentType !== 'text/plain') return new SwiftResponse(200, headers, bytes);
  // A list of shard ranges is JSON, and has two bytes when it is empty.
  return new SwiftResponse(204, headers.set('content-length', 0));
}

function addRecordHeaders(
  headers: Headers,
  recordType: 'object' | 'shard',
  storagePolicyIndex: number,
  nameFilterOverridden: boolean,
  namespacesOnly: boolean,
): void {
  if (recordType === 'object') {
    headers.set('x-backend-record-storage-policy-index', storagePolicyIndex);
    return;
  }
  headers.set('x-backend-record-shard-format', namespacesOnly ? 'namespace' : 'full');
  if (nameFilterOverridden) headers.set('x-backend-override-shard-name-filter', 'true');
}
