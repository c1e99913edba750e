/** The manifest as a client puts it: a JSON list of what the large object is made of. */

import {
  compareCodePoints,
  HttpError,
  integerValue,
  nativeFromBytes,
  pythonJson,
  requestedRanges,
  type ResourcePath,
} from '../../middleware-api.ts';

/** An object, or a range of one, as a segment. */
export interface ObjectInput {
  /** `/container/object`, native text as the client gave it. */
  readonly path: string;
  /** The ETag that the object must have; undefined: any. */
  readonly etag: string | undefined;
  /** The size that the object must have, bytes; undefined: any. */
  readonly sizeBytes: number | undefined;
  /** Value of a Range header with one range; undefined: all of it. */
  readonly range: string | undefined;
}

/** Bytes that stand in the manifest itself. */
export interface DataInput {
  readonly data: Buffer;
}

export type InputSegment = ObjectInput | DataInput;

/** What is wrong with one segment. */
class SegmentFault extends Error {}

/** Keys that may stand beside the one that tells the kind of a segment. */
const OPTIONAL_KEYS = { data: new Set<string>(), path: new Set(['etag', 'range', 'size_bytes']) } as const;
const TOO_SMALL = 'too small; each segment must be at least 1 byte.';
/** Of so many faults the client is told: a manifest of millions of them is not worth more time. */
const MAX_FAULTS = 10_000;

/**
 * Reads the manifest that is to become `target`. Throws HttpError 400: with a sentence for a body that is no JSON list, else
 * with a line for each segment that makes no sense.
 */
export function parseManifestInput(body: Uint8Array, target: ResourcePath): InputSegment[] {
  const items = listOf(body);
  const segments: InputSegment[] = [];
  const faults: string[] = [];
  for (const [index, item] of items.entries()) {
    try {
      segments.push(segmentOf(item, index === items.length - 1, target));
    } catch (error) {
      if (!(error instanceof SegmentFault)) throw error;
      if (faults.push(`Index ${index}: ${error.message}`) === MAX_FAULTS) break;
    }
  }
  if (items.length > 0 && items.every((item) => isObject(item) && 'data' in item)) {
    faults.push('Inline data segments require at least one object-backed segment.');
  }
  if (faults.length > 0) {
    throw new HttpError(400, faults.map((fault) => `${fault}\n`).join(''), { 'content-type': 'text/plain' });
  }
  return segments;
}

function listOf(body: Uint8Array): unknown[] {
  const html = { 'content-type': 'text/html; charset=UTF-8' };
  let value: unknown;
  try {
    const text = nativeFromBytes(body);
    if (!text.isWellFormed()) throw new SyntaxError('not UTF-8');
    value = JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch {
    throw new HttpError(400, 'Manifest must be valid JSON.\n', html);
  }
  if (!Array.isArray(value)) throw new HttpError(400, 'Manifest must be a list.\n', html);
  return value;
}

type Item = Readonly<Record<string, unknown>>;

function isObject(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function segmentOf(item: unknown, isLast: boolean, target: ResourcePath): InputSegment {
  if (!isObject(item)) throw new SegmentFault('not a JSON object');
  const kind = ['data', 'path'].find((key) => Object.hasOwn(item, key)) as 'data' | 'path' | undefined;
  if (kind === undefined) throw new SegmentFault("expected keys to include one of 'data' or 'path'");
  const extraneous = Object.keys(item).filter((key) => key !== kind && !OPTIONAL_KEYS[kind].has(key));
  if (extraneous.length > 0) {
    throw new SegmentFault(`extraneous keys ${extraneous.sort(compareCodePoints).map(pythonJson).join(', ')}`);
  }
  return kind === 'data' ? { data: dataOf(item['data']) } : objectOf(item, isLast, target);
}

function objectOf(item: Item, isLast: boolean, target: ResourcePath): ObjectInput {
  const { path, etag } = item;
  if (typeof path !== 'string') throw new SegmentFault('"path" must be a string');
  if (etag !== undefined && etag !== null && typeof etag !== 'string') {
    throw new SegmentFault('"etag" must be a string or null (if provided)');
  }
  const name = path.replace(/^\/+/, '');
  if (!/\/[^/]/.test(name)) {
    throw new SegmentFault('path does not refer to an object. Path must be of the form /container/object.');
  }
  const sizeBytes = sizeOf(item['size_bytes']);
  if (sizeBytes !== undefined && sizeBytes < 1 && !isLast) throw new SegmentFault(TOO_SMALL);
  if (name === `${target.container}/${target.object}`) {
    throw new SegmentFault('manifest must not include itself as a segment');
  }
  return { path, etag: etag ?? undefined, sizeBytes, range: rangeOf(item['range'], sizeBytes) };
}

/** A number, also as text: what Python's int takes. */
function sizeOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  let size: number | undefined;
  if (typeof value === 'number' || typeof value === 'boolean') size = Math.trunc(Number(value));
  else if (typeof value === 'string') size = integerValue(value);
  if (size === undefined || !Number.isFinite(size)) throw new SegmentFault('invalid size_bytes');
  return size;
}

function rangeOf(value: unknown, sizeBytes: number | undefined): string | undefined {
  if (!isTruthy(value)) return undefined;
  if (typeof value !== 'string' && typeof value !== 'number') throw new SegmentFault('invalid range');
  const header = `bytes=${value}`;
  if (requestedRanges(header, Number.MAX_SAFE_INTEGER) === null) throw new SegmentFault('invalid range');
  if (header.includes(',')) throw new SegmentFault('multiple ranges (only one allowed)');
  // Who told a wrong size is told so when the object was asked.
  if (sizeBytes !== undefined && requestedRanges(header, sizeBytes)?.length !== 1) {
    throw new SegmentFault('unsatisfiable range');
  }
  return header;
}

/** As Python sees it: empty lists and objects are not. */
function isTruthy(value: unknown): boolean {
  if (typeof value === 'object' && value !== null) return Object.keys(value).length > 0;
  return Boolean(value);
}

const BASE64 = /^([A-Za-z0-9+/]*)(=*)$/;

function dataOf(value: unknown): Buffer {
  const match = typeof value === 'string' ? BASE64.exec(withoutLeadingPadding(value)) : null;
  if (match === null) throw new SegmentFault('data must be valid base64');
  const [, digits, padding] = match as unknown as [string, string, string];
  const missing = -digits.length & 3;
  if (missing === 3 || padding.length < missing) throw new SegmentFault('data must be valid base64');
  const data = Buffer.from(digits, 'base64');
  if (data.length === 0) throw new SegmentFault(TOO_SMALL);
  return data;
}

/** Python passes over it. Not left to the pattern, in which two runs of the same character would meet. */
function withoutLeadingPadding(text: string): string {
  let start = 0;
  while (text[start] === '=') start++;
  return text.slice(start);
}
