/** The keys with which an owner signs URLs and forms: two of the account, two of the container. */

import type { Handler } from './contract.ts';
import type { SwiftRequest } from './request.ts';
import { accountInfo, containerInfo } from './resource-info.ts';
import type { InfoMetadata } from './resource-info-values.ts';

export interface TempUrlKey {
  /** Native text. */
  readonly key: string;
  /** What the key may give access to: the whole account, or the container alone. */
  readonly scope: 'account' | 'container';
}

const KEY_NAMES = ['temp-url-key', 'temp-url-key-2'] as const;

/**
 * Keys in the metadata (`X-Account-Meta-Temp-Url-Key`, `-Key-2`, the same of the container) of what the request's path names, the
 * account's first. `source` tags the sub-requests in the access log. Throws only what `app` throws.
 */
export async function tempUrlKeys(req: SwiftRequest, app: Handler, source: string): Promise<readonly TempUrlKey[]> {
  const account = await accountInfo(req, app, { source });
  const container = await containerInfo(req, app, { source });
  return [...keysOf(account.meta, 'account'), ...keysOf(container.meta, 'container')];
}

function keysOf(meta: InfoMetadata, scope: TempUrlKey['scope']): TempUrlKey[] {
  return KEY_NAMES.flatMap((name) => {
    const key = meta[name];
    return key === undefined ? [] : [{ key, scope }];
  });
}
