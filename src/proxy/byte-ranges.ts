/** Byte ranges as a resumed read needs them: what a Range header asks of an entity of known length, and what is left of it. */

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

/**
 * The satisfiable ranges of a Range header in the order asked, for an entity of `total` bytes. Undefined when the header is not one
 * of byte ranges.
 */
export function satisfiableRanges(header: string | undefined, total: number): ByteRange[] | undefined {
  const match = /^\s*bytes\s*=(.*)$/i.exec(header ?? '');
  if (match === null) return undefined;
  const ranges: ByteRange[] = [];
  for (const piece of (match[1] as string).split(',')) {
    const bounds = /^\s*(\d*)\s*-\s*(\d*)\s*$/.exec(piece);
    if (bounds === null) return undefined;
    const [, first, last] = bounds as unknown as [string, string, string];
    if (first === '' && last === '') return undefined;
    if (first === '') {
      if (Number(last) > 0 && total > 0) ranges.push({ first: Math.max(0, total - Number(last)), last: total - 1 });
    } else if (last !== '' && Number(last) < Number(first)) {
      return undefined;
    } else if (Number(first) < total) {
      ranges.push({ first: Number(first), last: last === '' ? total - 1 : Math.min(Number(last), total - 1) });
    }
  }
  return ranges;
}

/** `bytes=0-9,100-109` */
export function formatRanges(ranges: readonly ByteRange[]): string {
  return `bytes=${ranges.map(({ first, last }) => `${first}-${last}`).join(',')}`;
}

/** Number of bytes in a range. */
export function rangeLength(range: ByteRange): number {
  return range.last - range.first + 1;
}
