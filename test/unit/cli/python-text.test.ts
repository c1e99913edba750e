import { expect, test } from 'vitest';
import {
  durationText,
  fixed,
  padLeft,
  quoted,
  readFloat,
  readInteger,
  ValueFault,
} from '../../../src/cli/python-text.ts';

test('exact ties go to the even digit, all else to the nearest', () => {
  expect([0.125, 0.375, 3.125, -3.125, 0.005, 2.675].map((value) => fixed(value))).toEqual([
    '0.12',
    '0.38',
    '3.12',
    '-3.12',
    '0.01',
    '2.67',
  ]);
  expect([fixed(2.5, 0), fixed(3.5, 0), fixed(1 / 3, 6), fixed(-100), fixed(NaN), fixed(-Infinity)]).toEqual([
    '2',
    '4',
    '0.333333',
    '-100.00',
    'nan',
    '-inf',
  ]);
});

test('spans of time count days in front of the clock', () => {
  expect([0, 59, 3600, 86_399, 86_400, 180_061].map(durationText)).toEqual([
    '0:00:00',
    '0:00:59',
    '1:00:00',
    '23:59:59',
    '1 day, 0:00:00',
    '2 days, 2:01:01',
  ]);
});

test('text is quoted with the mark that it does not hold', () => {
  expect(['a', "it's", `"it's"`, 'a\\b\n\x01'].map(quoted)).toEqual([
    `'a'`,
    `"it's"`,
    `'"it\\'s"'`,
    `'a\\\\b\\n\\x01'`,
  ]);
});

test('numbers are read as Python reads them, but none that no ring can use', () => {
  expect([' 7 ', '-1_000', '+3'].map(readInteger)).toEqual([7, -1000, 3]);
  expect(['1', '.5', '5.', '1e3', ' -2.5E-1 ', '1_0.5'].map(readFloat)).toEqual([1, 0.5, 5, 1000, -0.25, 10.5]);
  for (const text of ['', 'x', '1.5.', 'nan', 'inf', '0x10', '1e999'])
    expect(() => readFloat(text)).toThrow(ValueFault);
  for (const text of ['', '1.0', '0x10', '1__0']) expect(() => readInteger(text)).toThrow(ValueFault);
});

test('padding counts characters, not their units', () => {
  expect(padLeft('𝄞é', 4)).toBe('  𝄞é');
});
