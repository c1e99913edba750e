/** What the verbs of one account server share. */

import type { Logger } from '../common/host.ts';
import type { Policies } from '../common/storage-policy.ts';
import { Timestamp } from '../common/timestamp.ts';
import type { AccountLocator } from '../db/store-types.ts';
import { addStoredMetadata } from '../http/database-server.ts';
import { Headers } from '../http/headers.ts';
import type { SwiftRequest } from '../http/request.ts';
import { SwiftResponse } from '../http/response.ts';
import { checkDrive, type DriveOptions, splitBackendPath, validateInternalNames } from '../http/storage-server.ts';
import type { AccountInfo, AccountStore } from './account-store.ts';

export interface AccountServer {
  readonly store: AccountStore;
  readonly drive: DriveOptions;
  readonly policies: Policies;
  readonly listingLimit: number;
  /** Accounts that begin with it are made by their first container's row. */
  readonly autoCreateAccountPrefix: string;
  readonly log: Logger;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Nothing is stored beside X-Account-Meta-* and -Sysmeta-*. */
export const SAVED_HEADERS: ReadonlySet<string> = new Set();

export interface AccountTarget {
  readonly account: AccountLocator;
  /** Of a row; undefined for the account itself. */
  readonly container: string | undefined;
}

/** Throws HttpError 400 for a path that does not fit. */
export function locate(req: SwiftRequest, takesContainer: boolean): AccountTarget {
  const [device, partition, account, container] = splitBackendPath(req, 3, takesContainer ? 4 : 3) as [
    string,
    string,
    string,
    string | undefined,
  ];
  validateInternalNames(account, container);
  return { account: { device, partition, account }, container };
}

/** 507 when the device cannot be used or, with `forWriting`, is full. */
export function checkDevice(
  server: AccountServer,
  { account }: AccountTarget,
  forWriting: boolean,
): SwiftResponse | undefined {
  return checkDrive(server.drive, account.device, forWriting);
}

/** An answer about the account's being deleted: no page, and X-Account-Status when it is so. */
export function statusResponse(status: number, isStatusDeleted: boolean, text = ''): SwiftResponse {
  const headers = new Headers({ 'content-type': 'text/html; charset=utf-8', 'content-length': text.length });
  if (isStatusDeleted) headers.set('x-account-status', 'Deleted');
  return new SwiftResponse(status, headers, text === '' ? null : Buffer.from(text));
}

/** What GET and HEAD tell of an account: totals, totals by policy, times and metadata. */
export function accountHeaders(server: AccountServer, info: AccountInfo, contentType: string): Headers {
  const headers = new Headers({
    'content-type': `${contentType}; charset=utf-8`,
    'x-account-container-count': info.container_count,
    'x-account-object-count': info.object_count,
    'x-account-bytes-used': info.bytes_used,
    'x-timestamp': Timestamp.parse(info.created_at).normal,
    'x-put-timestamp': Timestamp.parse(info.put_timestamp).normal,
  });
  for (const stat of info.policyStats) {
    const policy = server.policies.get(stat.storage_policy_index);
    if (policy === undefined) continue;
    const prefix = `x-account-storage-policy-${policy.name.toLowerCase()}`;
    headers
      .set(`${prefix}-container-count`, stat.container_count)
      .set(`${prefix}-object-count`, stat.object_count)
      .set(`${prefix}-bytes-used`, stat.bytes_used);
  }
  addStoredMetadata(headers, info.metadata, 'account', SAVED_HEADERS);
  return headers;
}
