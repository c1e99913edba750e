import { expect, test } from 'vitest';
import { chexor } from '../../../src/db/chexor.ts';
import { goldenJson } from './support.ts';

interface ChexorVector {
  readonly old: string;
  readonly name: string;
  readonly timestamp: string;
  readonly new: string;
}

test('the hash after a row equals the recorded one', () => {
  const { chexor: vectors } = goldenJson<{ chexor: ChexorVector[] }>('broker-vectors.json.gz');
  expect(vectors.length).toBeGreaterThan(0);
  for (const vector of vectors) expect(chexor(vector.old, vector.name, vector.timestamp)).toBe(vector.new);
});

test('adding a row twice gives the hash from before', () => {
  const before = '892d926703963c0ccf3056e894a1aa2b';
  const once = chexor(before, 'ä\0b', '1700000000.00000');
  expect(once).not.toBe(before);
  expect(chexor(once, 'ä\0b', '1700000000.00000')).toBe(before);
});

test('a row without name is refused', () => {
  expect(() => chexor('0'.repeat(32), null, '1700000000.00000')).toThrow('without name');
});
