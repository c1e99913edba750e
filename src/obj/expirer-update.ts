/** Rows of the expirer's queue. Source: spec swift-formats 3.9. */

import { expirerContainer } from '../common/expirer-container.ts';
import { isTrueValue } from '../common/text.ts';
import { normalizeDeleteAt } from '../common/timestamp.ts';
import type { SwiftRequest } from '../http/request.ts';
import { refererOf, targetsOf } from './container-update.ts';
import type { ObjectServer } from './server.ts';
import type { AsyncUpdate, ObjectLocation } from './storage.ts';

const EMPTY_MD5 = 'd41d8cd98f00b204e9800998ecf8427e';

/** What a queue row tells of the object that will expire. */
export interface ExpiringObject {
  readonly deleteAtSeconds: number;
  /** Content-Length of the object, as stored. */
  readonly contentLength: string;
  /** X-Timestamp of the object's data, internal. */
  readonly dataTimestamp: string;
}

/** Queues the removal of an object; each server that the proxy named is waited for. */
export async function queueExpiry(
  server: ObjectServer,
  req: SwiftRequest,
  location: ObjectLocation,
  timestamp: string,
  expiring: ExpiringObject,
): Promise<void> {
  if (isTrueValue(req.headers.get('x-backend-replication'))) return;
  const named = req.headers.get('x-delete-at-container') ?? '';
  const container = named === '' ? queueContainer(server, location, expiring.deleteAtSeconds) : named;
  const update = queueUpdate(server, location, 'PUT', container, expiring.deleteAtSeconds, [
    ['X-Backend-Storage-Policy-Index', '0'],
    ['X-Timestamp', timestamp],
    ...traceHeaders(req),
    ['X-Size', '0'],
    ['X-Content-Type', `text/plain;swift_expirer_bytes=${expiring.contentLength}`],
    ['X-Etag', EMPTY_MD5],
    ['X-Content-Type-Timestamp', expiring.dataTimestamp],
  ]);
  const partition = req.headers.get('x-delete-at-partition') ?? '';
  const targets = partition === '' ? [] : targetsOf(req, 'x-delete-at', partition);
  if (targets.length === 0) {
    await server.updates.send(location.device, location.policyIndex, update, undefined, req.log);
    return;
  }
  for (const target of targets) {
    await server.updates.send(location.device, location.policyIndex, update, target, req.log);
  }
}

/** Takes an object's row out of the queue, by way of async_pending alone. */
export async function unqueueExpiry(
  server: ObjectServer,
  req: SwiftRequest,
  location: ObjectLocation,
  timestamp: string,
  deleteAtSeconds: number,
): Promise<void> {
  const { headers } = req;
  if (isTrueValue(headers.get('x-backend-replication'))) return;
  const clean = headers.get('x-backend-clean-expiring-object-queue');
  if (clean !== undefined && !isTrueValue(clean)) return;
  const container = queueContainer(server, location, deleteAtSeconds);
  const update = queueUpdate(server, location, 'DELETE', container, deleteAtSeconds, [
    ['X-Backend-Storage-Policy-Index', '0'],
    ['X-Timestamp', timestamp],
    ...traceHeaders(req),
  ]);
  await server.updates.send(location.device, location.policyIndex, update, undefined, req.log);
}

function queueContainer(server: ObjectServer, location: ObjectLocation, deleteAtSeconds: number): string {
  return expirerContainer(server.hashPath, deleteAtSeconds, server.expirerDivisorSeconds, location);
}

function traceHeaders(req: SwiftRequest): [string, string][] {
  return [
    ['X-Trans-Id', req.headers.get('x-trans-id') ?? '-'],
    ['Referer', refererOf(req)],
  ];
}

function queueUpdate(
  server: ObjectServer,
  location: ObjectLocation,
  op: 'PUT' | 'DELETE',
  container: string,
  deleteAtSeconds: number,
  headers: [string, string][],
): AsyncUpdate {
  return {
    op,
    account: server.expirerAccount,
    container,
    obj: `${normalizeDeleteAt(deleteAtSeconds)}-${location.account}/${location.container}/${location.object}`,
    headers: [...headers, ['User-Agent', server.updates.userAgent]],
    dbState: null,
  };
}
