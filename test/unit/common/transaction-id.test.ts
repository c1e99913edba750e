import { expect, test } from 'vitest';
import { newTransactionId } from '../../../src/common/transaction-id.ts';

test('a transaction id has 21 random digits and the time, and is given once', () => {
  const ids = Array.from({ length: 2000 }, () => newTransactionId(1_700_000_000.9));
  for (const id of ids) expect(id).toMatch(/^tx[0-9a-f]{21}-006553f100$/);
  expect(new Set(ids).size).toBe(ids.length);
});
