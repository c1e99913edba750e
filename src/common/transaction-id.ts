import { randomBytes } from 'node:crypto';

const DIGITS = 21;
/** Random bytes are had for many ids at a time: asking for few costs as much as asking for all. */
const DIGITS_AT_ONCE = 400 * DIGITS;

let random = '';
let used = 0;

/** A transaction id as Swift makes it: `tx`, 21 random hex digits, `-` and the time in 10 hex digits. */
export function newTransactionId(nowSeconds: number): string {
  if (used === random.length) {
    random = randomBytes(DIGITS_AT_ONCE / 2).toString('hex');
    used = 0;
  }
  const digits = random.slice(used, used + DIGITS);
  used += DIGITS;
  return `tx${digits}-${Math.floor(nowSeconds).toString(16).padStart(10, '0')}`;
}
