import { randomUUID } from 'node:crypto';

/**
 * A transaction id as Swift makes it: `tx`, 21 random hex digits, `-` and the time in 10 hex digits. Node makes UUIDs many at a time,
 * which costs a tenth of asking for random bytes at each request.
 */
export function newTransactionId(nowSeconds: number): string {
  const random = randomUUID().replaceAll('-', '').slice(0, 21);
  return `tx${random}-${Math.floor(nowSeconds).toString(16).padStart(10, '0')}`;
}
