/** Turns segments into requests: those one behind the other that are of the same object become one with several ranges. */

import { type ByteRange, rangeHeader, requestedRanges } from './range.ts';
import type { DataSegment, ObjectSegment, Segment } from './segment.ts';

/** What is asked for at once. */
export interface SegmentRequest {
  /** Bytes that need not be asked for. */
  readonly data?: Uint8Array | undefined;
  /** Native text. */
  readonly path: string;
  /** Null: the whole object. An end of Infinity is the object's. */
  readonly ranges: readonly ByteRange[] | null;
  readonly etag?: string | undefined;
  readonly sizeBytes?: number | undefined;
  /** About how many bytes will come. */
  readonly likelyBytes?: number | undefined;
  /** Bytes of each segment in it that counts for the rate: Infinity where not known. */
  readonly segmentBytes: readonly number[];
}

/** An error of `segments` is passed on after what came before it. */
export async function* segmentRequests(
  segments: Iterable<Segment> | AsyncIterable<Segment>,
): AsyncGenerator<SegmentRequest, void, void> {
  let waiting: SegmentRequest | undefined;
  let failure: { cause: unknown } | undefined;
  const source = checked(segments, (cause) => (failure = { cause }));
  for await (const segment of source) {
    const request = 'data' in segment ? ofData(segment) : ofObject(segment);
    const joined = waiting === undefined ? undefined : join(waiting, request);
    if (joined === undefined && waiting !== undefined) yield waiting;
    waiting = joined ?? request;
  }
  if (waiting !== undefined) yield waiting;
  if (failure !== undefined) throw failure.cause;
}

/** The segments up to a failure, which is reported rather than thrown. */
async function* checked(
  segments: Iterable<Segment> | AsyncIterable<Segment>,
  onFailure: (cause: unknown) => void,
): AsyncGenerator<Segment, void, void> {
  try {
    yield* segments;
  } catch (cause) {
    onFailure(cause);
  }
}

function ofData({ data }: DataSegment): SegmentRequest {
  return { data, path: '', ranges: null, likelyBytes: data.length, segmentBytes: [] };
}

function ofObject(segment: ObjectSegment): SegmentRequest {
  const { path, etag, sizeBytes } = segment;
  const start = segment.start ?? 0;
  const end = segment.end === undefined || segment.end === sizeBytes ? Infinity : segment.end;
  const ranges = start === 0 && end === Infinity ? null : [{ start, end }];
  const likelyBytes = segment.likelyBytes ?? Math.min(end, sizeBytes ?? Infinity) - start;
  return { path, ranges, etag, sizeBytes, likelyBytes, segmentBytes: [likelyBytes] };
}

/** Both as one request, or undefined when they are of different objects or a server would not answer so many ranges. */
function join(first: SegmentRequest, second: SegmentRequest): SegmentRequest | undefined {
  const { sizeBytes } = first;
  if (first.path !== second.path || first.data !== undefined || second.data !== undefined) return undefined;
  if (sizeBytes === undefined || sizeBytes === 0 || second.sizeBytes !== sizeBytes || second.etag !== first.etag) {
    return undefined;
  }
  const ranges = [...closed(first, sizeBytes), ...closed(second, sizeBytes)];
  const answered = requestedRanges(rangeHeader(ranges), sizeBytes);
  if (answered?.length !== ranges.length) return undefined;
  return {
    ...first,
    ranges,
    likelyBytes: ranges.reduce((sum, { start, end }) => sum + end - start, 0),
    segmentBytes: [...first.segmentBytes, ...second.segmentBytes],
  };
}

function closed({ ranges }: SegmentRequest, sizeBytes: number): ByteRange[] {
  if (ranges === null) return [{ start: 0, end: sizeBytes }];
  return ranges.map(({ start, end }) => ({ start, end: Math.min(end, sizeBytes) }));
}
