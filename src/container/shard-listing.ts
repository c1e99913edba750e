import { compareCodePoints } from '../common/text.ts';
import { Timestamp } from '../common/timestamp.ts';
import { jsonListing } from '../db/listing-body.ts';
import { pythonJson } from '../common/python-json.ts';
import { StoreError } from '../common/store-error.ts';
import type { ListingBody } from '../db/store-types.ts';
import type { ContainerListingRequest, ShardRangeRow } from './container-store.ts';
import { compareShardRanges, parseShardStates, rangeIncludes, SHARD_STATES, type ShardStates } from './shard-range.ts';

const ALL_STATES: ShardStates = { states: [], fillGaps: false, includeOwn: false };

export type ShardFilter = Pick<
  ContainerListingRequest,
  'marker' | 'endMarker' | 'includes' | 'reverse' | 'includeDeleted' | 'states'
>;

/** The records that a request asks for, as JSON; `path` is the container's own `account/container`. */
export function listShardRanges(
  records: readonly ShardRangeRow[],
  request: ContainerListingRequest,
  path: string,
  now: Timestamp,
): ListingBody {
  const shown = selectShardRanges(records, request, path, now).map((range) =>
    request.namespacesOnly === true
      ? { name: range.name, lower: range.lower, upper: range.upper }
      : { ...range, last_modified: Timestamp.parse(range.timestamp).isoFormat },
  );
  return jsonListing(shown, pythonJson);
}

/** Filters and orders records; with `includes` the markers only count when they leave nothing. Throws StoreError `bad-states`. */
export function selectShardRanges(
  records: readonly ShardRangeRow[],
  filter: ShardFilter,
  path: string,
  now: Timestamp,
): ShardRangeRow[] {
  const parsed = filter.states === undefined || filter.states === '' ? ALL_STATES : parseShardStates(filter.states);
  if (parsed === undefined) throw new StoreError('bad-states', 'Bad state');
  const { states, fillGaps, includeOwn } = parsed;
  const eligible = records.filter(
    (range) =>
      (includeOwn || range.name !== path) &&
      (filter.includeDeleted === true || range.deleted === 0) &&
      (states.length === 0 || states.includes(range.state)),
  );
  eligible.sort(compareShardRanges);
  const reverse = filter.reverse === true;
  const marker = (reverse ? filter.endMarker : filter.marker) ?? '';
  const endMarker = (reverse ? filter.marker : filter.endMarker) ?? '';
  if (marker !== '' && endMarker !== '' && compareCodePoints(marker, endMarker) >= 0) return [];
  if (filter.includes) {
    const name = filter.includes;
    return eligible.filter((range) => rangeIncludes(range, name)).slice(0, 1);
  }
  const chosen = eligible.filter(
    (range) =>
      (marker === '' || range.upper === '' || compareCodePoints(range.upper, marker) > 0) &&
      (endMarker === '' || range.lower === '' || compareCodePoints(range.lower, endMarker) < 0),
  );
  if (fillGaps) {
    const filler = fillerRange(chosen.at(-1), ownRange(records, path, now), marker, endMarker);
    if (filler !== undefined) chosen.push(filler);
  }
  return reverse ? chosen.reverse() : chosen;
}

/** The container's own range; the whole namespace when none is recorded. */
function ownRange(records: readonly ShardRangeRow[], path: string, now: Timestamp): ShardRangeRow {
  const own = records.find((range) => range.name === path);
  if (own !== undefined) return own;
  const timestamp = now.normal;
  return {
    name: path,
    timestamp,
    lower: '',
    upper: '',
    object_count: 0,
    bytes_used: 0,
    meta_timestamp: timestamp,
    deleted: 0,
    state: SHARD_STATES['active'] as number,
    state_timestamp: timestamp,
    epoch: null,
    reported: 0,
    tombstones: -1,
  };
}

/** A range of the container's own name from where the last one ends to where the container (or the question) does. */
function fillerRange(
  last: ShardRangeRow | undefined,
  own: ShardRangeRow,
  marker: string,
  endMarker: string,
): ShardRangeRow | undefined {
  if (last !== undefined && last.upper === '') return undefined;
  const start = compareCodePoints(marker, own.lower) > 0 ? marker : own.lower;
  const lower = last === undefined ? start : last.upper;
  const isCut = endMarker !== '' && (own.upper === '' || compareCodePoints(endMarker, own.upper) < 0);
  const upper = isCut ? endMarker : own.upper;
  return upper === '' || compareCodePoints(upper, lower) > 0 ? { ...own, lower, upper } : undefined;
}
