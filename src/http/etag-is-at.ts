/**
 * What a filter that keeps something else in an object than the client sees tells the object server: where the client's ETag is kept,
 * and that ranges of what is stored make no sense. Object servers heed both headers; clients cannot send them, the gatekeeper
 * removes them.
 */

import type { Headers } from './headers.ts';

const ETAG_IS_AT = 'x-backend-etag-is-at';
const IGNORE_RANGE = 'x-backend-ignore-range-if-metadata-present';

function addName(headers: Headers, header: string, name: string): void {
  const names = headers.get(header);
  headers.set(header, names === undefined || names === '' ? name : `${names},${name}`);
}

/**
 * Has conditions of a GET or HEAD held against the metadata item `name` (for example `X-Object-Sysmeta-Slo-Etag`) where the object has
 * it. Names of several filters add up; the outermost filter's, which comes first, counts.
 */
export function addEtagIsAt(headers: Headers, name: string): void {
  addName(headers, ETAG_IS_AT, name);
}

/**
 * The ETag that conditions of the request are held against, as the metadata has it: the first item that X-Backend-Etag-Is-At names and
 * `valueOf` knows. Undefined: the object's own ETag.
 */
export function etagThatIsAt(headers: Headers, valueOf: (name: string) => string | undefined): string | undefined {
  const names = headers.get(ETAG_IS_AT);
  if (names === undefined) return undefined;
  for (const name of names.split(',')) {
    const etag = valueOf(name.trim());
    if (etag !== undefined) return etag;
  }
  return undefined;
}

/** Has a GET answered with the whole object, whatever its Range, when the object has the metadata item `name`. */
export function ignoreRangeIfPresent(headers: Headers, name: string): void {
  addName(headers, IGNORE_RANGE, name);
}

/** True when the object has one of the metadata items with which its ranges are to be ignored. */
export function isRangeIgnored(headers: Headers, has: (name: string) => boolean): boolean {
  return (
    headers
      .get(IGNORE_RANGE)
      ?.split(',')
      .some((name) => has(name.trim())) ?? false
  );
}
