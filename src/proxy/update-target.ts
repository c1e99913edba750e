/** Where the row of an object goes: its container, or, of a sharded one, the shard that covers the name. Source: spec 6.2, 8.4. */

import { compareCodePoints, quote } from '../common/text.ts';
import type { ContainerInfo } from '../http/resource-info.ts';
import { shardUpdatingCacheKey } from '../http/resource-info.ts';
import type { SwiftRequest } from '../http/request.ts';
import type { ResourceNames } from './controllers/controller.ts';
import type { ProxyContext } from './proxy-context.ts';
import type { ContainerTarget } from './update-spread.ts';

/** A shard and the name below which it does not reach, as proxies cache them: `[lower, "account/container"]`. */
type Bound = readonly [lower: string, name: string];

/** Longest list of shards that is read from a container. */
const MAX_LISTING_BYTES = 64 * 1024 * 1024;

/** The target for one object's row. `info` is of a container that exists. Never throws for want of shards: the root takes the row. */
export async function updateTarget(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  info: ContainerInfo,
): Promise<ContainerTarget> {
  const ring = context.ring('container');
  const rootDbState = info.sharding_state;
  if (rootDbState === 'sharded' || rootDbState === 'sharding') {
    const shard = await coveringShard(context, req, names);
    if (shard !== undefined) {
      const [account, container] = splitShardName(shard);
      const partition = ring.partitionOf(account, container);
      return { partition, nodes: ring.primaries(partition), rootDbState, quotedPath: quote(shard) };
    }
  }
  const partition = ring.partitionOf(names.account, names.container);
  return { partition, nodes: ring.primaries(partition), rootDbState };
}

function splitShardName(shard: string): [account: string, container: string] {
  const slash = shard.indexOf('/');
  return [shard.slice(0, slash), shard.slice(slash + 1)];
}

/** `account/container` of the shard, or undefined when the root is to take the row. */
async function coveringShard(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
): Promise<string | undefined> {
  const { recheckUpdatingShardRangesSec } = context.conf;
  if (recheckUpdatingShardRangesSec <= 0) {
    const bounds = await fetchBounds(context, req, names, names.object);
    return bounds === undefined ? undefined : covering(bounds, names.object);
  }
  const key = shardUpdatingCacheKey(names.account, names.container);
  const known = (await cachedBounds(context, req, key)) ?? (await fetchBounds(context, req, names));
  if (known === undefined) return undefined;
  const infoCache = (req.env.infoCache ??= new Map<string, unknown>());
  if (infoCache.get(key) !== known) {
    infoCache.set(key, known);
    await req.env.cache?.set(key, known, recheckUpdatingShardRangesSec);
  }
  return covering(known, names.object);
}

async function cachedBounds(context: ProxyContext, req: SwiftRequest, key: string): Promise<Bound[] | undefined> {
  const own = req.env.infoCache?.get(key);
  if (isBounds(own)) return own;
  const { cache } = req.env;
  const { updatingShardRangesSkipCachePercent } = context.conf;
  if (cache === undefined || context.random() * 100 < updatingShardRangesSkipCachePercent) return undefined;
  const shared = await cache.get(key);
  if (!isBounds(shared)) return undefined;
  (req.env.infoCache ??= new Map<string, unknown>()).set(key, shared);
  return shared;
}

function isBounds(value: unknown): value is Bound[] {
  return (
    Array.isArray(value) &&
    value.length > 0 &&
    value.every(
      (bound: unknown) => Array.isArray(bound) && typeof bound[0] === 'string' && typeof bound[1] === 'string',
    )
  );
}

/** Asks the container for the shards that take updates. `includes`: only the one that covers this name. */
async function fetchBounds(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  includes?: string,
): Promise<Bound[] | undefined> {
  const sub = req.sub('GET', `/v1/${names.account}/${names.container}`, {
    source: 'SH',
    as: 'preauthorized',
    headers: {
      'x-backend-record-type': 'shard',
      'x-backend-record-shard-format': 'namespace',
      'x-backend-allow-reserved-names': 'true',
    },
  });
  const params: [string, string][] = [['format', 'json']];
  if (includes !== undefined) params.push(['includes', includes]);
  sub.setParams([...params, ['states', 'updating']]);
  const res = await context.app(sub);
  try {
    if (!res.isSuccess || res.headers.get('x-backend-record-type') !== 'shard') {
      req.log.error(`Failed to get shard ranges of ${names.account}/${names.container}: ${res.statusLine}`);
      return undefined;
    }
    return parseBounds(JSON.parse((await res.bytes(MAX_LISTING_BYTES)).toString('utf8')));
  } catch (error) {
    req.log.error(`Failed to get shard ranges of ${names.account}/${names.container}: invalid data`, error);
    return undefined;
  } finally {
    await res.close();
  }
}

/**
 * The bounds of a list of namespaces, which is ordered by upper bound. One that begins before the one before it ends is left out: it is a
 * parent whose children come first. A gap has no name. Undefined for an empty list. Throws Error for what is no such list.
 */
export function parseBounds(namespaces: unknown): Bound[] | undefined {
  if (!Array.isArray(namespaces)) throw new Error('not a list');
  const bounds: Bound[] = [];
  let reached: string | undefined;
  for (const namespace of namespaces as unknown[]) {
    const { name, lower, upper } = namespaceOf(namespace);
    if (reached !== undefined) {
      // '' as an upper bound is beyond every name.
      if (reached === '' || compareCodePoints(lower, reached) < 0) continue;
      if (compareCodePoints(reached, lower) < 0) bounds.push([reached, '']);
    }
    bounds.push([lower, name]);
    reached = upper;
  }
  return bounds.length === 0 ? undefined : bounds;
}

function namespaceOf(value: unknown): { name: string; lower: string; upper: string } {
  const { name, lower, upper } = (value ?? {}) as Record<string, unknown>;
  if (typeof name !== 'string' || typeof lower !== 'string' || typeof upper !== 'string' || !name.includes('/')) {
    throw new Error('not a namespace');
  }
  return { name, lower, upper };
}

/** The last shard whose lower bound is below `name`; undefined in a gap. */
export function covering(bounds: readonly Bound[], name: string): string | undefined {
  let low = 0;
  let high = bounds.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (compareCodePoints((bounds[middle] as Bound)[0], name) < 0) low = middle + 1;
    else high = middle;
  }
  const found = bounds[low - 1]?.[1];
  return found === undefined || found === '' ? undefined : found;
}
