import { expect, test } from 'vitest';
import { integerValue } from '../../../src/common/python-integer.ts';

test('integers are read as Python reads them', () => {
  expect(integerValue(' 4_000_000_000 ')).toBe(4_000_000_000);
  expect(integerValue('+7')).toBe(7);
  for (const text of ['', '1.5', '1e3', '_1', '1__0', '0x10']) expect(integerValue(text)).toBeUndefined();
});
