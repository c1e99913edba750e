import { randomBytes } from 'node:crypto';

/** A transaction id as Swift makes it: `tx`, 21 random hex digits, `-` and the time in 10 hex digits. */
export function newTransId(nowSeconds: number): string {
  const random = randomBytes(11).toString('hex').slice(0, 21);
  return `tx${random}-${Math.floor(nowSeconds).toString(16).padStart(10, '0')}`;
}
