/**
 * Conditions and ranges of a GET or HEAD, as Swift's object server answers them.
 * Source: spec swift-formats 5.2 and recorded answers.
 */

import type { Timestamp } from '../common/timestamp.ts';
import type { Headers } from './headers.ts';
import { parseHttpDate } from './http-date.ts';
import { MultipartByteRanges } from './multipart-byteranges.ts';
import { type ByteRange, contentRange, requestedRanges } from './range.ts';
import { defaultPage } from './status.ts';

/** `etag` without the quotes around it; one quote alone is part of it. */
export function unquotedEtag(etag: string): string {
  return etag.length > 1 && etag.startsWith('"') && etag.endsWith('"') ? etag.slice(1, -1) : etag;
}

/** True when a list of entity tags names `etag` (both without quotes around) or is `*`. */
export function etagListHas(list: string, etag: string): boolean {
  return list.split(',').some((item) => {
    const tag = unquotedEtag(item.trim());
    return tag === '*' || (tag !== '' && tag === etag);
  });
}

export interface ConditionSubject {
  /** False when the answer would be 404. */
  exists: boolean;
  /** The ETag that conditions are compared with, without quotes. */
  etag?: string | undefined;
  lastModified?: Timestamp | undefined;
}

/** What the conditions of a request make of its answer: 304, 412, or null when they let it pass. */
export function evaluateConditions(request: Headers, subject: ConditionSubject): 304 | 412 | null {
  const { exists, etag, lastModified } = subject;
  const ifMatch = request.get('if-match');
  if (!exists) return ifMatch !== undefined && unquotedEtag(ifMatch.trim()) === '*' ? 412 : null;
  const ifNoneMatch = request.get('if-none-match');
  if (etag !== undefined) {
    if (ifNoneMatch !== undefined && etagListHas(ifNoneMatch, etag)) return 304;
    if (ifMatch !== undefined && !etagListHas(ifMatch, etag)) return 412;
  }
  if (lastModified !== undefined) {
    const modifiedSince = parseHttpDate(request.get('if-modified-since'));
    if (modifiedSince !== undefined && lastModified.ceilSeconds <= modifiedSince) return 304;
    const unmodifiedSince = parseHttpDate(request.get('if-unmodified-since'));
    if (unmodifiedSince !== undefined && lastModified.ceilSeconds > unmodifiedSince) return 412;
  }
  return null;
}

/** An entity that exists, and the headers of the answer that would carry it whole. */
export interface Entity {
  /** For conditions, without quotes; need not be the answer's Etag. */
  etag: string;
  lastModified: Timestamp;
  contentLength: number;
  contentType: string;
}

export type EntityAnswer =
  | { kind: 'none'; status: 304 | 412 }
  | { kind: 'unsatisfiable'; status: 416; page: Buffer }
  | { kind: 'whole'; status: 200 }
  | { kind: 'range'; status: 206; range: ByteRange }
  | { kind: 'ranges'; status: 206; parts: MultipartByteRanges };

/**
 * Decides how a GET or HEAD is answered and corrects `headers` of the answer: Content-Length, Content-Range, and the
 * Content-Type of several ranges. All other headers stay, on 304, 412 and 416 too.
 */
export function conditionalResponse(
  request: { method: string; headers: Headers },
  entity: Entity,
  headers: Headers,
): EntityAnswer {
  const { etag, lastModified, contentLength, contentType } = entity;
  const refused = evaluateConditions(request.headers, { exists: true, etag, lastModified });
  if (refused !== null) {
    headers.set('content-length', 0);
    return { kind: 'none', status: refused };
  }
  headers.set('content-length', contentLength);
  const ranges = request.method === 'GET' ? requestedRanges(request.headers.get('range'), contentLength) : null;
  if (ranges === null) return { kind: 'whole', status: 200 };
  const [range] = ranges;
  if (range === undefined) {
    const page = Buffer.from(defaultPage(416));
    headers.set('content-length', page.length).set('content-range', `bytes */${contentLength}`);
    return { kind: 'unsatisfiable', status: 416, page };
  }
  // Only a suffix of an empty entity leaves a range there.
  if (contentLength === 0) return { kind: 'whole', status: 200 };
  if (ranges.length === 1) {
    headers.set('content-length', range.end - range.start).set('content-range', contentRange(range, contentLength));
    return { kind: 'range', status: 206, range };
  }
  const parts = new MultipartByteRanges(ranges, contentType, contentLength);
  headers.set('content-length', parts.contentLength).set('content-type', parts.contentType);
  return { kind: 'ranges', status: 206, parts };
}
