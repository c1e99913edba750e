/**
 * What is known of an account, container or object, asked of the rest of the pipeline by HEAD and remembered: for the request
 * (`env.infoCache`), and accounts and containers also in the shared cache (`env.cache`), with the keys, values and times of Swift's
 * own proxies, so that both may share a memcached. Source: spec swift-formats 8.4.
 */

import type { Policies } from '../common/storage-policy.ts';
import { isTrueValue, nativeFromWire } from '../common/text.ts';
import type { Handler } from './contract.ts';
import type { Headers } from './headers.ts';
import type { SwiftRequest } from './request.ts';
import type { SwiftResponse } from './response.ts';

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
interface CachedAccountInfo extends Omit<AccountInfo, 'container_count' | 'total_object_count' | 'bytes'> {
  container_count: string | null;
  total_object_count: string | null;
  bytes: string | null;
}

interface CachedContainerInfo extends Omit<ContainerInfo, 'object_count' | 'bytes' | 'storage_policy'> {
  object_count: string | null;
  bytes: string | null;
  storage_policy: string;
}

export function accountCacheKey(account: string): string {
  return `account/${account}`;
}

export function containerCacheKey(account: string, container: string): string {
  return `container/${account}/${container}`;
}

export function shardListingCacheKey(account: string, container: string): string {
  return `shard-listing-v2/${account}/${container}`;
}

export function shardUpdatingCacheKey(account: string, container: string): string {
  return `shard-updating-v2/${account}/${container}`;
}

/** Headers with which the proxy tells, beside an answer to HEAD or GET, how long it may be cached. Seconds. */
export const RECHECK_ACCOUNT_HEADER = 'x-backend-recheck-account-existence';
export const RECHECK_CONTAINER_HEADER = 'x-backend-recheck-container-existence';
/** Marks the answer for an account that does not exist but will be made at need. */
export const FAKE_ACCOUNT_HEADER = 'x-backend-fake-account-listing';

const DEFAULT_RECHECK_SEC = 60;
const SOURCE = 'GET_INFO';

export interface InfoOptions {
  /** The account of the wanted resource, native text; default: the request's own. */
  account?: string | undefined;
  container?: string | undefined;
  object?: string | undefined;
  /** Tag of the sub-request in the access log. Default GET_INFO. */
  source?: string | undefined;
  /** True: pass over the shared cache this time. */
  skipCache?: boolean | undefined;
}

interface ResourcePath {
  version: string;
  account: string;
  container: string;
  object: string;
}

/** Names in `/v1/a/c/o`; missing ones are ''. */
function resourcePath(req: SwiftRequest, options: InfoOptions): ResourcePath {
  const { path } = req;
  const ends: number[] = [];
  for (let at = path.indexOf('/', 1); at >= 0 && ends.length < 3; at = path.indexOf('/', at + 1)) ends.push(at);
  const segment = (from: number | undefined, to: number | undefined): string =>
    from === undefined ? '' : path.slice(from + 1, to);
  return {
    version: path.slice(1, ends[0]) || 'v1',
    account: options.account ?? segment(ends[0], ends[1]),
    container: options.container ?? segment(ends[1], ends[2]),
    object: options.object ?? segment(ends[2], undefined),
  };
}

/** Of the account that the request is for, or of `options.account`. Throws only what `app` throws. */
export async function accountInfo(req: SwiftRequest, app: Handler, options: InfoOptions = {}): Promise<AccountInfo> {
  const { version, account } = resourcePath(req, options);
  const key = accountCacheKey(account);
  let cached = (await fromCaches(req, key, options)) as CachedAccountInfo | undefined;
  if (cached === undefined) {
    const res = await head(req, app, `/${version}/${account}`, options);
    cached = req.env.infoCache?.get(key) as CachedAccountInfo | undefined;
    cached ??= await cacheAccountInfo(req, account, res);
  }
  return {
    ...cached,
    container_count: count(cached.container_count),
    total_object_count: count(cached.total_object_count),
    bytes: count(cached.bytes),
    storage_policies: cached.storage_policies ?? {},
    sysmeta: cached.sysmeta ?? {},
    account_really_exists: cached.account_really_exists ?? true,
  };
}

/** Of the container that the request is for, or of `options`. Throws only what `app` throws. */
export async function containerInfo(
  req: SwiftRequest,
  app: Handler,
  options: InfoOptions = {},
): Promise<ContainerInfo> {
  const { version, account, container } = resourcePath(req, options);
  const key = containerCacheKey(account, container);
  let cached = (await fromCaches(req, key, options)) as CachedContainerInfo | undefined;
  if (cached === undefined) {
    const res = await head(req, app, `/${version}/${account}/${container}`, options);
    cached = req.env.infoCache?.get(key) as CachedContainerInfo | undefined;
    cached ??= await cacheContainerInfo(req, account, container, res);
  }
  return {
    ...cached,
    object_count: count(cached.object_count),
    bytes: count(cached.bytes),
    storage_policy: count(cached.storage_policy),
    sharding_state: cached.sharding_state ?? 'unsharded',
    sysmeta: cached.sysmeta ?? {},
    created_at: cached.created_at ?? null,
    put_timestamp: cached.put_timestamp ?? null,
    delete_timestamp: cached.delete_timestamp ?? null,
    status_changed_at: cached.status_changed_at ?? null,
  };
}

/** Of the object that the request is for, or of `options`. Remembered for this request alone. */
export async function objectInfo(req: SwiftRequest, app: Handler, options: InfoOptions = {}): Promise<ObjectInfo> {
  const { version, account, container, object } = resourcePath(req, options);
  const key = `object/${account}/${container}/${object}`;
  const known = req.env.infoCache?.get(key) as ObjectInfo | undefined;
  if (known !== undefined) return known;
  const res = await head(req, app, `/${version}/${account}/${container}/${object}`, options);
  const info = objectInfoOf(res);
  (req.env.infoCache ??= new Map()).set(key, info);
  return info;
}

function count(text: string | number | null | undefined): number {
  return Number(text ?? 0);
}

async function fromCaches(req: SwiftRequest, key: string, options: InfoOptions): Promise<unknown> {
  const known = req.env.infoCache?.get(key);
  if (known !== undefined) return known;
  const { cache } = req.env;
  if (cache === undefined || options.skipCache === true) return undefined;
  const cached = await cache.get(key);
  if (typeof cached !== 'object' || cached === null) return undefined;
  (req.env.infoCache ??= new Map()).set(key, cached);
  return cached;
}

async function head(req: SwiftRequest, app: Handler, path: string, options: InfoOptions): Promise<SwiftResponse> {
  const sub = req.sub('HEAD', path, {
    source: options.source ?? SOURCE,
    as: 'preauthorized',
    headers: { 'x-backend-allow-reserved-names': 'true' },
  });
  const res = await app(sub);
  await res.close();
  return res;
}

/** Remembers an answer to GET or HEAD of an account. `policies` gives the names in its headers their indexes. */
export async function cacheAccountInfo(
  req: SwiftRequest,
  account: string,
  res: SwiftResponse,
  policies?: Policies,
): Promise<CachedAccountInfo> {
  const info = accountInfoOf(res, policies);
  await remember(req, accountCacheKey(account), info, res, RECHECK_ACCOUNT_HEADER);
  return info;
}

/** Remembers an answer to GET or HEAD of a container. */
export async function cacheContainerInfo(
  req: SwiftRequest,
  account: string,
  container: string,
  res: SwiftResponse,
): Promise<CachedContainerInfo> {
  const info = containerInfoOf(res);
  await remember(req, containerCacheKey(account, container), info, res, RECHECK_CONTAINER_HEADER);
  return info;
}

/** Success for the recheck time, an absence for a tenth of it; anything else only for this request. */
async function remember(
  req: SwiftRequest,
  key: string,
  info: unknown,
  res: SwiftResponse,
  recheckHeader: string,
): Promise<void> {
  (req.env.infoCache ??= new Map()).set(key, info);
  const { cache } = req.env;
  if (cache === undefined) return;
  const recheckSec = Number(res.headers.get(recheckHeader) ?? DEFAULT_RECHECK_SEC);
  const ttlSec = res.isSuccess ? recheckSec : res.status === 404 || res.status === 410 ? recheckSec * 0.1 : 0;
  if (ttlSec > 0) await cache.set(key, info, ttlSec);
  else await cache.delete(key);
}

/** Forgets an account, or a container with its shards for listings, after a write to it. */
export async function clearInfo(req: SwiftRequest, account: string, container?: string): Promise<void> {
  const keys =
    container === undefined || container === ''
      ? [accountCacheKey(account)]
      : [containerCacheKey(account, container), shardListingCacheKey(account, container)];
  const { infoCache, cache } = req.env;
  for (const key of keys) {
    infoCache?.delete(key);
    await cache?.delete(key);
  }
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

function accountInfoOf(res: SwiftResponse, policies: Policies | undefined): CachedAccountInfo {
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

function containerInfoOf(res: SwiftResponse): CachedContainerInfo {
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

function objectInfoOf(res: SwiftResponse): ObjectInfo {
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
