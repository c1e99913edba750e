/** UPDATE: many rows at once, from the sharder. */

import { isValidUtf8 } from '../common/text.ts';
import { jsonBody } from '../http/database-server.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import { plainError, requireTimestamp } from '../http/storage-server.ts';
import type { ObjectRow } from './container-store.ts';
import {
  autoCreation,
  checkDevice,
  type ContainerServer,
  locate,
  missingDatabase,
  requestedPolicy,
  wantsAutoCreate,
} from './server.ts';

export async function update(server: ContainerServer, req: SwiftRequest): Promise<SwiftResponse> {
  const target = locate(req, false);
  const timestamp = requireTimestamp(req);
  const refusal = checkDevice(server, target, true);
  if (refusal !== undefined) return refusal;
  const policyIndex = requestedPolicy(server, req);
  const rows = rowsOf(await jsonBody(req, (reason) => plainError(400, reason)));
  const isWanted = wantsAutoCreate(server, req, target.container.account);
  const creation = autoCreation(isWanted, timestamp.internal, policyIndex);
  const merged = await server.store.mergeRows(target.container, rows, creation);
  return merged ? errorResponse(202) : missingDatabase(isWanted);
}

/** Checked rows of a JSON body. Throws HttpError 400. */
function rowsOf(body: unknown): ObjectRow[] {
  if (!Array.isArray(body)) throw plainError(400, 'expected a list of rows');
  return (body as unknown[]).map((item) => {
    if (typeof item !== 'object' || item === null) throw plainError(400, 'expected a list of rows');
    return rowOf(item as Readonly<Record<string, unknown>>);
  });
}

function rowOf(item: Readonly<Record<string, unknown>>): ObjectRow {
  const deleted = item['deleted'] ?? 0;
  return {
    name: text(item, 'name'),
    created_at: text(item, 'created_at'),
    size: integer(item, 'size'),
    content_type: text(item, 'content_type'),
    etag: text(item, 'etag'),
    deleted: deleted === 0 || deleted === '0' || deleted === false ? 0 : 1,
    storage_policy_index: integer(item, 'storage_policy_index', 0),
    ctype_timestamp: optionalText(item, 'ctype_timestamp'),
    meta_timestamp: optionalText(item, 'meta_timestamp'),
  };
}

function text(item: Readonly<Record<string, unknown>>, key: string): string {
  const value = item[key];
  if (typeof value !== 'string' || !isValidUtf8(value)) throw plainError(400, `row without ${key}`);
  return value;
}

function optionalText(item: Readonly<Record<string, unknown>>, key: string): string | null {
  const value = item[key];
  return value === undefined || value === null ? null : text(item, key);
}

function integer(item: Readonly<Record<string, unknown>>, key: string, fallback?: number): number {
  const value = Number(item[key] ?? fallback ?? NaN);
  if (!Number.isSafeInteger(value)) throw plainError(400, `row without ${key}`);
  return value;
}
