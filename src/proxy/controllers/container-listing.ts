/**
 * Listings of containers. A container that is sharded answers with its shards, which are then listed one after the other.
 * Source: spec swift-formats 6.7.
 */

import { compareCodePoints, isTrueValue, quote } from '../../common/text.ts';
import { utf8Param } from '../../http/database-server.ts';
import { Headers } from '../../http/headers.ts';
import { formatQuery, type SwiftRequest } from '../../http/request.ts';
import { shardListingCacheKey } from '../../http/resource-info.ts';
import { type SwiftResponse, errorResponse } from '../../http/response.ts';
import type { ProxyContext } from '../proxy-context.ts';
import { readResource } from '../resource-read.ts';
import type { ResourceNames } from './controller.ts';

/** What a listing holds: objects and subdirs, as the container server gave them. */
interface ListingEntry {
  readonly name?: string;
  readonly subdir?: string;
  readonly bytes?: number;
}

/** The names above `lower` up to and including `upper` are in the container `name` (`account/container`). '' is no bound. */
interface Shard {
  readonly name: string;
  readonly lower: string;
  readonly upper: string;
}

/** Parameters that no node is asked about when they are not UTF-8. */
const TEXT_PARAMS = ['marker', 'end_marker', 'prefix', 'delimiter', 'path', 'format', 'reverse', 'states', 'includes'];

const OVERRIDE_FILTER = 'x-backend-override-shard-name-filter';

/** JSON, whatever the client asked for. Anything but a listing is the best answer of the nodes; 503 when a shard fails. */
export async function listContainer(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
): Promise<SwiftResponse> {
  for (const name of TEXT_PARAMS) utf8Param(req, name);
  const params = new Map(req.params).set('format', 'json');
  const headers = new Headers();
  if (!req.headers.has('x-backend-record-type')) {
    params.set('states', 'listing');
    headers
      .set('x-backend-record-type', 'auto')
      .set('x-backend-record-shard-format', 'namespace')
      .set('x-backend-include-deleted', 'false');
    // All shards are worth having only where they can be remembered.
    if (req.env.cache !== undefined) headers.set(OVERRIDE_FILTER, 'sharded');
  }
  req.setParams(params);
  const { account, container } = names;
  const res = await readResource(context, req, {
    serverType: 'Container',
    account,
    container,
    headers,
    queryString: req.queryString,
  });
  const asked = headers.has('x-backend-record-type');
  if (!asked || !res.isSuccess || res.headers.get('x-backend-record-type') !== 'shard') return res;
  return await listShards(context, req, names, res);
}

async function listShards(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  root: SwiftResponse,
): Promise<SwiftResponse> {
  const shards = await readShards(context, req, names, root);
  const merged = shards === undefined ? undefined : await mergeShards(context, req, names, root, shards);
  if (merged === undefined) return errorResponse(503);
  const { entries, complete } = merged;
  const body = Buffer.from(JSON.stringify(entries), 'utf8');
  root.body = body;
  root.headers.set('content-length', body.length);
  if (complete) {
    root.headers.set('x-container-object-count', entries.length);
    root.headers.set(
      'x-container-bytes-used',
      entries.reduce((sum, { bytes }) => sum + (bytes ?? 0), 0),
    );
  }
  return root;
}

/** The shards that the listing has to go through, in its order. Undefined when the answer cannot be read. */
async function readShards(
  context: ProxyContext,
  req: SwiftRequest,
  { account, container }: ResourceNames,
  root: SwiftResponse,
): Promise<Shard[] | undefined> {
  let shards: Shard[];
  try {
    shards = JSON.parse(await root.text()) as Shard[];
  } catch (error) {
    req.log.error(`Problem with listing response of ${req.path}`, error);
    return undefined;
  }
  if (!Array.isArray(shards) || shards.length === 0) return undefined;
  if (!isTrueValue(root.headers.get(OVERRIDE_FILTER))) return shards;
  // These are all shards: they are remembered, and those that the client's bounds leave are chosen here.
  await req.env.cache?.set(
    shardListingCacheKey(account, container),
    shards.map(({ lower, name }) => [lower, name]),
    context.conf.recheckListingShardRangesSec,
  );
  return withinBounds(shards, req.params);
}

function withinBounds(shards: readonly Shard[], params: ReadonlyMap<string, string>): Shard[] {
  const reverse = isTrueValue(params.get('reverse'));
  const [from, to] = reverse ? ['end_marker', 'marker'] : ['marker', 'end_marker'];
  const marker = params.get(from as string) ?? '';
  const end = params.get(to as string) ?? '';
  const kept = shards.filter(
    ({ lower, upper }) =>
      (marker === '' || upper === '' || compareCodePoints(upper, marker) > 0) &&
      (end === '' || compareCodePoints(lower, end) < 0),
  );
  return reverse ? kept.reverse() : kept;
}

interface Merged {
  entries: ListingEntry[];
  /** True when these are all objects of the container. */
  complete: boolean;
}

async function mergeShards(
  context: ProxyContext,
  req: SwiftRequest,
  names: ResourceNames,
  root: SwiftResponse,
  shards: readonly Shard[],
): Promise<Merged | undefined> {
  const history = [...(req.env.shardListingHistory ?? []), `${names.account}/${names.container}`];
  const limit = Number(req.params.get('limit') ?? context.constraints.container_listing_limit);
  const entries: ListingEntry[] = [];
  for (const shard of shards) {
    if (canBeSkipped(shard, req.params, entries)) continue;
    const params = shardParams(shard, req.params, entries, limit - entries.length);
    const found = await listShard(context, req, shard, params, history, root);
    if (found === undefined) return undefined;
    for (const entry of found) entries.push(entry);
    if (entries.length >= limit || endsWithin(shard, req.params)) break;
  }
  const constrained = ['marker', 'end_marker', 'path', 'prefix', 'delimiter'].some(
    (name) => (req.params.get(name) ?? '') !== '',
  );
  return { entries, complete: !constrained && entries.length < limit };
}

/** True when no name of the shard can belong to the listing: outside the prefix, or inside a subdir that is listed already. */
function canBeSkipped(shard: Shard, params: ReadonlyMap<string, string>, entries: readonly ListingEntry[]): boolean {
  const prefix = params.get('prefix') ?? '';
  if (prefix !== '') {
    if (shard.upper !== '' && compareCodePoints(prefix, shard.upper) > 0) return true;
    // Above `lower` are only names greater than all that begin with the prefix.
    if (compareCodePoints(shard.lower, prefix) > 0 && !shard.lower.startsWith(prefix)) return true;
  }
  const subdir = entries.at(-1)?.subdir;
  if (subdir === undefined) return false;
  return (isTrueValue(params.get('reverse')) ? shard.lower : shard.upper).startsWith(subdir);
}

/** A marker and an end marker keep each shard to its own names, so that misplaced ones do not hide others. */
function shardParams(
  shard: Shard,
  params: ReadonlyMap<string, string>,
  entries: readonly ListingEntry[],
  limit: number,
): Map<string, string> {
  const reverse = isTrueValue(params.get('reverse'));
  const last = entries.at(-1);
  const endMarker = params.get('end_marker') ?? '';
  const out = new Map(params);
  out.delete('states');
  out.set('limit', String(limit));
  out.set('marker', last === undefined ? (params.get('marker') ?? '') : (last.name ?? last.subdir ?? ''));
  if (endMarker !== '' && isWithin(endMarker, shard)) out.set('end_marker', endMarker);
  else if (reverse) out.set('end_marker', shard.lower);
  else out.set('end_marker', shard.upper === '' ? '' : `${shard.upper}\0`);
  return out;
}

function isWithin(name: string, { lower, upper }: Shard): boolean {
  return compareCodePoints(name, lower) > 0 && (upper === '' || compareCodePoints(name, upper) <= 0);
}

function endsWithin({ lower, upper }: Shard, params: ReadonlyMap<string, string>): boolean {
  const endMarker = params.get('end_marker') ?? '';
  if (endMarker === '') return false;
  if (isTrueValue(params.get('reverse'))) return compareCodePoints(endMarker, lower) >= 0;
  return upper === '' || compareCodePoints(endMarker, upper) <= 0;
}

/** Lists one shard by a request to this very app. Undefined when that fails. */
async function listShard(
  context: ProxyContext,
  req: SwiftRequest,
  shard: Shard,
  params: Map<string, string>,
  history: readonly string[],
  root: SwiftResponse,
): Promise<ListingEntry[] | undefined> {
  const headers = new Headers({
    // A shard that points back to where the listing comes from has objects of its own to give.
    'x-backend-record-type': history.includes(shard.name) ? 'object' : undefined,
    'x-backend-storage-policy-index': root.headers.get('x-backend-storage-policy-index'),
    'x-backend-allow-reserved-names': 'true',
    'x-newest': isTrueValue(req.headers.get('x-newest')) ? 'true' : undefined,
  });
  const sub = req.sub('GET', `/v1/${shard.name}`, { source: 'SH', as: 'preauthorized', headers });
  sub.env.shardListingHistory = history;
  sub.queryString = formatQuery(params);
  const res = await context.app(sub);
  try {
    if (!res.isSuccess) throw new Error(`status ${res.status}`);
    const entries: unknown = JSON.parse(await res.text());
    if (!Array.isArray(entries)) throw new Error('not a list');
    return entries as ListingEntry[];
  } catch (error) {
    await res.close();
    req.log.error(`Failed to get container listing from ${quote(shard.name)}`, error);
    return undefined;
  }
}
