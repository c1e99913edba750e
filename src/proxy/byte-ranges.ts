/** Byte ranges as a resumed read needs them: what a Range header asks of an entity of known length, and what is left of it. */

import { requestedRanges } from '../http/range.ts';

/** Offsets of the first and the last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** Parsed `Content-Range: bytes 0-9/2560`. */
export interface ContentRange extends ByteRange {
  /** Length of the whole entity. */
  readonly total: number;
}

const CONTENT_RANGE = /^\s*bytes\s+(\d+)-(\d+)\/(\d+)\s*$/i;

/** Undefined for text that is none, or that contradicts itself. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = CONTENT_RANGE.exec(text ?? '');
  if (match === null) return undefined;
  const [first, last, total] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return first <= last && last < total ? { first, last, total } : undefined;
}

/** What an object server answers to a Range header for an entity of `total` bytes; undefined when it ignores the header. */
export function satisfiableRanges(header: string | undefined, total: number): ByteRange[] | undefined {
  return requestedRanges(header, total)?.map(({ start, end }) => ({ first: start, last: end - 1 }));
}

/** `bytes=0-9,100-109` */
export function formatRanges(ranges: readonly ByteRange[]): string {
  return `bytes=${ranges.map(({ first, last }) => `${first}-${last}`).join(',')}`;
}
