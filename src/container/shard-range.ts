import { compareCodePoints } from '../common/text.ts';
import type { ShardRangeRow } from './container-store.ts';

export const SHARD_STATES: Readonly<Record<string, number>> = {
  found: 10,
  created: 20,
  cleaved: 30,
  active: 40,
  shrinking: 50,
  sharding: 60,
  sharded: 70,
  shrunk: 80,
};

const STATE_NUMBERS: readonly number[] = Object.values(SHARD_STATES);
const LISTING_STATES: readonly number[] = [30, 40, 60, 50];
export const UPDATING_STATES: readonly number[] = [20, 30, 40, 60];
const ALIASES: Readonly<Record<string, readonly number[]>> = {
  listing: LISTING_STATES,
  updating: UPDATING_STATES,
  auditing: STATE_NUMBERS.filter((state) => state !== SHARD_STATES['found']),
};

export interface ShardStates {
  readonly states: readonly number[];
  /** With `listing` and `updating` a gap at the end is filled by a range of the container's own name. */
  readonly fillGaps: boolean;
  /** With `auditing` the container's own range is shown too. */
  readonly includeOwn: boolean;
}

/** The states of a `states` parameter: names, numbers or aliases, comma separated. Undefined for one that is none (answer 400). */
export function parseShardStates(text: string): ShardStates | undefined {
  const names = text.split(',').map((name) => name.trim().toLowerCase());
  const states = new Set<number>();
  for (const name of names.filter((each) => each !== '')) {
    const aliased = Object.hasOwn(ALIASES, name) ? ALIASES[name] : undefined;
    const state = Object.hasOwn(SHARD_STATES, name) ? SHARD_STATES[name] : Number(name);
    if (aliased !== undefined) aliased.forEach((each) => states.add(each));
    else if (state !== undefined && STATE_NUMBERS.includes(state)) states.add(state);
    else return undefined;
  }
  const fillGaps = names.includes('listing') || names.includes('updating');
  return { states: [...states], fillGaps, includeOwn: names.includes('auditing') };
}

/** The order of shard ranges everywhere: by upper bound (unbounded last), state, lower bound, name. */
export function compareShardRanges(a: ShardRangeRow, b: ShardRangeRow): number {
  if (a.upper !== b.upper) {
    if (a.upper === '') return 1;
    if (b.upper === '') return -1;
    return compareCodePoints(a.upper, b.upper);
  }
  if (a.state !== b.state) return a.state - b.state;
  return compareCodePoints(a.lower, b.lower) || compareCodePoints(a.name, b.name);
}

/** Does the range hold this name? */
export function rangeIncludes(range: ShardRangeRow, name: string): boolean {
  return (
    (range.lower === '' || compareCodePoints(name, range.lower) > 0) &&
    (range.upper === '' || compareCodePoints(name, range.upper) <= 0)
  );
}

/**
 * What becomes of a shard range when `incoming` meets the `existing` one of the same name, as a record to store; undefined when
 * nothing of it is newer. Bounds, counts and state are merged apart, each by its own timestamp.
 */
export function mergeShardRange(
  incoming: ShardRangeRow,
  existing: ShardRangeRow | undefined,
): ShardRangeRow | undefined {
  if (existing === undefined) return incoming;
  if (existing.timestamp > incoming.timestamp) return undefined;
  if (existing.timestamp < incoming.timestamp) return { ...incoming, reported: 0 };
  const newCounts = incoming.meta_timestamp > existing.meta_timestamp;
  const newState =
    incoming.state_timestamp === existing.state_timestamp
      ? incoming.state > existing.state
      : incoming.state_timestamp > existing.state_timestamp;
  const { object_count, bytes_used, tombstones, meta_timestamp } = newCounts ? incoming : existing;
  const { state, state_timestamp, epoch } = newState ? incoming : existing;
  const merged = { ...existing, object_count, bytes_used, tombstones, meta_timestamp, state, state_timestamp, epoch };
  const isUnchanged =
    object_count === existing.object_count &&
    bytes_used === existing.bytes_used &&
    tombstones === existing.tombstones &&
    state === existing.state &&
    epoch === existing.epoch;
  const reported = existing.reported === 1 && isUnchanged ? 1 : incoming.reported;
  const isNews = newCounts || newState || reported !== existing.reported;
  return isNews ? { ...merged, reported } : undefined;
}
