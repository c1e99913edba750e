/** What the account and container servers share: listing parameters, stored metadata, bodies in JSON. */

import { integerValue } from '../common/python-integer.ts';
import { isTrueValue, isValidUtf8, nativeFromWire, wireFromNative } from '../common/text.ts';
import { readAll } from './body.ts';
import { Headers, titleName } from './headers.ts';
import type { SwiftRequest } from './request.ts';
import { HttpError } from './response.ts';
import { htmlError, plainError } from './storage-server.ts';

/** Rows come in batches of thousands at most. */
const MAX_JSON_BYTES = 256 * 1024 * 1024;

/** A query parameter, '' when it is not there. Throws HttpError 400 when it is not UTF-8. */
export function utf8Param(req: SwiftRequest, name: string): string {
  const value = req.params.get(name) ?? '';
  if (!isValidUtf8(value)) throw plainError(400, `"${name}" parameter not valid UTF-8`);
  return value;
}

export interface ListingParams {
  readonly limit: number;
  readonly marker: string;
  readonly endMarker: string;
  readonly prefix: string;
  readonly delimiter: string;
  readonly reverse: boolean;
  readonly allowReserved: boolean;
}

/** Parameters of a listing. Throws HttpError 400 for one that is not UTF-8 and 412 for a limit above `maxLimit`. */
export function listingParams(req: SwiftRequest, maxLimit: number): ListingParams {
  return {
    prefix: utf8Param(req, 'prefix'),
    delimiter: utf8Param(req, 'delimiter'),
    marker: utf8Param(req, 'marker'),
    endMarker: utf8Param(req, 'end_marker'),
    limit: limitOf(utf8Param(req, 'limit'), maxLimit),
    reverse: isTrueValue(utf8Param(req, 'reverse')),
    allowReserved: isTrueValue(req.headers.get('x-backend-allow-reserved-names')),
  };
}

/** Text that is no plain number asks for no limit. */
function limitOf(text: string, maxLimit: number): number {
  if (!/^\d+$/.test(text)) return maxLimit;
  const limit = Number(text);
  if (limit > maxLimit) throw htmlError(412, `Maximum limit is ${maxLimit}`);
  return limit;
}

/** Metadata that a request asks to store: title-cased keys and values, native text. */
export function metadataOf(
  req: SwiftRequest,
  type: 'account' | 'container',
  savedHeaders: ReadonlySet<string>,
): Record<string, string> {
  const update: Record<string, string> = {};
  for (const [name, value] of req.headers) {
    if (isStored(name, type, savedHeaders)) update[nativeFromWire(titleName(name))] = nativeFromWire(value);
  }
  return update;
}

/** Puts stored metadata that is not blank into the headers of an answer. */
export function addStoredMetadata(
  headers: Headers,
  metadata: Readonly<Record<string, readonly [string, string]>>,
  type: 'account' | 'container',
  savedHeaders: ReadonlySet<string>,
): void {
  for (const [key, [value]] of Object.entries(metadata)) {
    if (value === '') continue;
    const name = wireFromNative(key);
    if (isStored(name.toLowerCase(), type, savedHeaders)) headers.set(name, wireFromNative(value));
  }
}

function isStored(name: string, type: string, savedHeaders: ReadonlySet<string>): boolean {
  return (
    (name.startsWith('x-') && (startsLonger(name, `x-${type}-meta-`) || startsLonger(name, `x-${type}-sysmeta-`))) ||
    savedHeaders.has(name)
  );
}

/** True when something follows the prefix. */
function startsLonger(name: string, prefix: string): boolean {
  return name.length > prefix.length && name.startsWith(prefix);
}

/** The body as JSON. Throws HttpError: 400 with `describe` of the reason, 413 for a body beyond all measure. */
export async function jsonBody(req: SwiftRequest, describe: (reason: string) => HttpError): Promise<unknown> {
  let bytes: Buffer;
  try {
    bytes = await readAll(req.body, MAX_JSON_BYTES);
  } catch (error) {
    if (error instanceof RangeError) throw new HttpError(413);
    throw error;
  }
  try {
    return JSON.parse(bytes.toString('utf8')) as unknown;
  } catch (error) {
    throw describe((error as Error).message);
  }
}

/** An integer header of a row. Throws HttpError 400 when it is missing or none. */
export function requireIntegerHeader(req: SwiftRequest, name: string): number {
  const value = integerValue(req.headers.get(name) ?? '');
  if (value === undefined) throw plainError(400, `Missing or invalid ${titleName(name)} header`);
  return value;
}

/** A text header of a row, native text. Throws HttpError 400 when it is missing or not UTF-8. */
export function requireTextHeader(req: SwiftRequest, name: string): string {
  const value = req.headers.getText(name);
  if (value === undefined || !isValidUtf8(value)) {
    throw plainError(400, `Missing or invalid ${titleName(name)} header`);
  }
  return value;
}
