import { expect, test } from 'vitest';
import type { ShardRangeRow } from '../../../src/container/container-store.ts';
import { compareShardRanges, mergeShardRange, parseShardStates } from '../../../src/container/shard-range.ts';
import { selectShardRanges } from '../../../src/container/shard-listing.ts';
import { Timestamp } from '../../../src/common/timestamp.ts';
import { goldenJson } from '../db/support.ts';

interface MergeVector {
  readonly new: ShardRangeRow;
  readonly existing: ShardRangeRow | null;
  readonly returns: boolean;
  readonly new_after: ShardRangeRow;
}

const now = Timestamp.parse('1700000100.00000');

function range(
  name: string,
  lower: string,
  upper: string,
  state = 40,
  more: Partial<ShardRangeRow> = {},
): ShardRangeRow {
  return {
    name: `.shards_a/${name}`,
    timestamp: '1700000000.00000',
    lower,
    upper,
    object_count: 0,
    bytes_used: 0,
    meta_timestamp: '1700000000.00000',
    deleted: 0,
    state,
    state_timestamp: '1700000000.00000',
    epoch: null,
    reported: 0,
    tombstones: -1,
    ...more,
  };
}

test('a shard range that meets the one of its name becomes the recorded one', () => {
  const { merge_shards: vectors } = goldenJson<{ merge_shards: MergeVector[] }>('broker-vectors.json.gz');
  expect(vectors).toHaveLength(120);
  for (const vector of vectors) {
    const merged = mergeShardRange(vector.new, vector.existing ?? undefined);
    expect(merged !== undefined).toBe(vector.returns);
    if (merged !== undefined) expect(merged).toEqual(vector.new_after);
  }
});

test('shard ranges stand by upper bound in code point order, the unbounded last', () => {
  const ranges = [range('c', 'm', ''), range('b', '', '\ue000'), range('a', '', '😀'), range('d', 'a', 'm', 60)];
  expect(ranges.sort(compareShardRanges).map((each) => each.upper)).toEqual(['m', '\ue000', '😀', '']);
});

test('states are given by name, number or alias', () => {
  expect(parseShardStates('found, 40')).toEqual({ states: [10, 40], fillGaps: false, includeOwn: false });
  expect(parseShardStates('listing')).toMatchObject({ fillGaps: true });
  expect(new Set(parseShardStates('listing')?.states)).toEqual(new Set([30, 40, 50, 60]));
  expect(new Set(parseShardStates('updating')?.states)).toEqual(new Set([20, 30, 40, 60]));
  expect(parseShardStates('auditing')).toMatchObject({ includeOwn: true });
  expect(parseShardStates('nonsense')).toBeUndefined();
  expect(parseShardStates('41')).toBeUndefined();
});

test('a listing of shards fills the uncovered tail with the container itself', () => {
  const shown = selectShardRanges([range('a', '', 'f'), range('b', 'f', 'm')], { states: 'listing' }, 'a/c', now);
  expect(shown.map(({ name, lower, upper }) => [name, lower, upper])).toEqual([
    ['.shards_a/a', '', 'f'],
    ['.shards_a/b', 'f', 'm'],
    ['a/c', 'm', ''],
  ]);
});

test('the range that includes a name is found, lower bound exclusive and upper inclusive', () => {
  const ranges = [range('a', '', 'f'), range('b', 'f', 'm'), range('gone', '', '', 40, { deleted: 1 })];
  const holding = (includes: string): string[] =>
    selectShardRanges(ranges, { includes }, 'a/c', now).map((r) => r.name);
  expect(holding('f')).toEqual(['.shards_a/a']);
  expect(holding('f\0')).toEqual(['.shards_a/b']);
  expect(holding('z')).toEqual([]);
});

test('markers, reverse and deleted ranges are honoured', () => {
  const ranges = [range('a', '', 'f'), range('b', 'f', 'm'), range('c', 'm', '', 40, { deleted: 1 })];
  const names = (filter: object): string[] =>
    selectShardRanges(ranges, filter, 'a/c', now).map((r) => r.name.slice(-1));
  expect(names({ marker: 'f' })).toEqual(['b']);
  expect(names({ endMarker: 'f' })).toEqual(['a']);
  expect(names({ reverse: true })).toEqual(['b', 'a']);
  expect(names({ includeDeleted: true })).toEqual(['a', 'b', 'c']);
  expect(names({ marker: 'z', endMarker: 'b' })).toEqual([]);
});
