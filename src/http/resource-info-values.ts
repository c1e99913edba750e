/** What an answer to HEAD tells of an account, container or object, in the form in which Swift's proxies cache it. */

import type { Policies } from '../common/storage-policy.ts';
import { isTrueValue, nativeFromWire } from '../common/text.ts';
import type { Headers } from './headers.ts';
import type { SwiftResponse } from './response.ts';

/** Marks the answer for an account that does not exist but will be made at need. */
export const FAKE_ACCOUNT_HEADER = 'x-backend-fake-account-listing';

/** Metadata by its name behind the prefix, lower case; names and values are native text. */
export type InfoMetadata = Readonly<Record<string, string>>;

export interface PolicyUsage {
  readonly container_count: number;
  readonly object_count: number;
  readonly bytes: number;
}

export interface AccountInfo {
  /** Of the HEAD: 2xx when the account is there, 404 or 410 when it is not, 0 when it could not be asked. */
  readonly status: number;
  readonly container_count: number;
  readonly total_object_count: number;
  readonly bytes: number;
  /** By policy index, as text. */
  readonly storage_policies: Readonly<Record<string, PolicyUsage>>;
  readonly meta: InfoMetadata;
  readonly sysmeta: InfoMetadata;
  /** False for an account that will be made when something is first written to it. */
  readonly account_really_exists: boolean;
}

export interface ContainerInfo {
  /** Of the HEAD: 2xx when the container is there, 404 when it is not, 0 when it could not be asked. */
  readonly status: number;
  readonly read_acl: string | null;
  readonly write_acl: string | null;
  readonly sync_to: string | null;
  readonly sync_key: string | null;
  readonly object_count: number;
  readonly bytes: number;
  readonly versions: string | null;
  /** Index of the policy. */
  readonly storage_policy: number;
  readonly cors: {
    readonly allow_origin: string | null;
    readonly expose_headers: string | null;
    readonly max_age: string | null;
  };
  readonly meta: InfoMetadata;
  readonly sysmeta: InfoMetadata;
  readonly sharding_state: string;
  readonly created_at: string | null;
  readonly put_timestamp: string | null;
  readonly delete_timestamp: string | null;
  readonly status_changed_at: string | null;
}

export interface ObjectInfo {
  readonly status: number;
  readonly length: number | null;
  readonly type: string | null;
  readonly etag: string | null;
  readonly meta: InfoMetadata;
  readonly sysmeta: InfoMetadata;
  readonly transient_sysmeta: InfoMetadata;
}

/** As it is cached: counts are text, as they stood in the headers, or null. */
export interface CachedAccountInfo extends Omit<AccountInfo, 'container_count' | 'total_object_count' | 'bytes'> {
  container_count: string | null;
  total_object_count: string | null;
  bytes: string | null;
}

export interface CachedContainerInfo extends Omit<ContainerInfo, 'object_count' | 'bytes' | 'storage_policy'> {
  object_count: string | null;
  bytes: string | null;
  storage_policy: string;
}

/** A count as it stands in a header or the cache. */
export function count(text: string | number | null | undefined): number {
  return Number(text ?? 0);
}

interface SplitMetadata {
  meta: Record<string, string>;
  sysmeta: Record<string, string>;
  transientSysmeta: Record<string, string>;
}

function metadataOf(headers: Headers, type: 'account' | 'container' | 'object'): SplitMetadata {
  // Without a prototype, so that no name of a user's means something else.
  const split: SplitMetadata = {
    meta: Object.create(null) as Record<string, string>,
    sysmeta: Object.create(null) as Record<string, string>,
    transientSysmeta: Object.create(null) as Record<string, string>,
  };
  const kinds: [string, Record<string, string>][] = [
    [`x-${type}-meta-`, split.meta],
    [`x-${type}-sysmeta-`, split.sysmeta],
    [`x-${type}-transient-sysmeta-`, split.transientSysmeta],
  ];
  for (const [name, value] of headers) {
    for (const [prefix, into] of kinds) {
      if (name.length > prefix.length && name.startsWith(prefix)) {
        into[nativeFromWire(name.slice(prefix.length))] = nativeFromWire(value);
      }
    }
  }
  return split;
}

export function accountInfoOf(res: SwiftResponse, policies: Policies | undefined): CachedAccountInfo {
  const { headers } = res;
  const { meta, sysmeta } = metadataOf(headers, 'account');
  const storagePolicies: Record<string, PolicyUsage> = {};
  for (const policy of policies ?? []) {
    const prefix = `x-account-storage-policy-${policy.name}-`;
    storagePolicies[policy.index] = {
      container_count: count(headers.get(`${prefix}container-count`)),
      object_count: count(headers.get(`${prefix}object-count`)),
      bytes: count(headers.get(`${prefix}bytes-used`)),
    };
  }
  return {
    status: res.status,
    container_count: headers.get('x-account-container-count') ?? null,
    total_object_count: headers.get('x-account-object-count') ?? null,
    bytes: headers.get('x-account-bytes-used') ?? null,
    storage_policies: storagePolicies,
    meta,
    sysmeta,
    account_really_exists: !isTrueValue(headers.get(FAKE_ACCOUNT_HEADER)),
  };
}

export function containerInfoOf(res: SwiftResponse): CachedContainerInfo {
  const { headers } = res;
  const { meta, sysmeta } = metadataOf(headers, 'container');
  const text = (name: string): string | null => headers.getText(name) ?? null;
  return {
    status: res.status,
    read_acl: text('x-container-read'),
    write_acl: text('x-container-write'),
    sync_to: text('x-container-sync-to'),
    sync_key: text('x-container-sync-key'),
    object_count: text('x-container-object-count'),
    bytes: text('x-container-bytes-used'),
    versions: text('x-versions-location'),
    storage_policy: headers.get('x-backend-storage-policy-index') ?? '0',
    cors: {
      allow_origin: meta['access-control-allow-origin'] ?? null,
      expose_headers: meta['access-control-expose-headers'] ?? null,
      max_age: meta['access-control-max-age'] ?? null,
    },
    meta,
    sysmeta,
    sharding_state: headers.get('x-backend-sharding-state') ?? 'unsharded',
    created_at: text('x-backend-timestamp'),
    put_timestamp: text('x-backend-put-timestamp'),
    delete_timestamp: text('x-backend-delete-timestamp'),
    status_changed_at: text('x-backend-status-changed-at'),
  };
}

export function objectInfoOf(res: SwiftResponse): ObjectInfo {
  const { headers } = res;
  const { meta, sysmeta, transientSysmeta } = metadataOf(headers, 'object');
  return {
    status: res.status,
    length: res.contentLength,
    type: headers.getText('content-type') ?? null,
    etag: headers.getText('etag') ?? null,
    meta,
    sysmeta,
    transient_sysmeta: transientSysmeta,
  };
}
