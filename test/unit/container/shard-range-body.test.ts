import { expect, test } from 'vitest';
import { shardRangesOf } from '../../../src/container/shard-range-body.ts';
import { HttpError } from '../../../src/http/response.ts';

const RECORD = {
  name: '.shards_a/c-1',
  timestamp: '1795353162.99111',
  lower: '',
  upper: 'obj-04',
  object_count: 5,
  bytes_used: 0,
  meta_timestamp: '1795353162.99111',
  deleted: 0,
  state: 20,
  state_timestamp: '1795353162.99111',
  epoch: null,
  reported: 0,
  tombstones: -1,
};

function faultOf(body: unknown): string | undefined {
  try {
    shardRangesOf(body);
    return undefined;
  } catch (error) {
    if (!(error instanceof HttpError)) throw error;
    expect(error.status).toBe(400);
    return error.message;
  }
}

test('a full record is taken as it is', () => {
  expect(shardRangesOf([RECORD])).toEqual([RECORD]);
});

test('reported and tombstones may be missing, and timestamps are put in their normal form', () => {
  const { reported: _reported, tombstones: _tombstones, ...older } = RECORD;
  expect(shardRangesOf([{ ...older, timestamp: '12.5', epoch: '13' }])).toEqual([
    { ...RECORD, timestamp: '0000000012.50000', epoch: '0000000013.00000' },
  ]);
});

test('an empty body has no ranges', () => {
  expect(shardRangesOf([])).toEqual([]);
  expect(shardRangesOf({})).toEqual([]);
});

test.each<[string, unknown]>([
  ['a number', 3],
  ['null', null],
  ['an object that is not empty', { a: 1 }],
  ['a list of numbers', [3]],
  ['a list of lists', [[RECORD]]],
  ['no name', [{ ...RECORD, name: undefined }]],
  ['a name without container', [{ ...RECORD, name: 'a' }]],
  ['no timestamp', [{ ...RECORD, timestamp: undefined }]],
  ['a timestamp that is none', [{ ...RECORD, timestamp: 'zz' }]],
  ['bounds the wrong way round', [{ ...RECORD, lower: 'z', upper: 'b' }]],
  ['bounds in UTF-16 order but not in that of UTF-8', [{ ...RECORD, lower: '\u{1F600}', upper: '\uFF5E' }]],
  ['an unknown state', [{ ...RECORD, state: 77 }]],
  ['a count that is no integer', [{ ...RECORD, object_count: 'many' }]],
  ['no count', [{ ...RECORD, object_count: undefined }]],
])('%s gets 400', (_name, body) => {
  expect(faultOf(body)).toMatch(/^Invalid body: /);
});
