/** PUT and DELETE of an object's row. */

import { isTrueValue, quote } from '../common/text.ts';
import type { Timestamp } from '../common/timestamp.ts';
import { requireIntegerHeader, requireTextHeader } from '../http/database-server.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import type { ObjectRow } from './container-store.ts';
import { autoCreation, type ContainerServer, type ContainerTarget, wantsAutoCreate } from './server.ts';

export function putObjectRow(
  server: ContainerServer,
  req: SwiftRequest,
  target: ContainerTarget,
  object: string,
  timestamp: Timestamp,
  policyIndex: number,
): Promise<SwiftResponse> {
  const row: ObjectRow = {
    name: object,
    created_at: timestamp.internal,
    size: requireIntegerHeader(req, 'x-size'),
    content_type: requireTextHeader(req, 'x-content-type'),
    etag: requireTextHeader(req, 'x-etag'),
    deleted: 0,
    storage_policy_index: policyIndex,
    ctype_timestamp: req.headers.get('x-content-type-timestamp') ?? null,
    meta_timestamp: req.headers.get('x-meta-timestamp') ?? null,
  };
  return storeRow(server, req, target, row, timestamp, 201);
}

export function deleteObjectRow(
  server: ContainerServer,
  req: SwiftRequest,
  target: ContainerTarget,
  object: string,
  timestamp: Timestamp,
  policyIndex: number,
): Promise<SwiftResponse> {
  const row: ObjectRow = {
    name: object,
    created_at: timestamp.internal,
    size: 0,
    content_type: 'application/deleted',
    etag: 'noetag',
    deleted: 1,
    storage_policy_index: policyIndex,
    ctype_timestamp: null,
    meta_timestamp: null,
  };
  return storeRow(server, req, target, row, timestamp, 204);
}

async function storeRow(
  server: ContainerServer,
  req: SwiftRequest,
  { container }: ContainerTarget,
  row: ObjectRow,
  timestamp: Timestamp,
  storedStatus: 201 | 204,
): Promise<SwiftResponse> {
  const creation = autoCreation(
    wantsAutoCreate(server, req, container.account),
    timestamp.normal,
    row.storage_policy_index,
  );
  const outcome = await server.store.putRow(container, {
    row,
    ...(creation === undefined ? {} : { autoCreate: creation }),
    acceptRedirect: isTrueValue(req.headers.get('x-backend-accept-redirect')),
    acceptQuotedLocation: isTrueValue(req.headers.get('x-backend-accept-quoted-location')),
  });
  switch (outcome.kind) {
    case 'stored':
      return errorResponse(storedStatus);
    case 'not-found':
      return errorResponse(404);
    case 'redirect':
      return redirect(req, `/${outcome.path}/${row.name}`, outcome.timestamp);
  }
}

/** 301 to the shard that holds the name. A caller that reads no quoted location gets the path as it is. */
function redirect(req: SwiftRequest, path: string, timestamp: string): SwiftResponse {
  const res = errorResponse(301, { 'x-backend-redirect-timestamp': timestamp });
  if (isTrueValue(req.headers.get('x-backend-accept-quoted-location'))) {
    res.headers.set('location', quote(path)).set('x-backend-location-is-quoted', 'true');
  } else {
    res.headers.setText('location', path);
  }
  return res;
}
