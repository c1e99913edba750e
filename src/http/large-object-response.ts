/** The answer to GET or HEAD of a large object, once it is known what it is made of. */

import { Timestamp } from '../common/timestamp.ts';
import { conditionalResponse, type EntityAnswer, evaluateConditions } from './conditional.ts';
import type { Headers } from './headers.ts';
import { parseHttpDate } from './http-date.ts';
import { type ByteRange, requestedRanges } from './range.ts';
import type { SwiftRequest } from './request.ts';
import { SwiftResponse } from './response.ts';
import { SegmentError } from './segment.ts';
import type { SegmentedBody } from './segmented-body.ts';

export interface LargeObject {
  /** Of the answer that would carry all of it: Content-Type, Last-Modified, Etag and the like. They become the answer's. */
  readonly headers: Headers;
  /** What If-Match and If-None-Match are compared with, without quotes. */
  readonly etag: string;
  /** Null: not known before all was read. The answer is chunked then, and Range is ignored. */
  readonly lengthBytes: number | null;
  /** The bytes of those ranges, one behind the other, or of all of it; not begun. Called for a GET alone. */
  open(ranges: readonly ByteRange[] | null): SegmentedBody;
}

/**
 * Conditions and ranges are answered as for any object (304, 412, 416, 206). The first segment of what is wanted is read before: when
 * that fails, the answer is 409 Conflict, or 503 if a server failed.
 */
export async function largeObjectResponse(req: SwiftRequest, object: LargeObject): Promise<SwiftResponse> {
  const { headers, lengthBytes } = object;
  const { ranges, answer } = decide(req, object);
  if (answer.kind === 'unsatisfiable') return new SwiftResponse(answer.status, headers, answer.page);
  if (req.method !== 'GET') return new SwiftResponse(answer.status, headers);
  const body = object.open(lengthBytes === null ? null : ranges);
  try {
    await body.begin();
  } catch (error) {
    if (error instanceof SegmentError) return error.toResponse();
    throw error;
  }
  return withBody(answer, headers, body);
}

interface Decision {
  /** Null: all of it. */
  ranges: readonly ByteRange[] | null;
  answer: EntityAnswer;
}

/** Corrects the headers too. */
function decide(req: SwiftRequest, { headers, etag, lengthBytes }: LargeObject): Decision {
  headers.delete('content-range');
  headers.delete('content-length');
  const seconds = parseHttpDate(headers.get('last-modified'));
  const lastModified = seconds === undefined ? undefined : Timestamp.fromSeconds(seconds);
  if (lengthBytes === null || lastModified === undefined) {
    const status = evaluateConditions(req.headers, { exists: true, etag, lastModified });
    if (lengthBytes !== null) headers.set('content-length', lengthBytes);
    return { ranges: null, answer: status === null ? { kind: 'whole', status: 200 } : { kind: 'none', status } };
  }
  const contentType = headers.get('content-type') ?? 'application/octet-stream';
  const answer = conditionalResponse(req, { etag, lastModified, contentLength: lengthBytes, contentType }, headers);
  const ranges = req.method === 'GET' ? requestedRanges(req.headers.get('range'), lengthBytes) : null;
  return { ranges: ranges?.length === 0 ? null : ranges, answer };
}

async function withBody(answer: EntityAnswer, headers: Headers, body: SegmentedBody): Promise<SwiftResponse> {
  if (answer.kind === 'none') {
    await body.close();
    return new SwiftResponse(answer.status, headers);
  }
  if (answer.kind !== 'ranges') return new SwiftResponse(answer.status, headers, body);
  const parts = answer.parts.body(
    ({ start, end }) => body.take(end - start),
    () => body.close(),
  );
  return new SwiftResponse(answer.status, headers, parts);
}
