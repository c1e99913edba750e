import { expect, test } from 'vitest';
import { DEFAULT_CONSTRAINTS, maxHeaderCount } from '../../../src/common/constraints.ts';

test('a server takes as many header lines as a Swift of the same constraints', () => {
  expect(maxHeaderCount(DEFAULT_CONSTRAINTS)).toBe(201);
  expect(maxHeaderCount({ ...DEFAULT_CONSTRAINTS, max_meta_count: 4, extra_header_count: 10 })).toBe(80);
  expect(maxHeaderCount({ ...DEFAULT_CONSTRAINTS, extra_header_count: -5 })).toBe(201);
});
