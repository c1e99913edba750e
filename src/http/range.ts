/** Range headers. Source: spec swift-formats 5.2 and answers of OpenStack Swift to many thousand sets of ranges. */

/** Bytes from `start` up to, not including, `end`. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

const MAX_RANGES = 50;
const MAX_OVERLAPPING_PAIRS = 2;
/** From so many ranges on they must come in ascending order. */
const MUST_ASCEND = 8;

const UNIT = /^[ \t]*bytes[ \t]*=/i;
// No two runs of blanks meet: a long one must not be tried in all its halves.
const PIECE = /^[ \t]*(?:(\+?[0-9]+)[ \t]*)?-[ \t]*(?:([0-9]+)[ \t]*)?$/;

/**
 * The ranges that a Range header asks of an entity of `length` bytes, in the order asked; those that begin behind its end are left
 * out. Null: no Range header, or one to be ignored because it breaks the syntax. Empty: 416, since none can be satisfied or the
 * set is unreasonable (more than 50, more than two pairs that overlap without being the same, 8 or more out of order).
 * A suffix of an empty entity is `{start: 0, end: 0}`.
 */
export function requestedRanges(header: string | undefined, length: number): ByteRange[] | null {
  const unit = header === undefined ? null : UNIT.exec(header);
  if (header === undefined || unit === null) return null;
  const ranges: ByteRange[] = [];
  for (const piece of header.slice(unit[0].length).split(',')) {
    const match = PIECE.exec(piece);
    if (match === null) return null;
    const [, first, last] = match;
    if (first === undefined) {
      if (last === undefined) return null;
      const count = Number(last);
      if (count > 0) ranges.push({ start: Math.max(0, length - count), end: length });
    } else {
      const start = Number(first);
      if (last !== undefined && Number(last) < start) return null;
      if (start < length) ranges.push({ start, end: last === undefined ? length : Math.min(Number(last) + 1, length) });
    }
  }
  return isReasonable(ranges) ? ranges : [];
}

/** True for ranges that servers answer together: not too many, hardly overlapping, and in order where there are many. */
export function isReasonable(ranges: readonly ByteRange[]): boolean {
  if (ranges.length > MAX_RANGES) return false;
  if (ranges.length >= MUST_ASCEND && !ascends(ranges)) return false;
  let overlapping = 0;
  for (let at = 0; at < ranges.length; at++) {
    const one = ranges[at] as ByteRange;
    for (let behind = at + 1; behind < ranges.length; behind++) {
      const other = ranges[behind] as ByteRange;
      const same = one.start === other.start && one.end === other.end;
      if (!same && one.start < other.end && other.start < one.end) overlapping++;
    }
  }
  return overlapping <= MAX_OVERLAPPING_PAIRS;
}

/** By start, then by end. */
function ascends(ranges: readonly ByteRange[]): boolean {
  for (let at = 1; at < ranges.length; at++) {
    const one = ranges[at - 1] as ByteRange;
    const next = ranges[at] as ByteRange;
    if (next.start < one.start || (next.start === one.start && next.end < one.end)) return false;
  }
  return true;
}

/** `bytes 0-9/2560` */
export function contentRange(range: ByteRange, length: number): string {
  return `bytes ${range.start}-${range.end - 1}/${length}`;
}

/** Parsed `Content-Range: bytes 0-9/2560`. */
export interface ContentRange extends ByteRange {
  /** Of the whole entity. */
  readonly totalBytes: number;
}

const CONTENT_RANGE = /^\s*bytes\s+(\d+)-(\d+)\/(\d+)\s*$/i;

/** Undefined for text that is none, or that contradicts itself. */
export function parseContentRange(text: string | undefined): ContentRange | undefined {
  const match = CONTENT_RANGE.exec(text ?? '');
  if (match === null) return undefined;
  const [start, last, totalBytes] = [Number(match[1]), Number(match[2]), Number(match[3])];
  return start <= last && last < totalBytes ? { start, end: last + 1, totalBytes } : undefined;
}

/** `bytes=0-9,100-109` */
export function rangeHeader(ranges: readonly ByteRange[]): string {
  return `bytes=${ranges.map(({ start, end }) => `${start}-${end - 1}`).join(',')}`;
}
