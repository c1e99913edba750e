/** What the verbs of one container server share. */

import type { Logger } from '../common/host.ts';
import { integerValue } from '../common/python-integer.ts';
import type { Policies } from '../common/storage-policy.ts';
import { isTrueValue } from '../common/text.ts';
import type { BackendTransport } from '../backend/transport.ts';
import type { ContainerLocator } from '../db/store-types.ts';
import type { SwiftRequest } from '../http/request.ts';
import { errorResponse, type SwiftResponse } from '../http/response.ts';
import {
  checkDrive,
  type DriveOptions,
  htmlTextResponse,
  plainError,
  splitBackendPath,
  validateInternalNames,
} from '../http/storage-server.ts';
import type { AutoCreate, ContainerStore } from './container-store.ts';
import type { SyncToRules } from './sync-to.ts';

export interface ContainerServer {
  readonly store: ContainerStore;
  readonly drive: DriveOptions;
  readonly policies: Policies;
  readonly listingLimit: number;
  /** Accounts that begin with it get their containers made by their first row. */
  readonly autoCreateAccountPrefix: string;
  readonly syncTo: SyncToRules;
  /** The way to the account servers. */
  readonly transport: BackendTransport;
  readonly connectTimeoutMs: number;
  readonly nodeTimeoutMs: number;
  readonly log: Logger;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Headers that are stored beside X-Container-Meta-* and -Sysmeta-*. */
export const SAVED_HEADERS: ReadonlySet<string> = new Set([
  'x-container-read',
  'x-container-write',
  'x-container-sync-key',
  'x-container-sync-to',
]);

/** Where a request points; `object` is undefined for the container itself. */
export interface ContainerTarget {
  readonly container: ContainerLocator;
  readonly object: string | undefined;
}

/** Throws HttpError 400 for a path that does not fit. */
export function locate(req: SwiftRequest, takesObject: boolean): ContainerTarget {
  const [device, partition, account, container, object] = splitBackendPath(
    req,
    4,
    takesObject ? 5 : 4,
    takesObject,
  ) as [string, string, string, string, string | undefined];
  validateInternalNames(account, container, object);
  return { container: { device, partition, account, container }, object };
}

/** 507 when the device cannot be used or, with `forWriting`, is full. */
export function checkDevice(
  server: ContainerServer,
  { container }: ContainerTarget,
  forWriting: boolean,
): SwiftResponse | undefined {
  return checkDrive(server.drive, container.device, forWriting);
}

/** X-Backend-Storage-Policy-Index, undefined when there is none. Throws HttpError 400 for one that is no policy. */
export function requestedPolicy(server: ContainerServer, req: SwiftRequest): number | undefined {
  const text = req.headers.get('x-backend-storage-policy-index');
  if (text === undefined || text === '') return undefined;
  const index = integerValue(text);
  if (index === undefined) throw plainError(400, `Invalid X-Backend-Storage-Policy-Index '${text}'`);
  if (server.policies.get(index) === undefined) {
    throw plainError(400, `Invalid X-Backend-Storage-Policy-Index ${index}`);
  }
  return index;
}

/**
 * True when a database that is missing is to be made: as X-Backend-Auto-Create says, else in internal accounts other than
 * those of shards.
 */
export function wantsAutoCreate(server: ContainerServer, req: SwiftRequest, account: string): boolean {
  const header = req.headers.get('x-backend-auto-create');
  if (header !== undefined) return isTrueValue(header);
  const prefix = server.autoCreateAccountPrefix;
  return account.startsWith(prefix) && !account.startsWith(`${prefix}shards_`);
}

/** What becomes of a request whose database is missing: made when the request names a policy, else 400 or 404. */
export function missingDatabase(isWanted: boolean): SwiftResponse {
  return isWanted ? htmlTextResponse(400, 'X-Backend-Storage-Policy-Index header is required') : errorResponse(404);
}

/** The database that a wanted one is made as; undefined without a policy. */
export function autoCreation(
  isWanted: boolean,
  timestamp: string,
  policyIndex: number | undefined,
): AutoCreate | undefined {
  return isWanted && policyIndex !== undefined ? { timestamp, storagePolicyIndex: policyIndex } : undefined;
}
