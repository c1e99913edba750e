/**
 * What is known of an account, container or object, asked of the rest of the pipeline by HEAD and remembered: for the request
 * (`env.infoCache`), and accounts and containers also in the shared cache (`env.cache`), with the keys, values and times of Swift's
 * own proxies, so that both may share a memcached. Source: spec swift-formats 8.4.
 */

import type { Policies } from '../common/storage-policy.ts';
import type { Handler } from './contract.ts';
import type { SwiftRequest } from './request.ts';
import {
  type AccountInfo,
  accountInfoOf,
  type CachedAccountInfo,
  type CachedContainerInfo,
  type ContainerInfo,
  containerInfoOf,
  count,
  type ObjectInfo,
  objectInfoOf,
} from './resource-info-values.ts';
import type { SwiftResponse } from './response.ts';

export {
  type AccountInfo,
  type ContainerInfo,
  FAKE_ACCOUNT_HEADER,
  type InfoMetadata,
  type ObjectInfo,
  type PolicyUsage,
} from './resource-info-values.ts';

export function accountCacheKey(account: string): string {
  return `account/${account}`;
}

function containerCacheKey(account: string, container: string): string {
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
