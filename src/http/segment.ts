/** What a large object is made of. */

import type { ByteRange } from './range.ts';
import { HttpError } from './response.ts';

/** Bytes of another object. What is left out is not checked. */
export interface ObjectSegment {
  /** `/v1/account/container/object`, native text. */
  readonly path: string;
  /** First byte wanted; default 0. */
  readonly start?: number | undefined;
  /** Behind the last byte wanted; default the end of the object, wherever it is. */
  readonly end?: number | undefined;
  /** The whole object must have this ETag (without quotes). */
  readonly etag?: string | undefined;
  /** The whole object must have this many bytes. Segments one behind the other that are of the same object share a request. */
  readonly sizeBytes?: number | undefined;
  /** About how many bytes will come, from a source that may be out of date: for reading ahead alone. */
  readonly likelyBytes?: number | undefined;
}

/** Bytes that stand in the manifest itself. */
export interface DataSegment {
  readonly data: Uint8Array;
}

export type Segment = ObjectSegment | DataSegment;

/** Nothing beyond 2^53 - 1 is an offset; Infinity stands for an unknown end. */
function overlap(first: ByteRange, second: ByteRange): ByteRange | null {
  const start = Math.max(first.start, second.start);
  const end = Math.min(first.end, second.end);
  return start < end ? { start, end } : null;
}

/**
 * What `wanted` takes of a segment that lies at `offset` of the large object and is `lengthBytes` long there: from and up to which
 * byte of the segment. Null when it takes nothing.
 */
export function shareOf(wanted: ByteRange, offset: number, lengthBytes: number): ByteRange | null {
  const share = overlap(wanted, { start: offset, end: offset + lengthBytes });
  return share === null ? null : { start: share.start - offset, end: share.end - offset };
}

/**
 * A segment that cannot be had as the manifest wants it, or a listing of segments that failed: 409 as long as no answer has begun, or
 * 503 when a server failed. Later it breaks the body, and with it the client's connection. The message is for the log.
 */
export class SegmentError extends HttpError {
  constructor(message: string, status: 409 | 503 = 409) {
    // Swift sends its page for 503 as plain text.
    super(status, undefined, status === 503 ? { 'content-type': 'text/plain; charset=UTF-8' } : undefined);
    this.name = 'SegmentError';
    this.message = message;
  }
}
