/** When a URL ends: seconds since 1970, or a UTC time in ISO 8601. */

import { bigIntegerValue } from '../../middleware-api.ts';

const ISO_TIME =
  /^(\d{4})-(1[0-2]|0[1-9]|[1-9])-(3[01]|[12]\d|0[1-9]|[1-9]| [1-9])T(2[0-3]|[01]\d|\d):([0-5]\d|\d):(6[01]|[0-5]\d|\d)Z$/i;

/** Beyond this `Date` knows no time. */
const LAST_SECOND = 8_640_000_000_000n;

/** Seconds since 1970; undefined for what is neither form. */
export function parseExpiry(text: string): bigint | undefined {
  const integer = bigIntegerValue(text);
  if (integer !== undefined) return integer;
  const iso = ISO_TIME.exec(text);
  return iso === null ? undefined : secondsOf(iso.slice(1).map(Number));
}

function secondsOf(parts: readonly number[]): bigint | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  // A day that the month does not have moves the date to the next one.
  if (year === 0 || date.getUTCDate() !== day) return undefined;
  // Up to 61 seconds: leap seconds are counted on.
  return BigInt(date.getTime() / 1000 + hour * 3600 + minute * 60 + second);
}

/** Date for the Expires header; undefined when it is too far away to have one. */
export function expiresHeader(expires: bigint): string | undefined {
  return expires > LAST_SECOND ? undefined : new Date(Number(expires) * 1000).toUTCString();
}
