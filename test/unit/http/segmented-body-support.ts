/** Bodies of segments, and what becomes of them, for their tests. */

import {
  type Handler,
  type Segment,
  SegmentedBody,
  type SegmentedBodyOptions,
  type SegmentLimits,
} from '../../../src/middleware-api.ts';
import { type FakeSwift, fakeSwift, request, type TestRequest } from '../../../src/testing.ts';
import { stored } from './stored-objects.ts';

export const UNLIMITED: SegmentLimits = { maxGetTimeSec: 86400, rateLimitAfterSegment: 0, rateLimitSegmentsPerSec: 0 };

export function bytesOf(text: string): Buffer {
  return Buffer.from(text);
}

export function bodyOf(
  app: Handler,
  segments: Iterable<Segment> | AsyncIterable<Segment>,
  more: Partial<SegmentedBodyOptions> = {},
): {
  body: SegmentedBody;
  req: TestRequest;
} {
  const req = request('GET', '/v1/a/c/large', { 'x-auth-token': 't', 'user-agent': 'curl', referer: 'http://r/' });
  const body = new SegmentedBody({ req, app, segments, source: 'XLO', limits: UNLIMITED, now: () => 0, ...more });
  return { body, req };
}

export async function contentOf(body: SegmentedBody): Promise<string> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of await body.begin()) chunks.push(chunk);
  return Buffer.concat(chunks).toString();
}

/** The error that reading ends with, and what was read before. */
export async function brokenOff(body: SegmentedBody): Promise<{ read: string; error: unknown }> {
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of await body.begin()) chunks.push(chunk);
  } catch (error) {
    return { read: Buffer.concat(chunks).toString(), error };
  }
  throw new Error('it was read to its end');
}

export function threeSegments(): FakeSwift {
  return fakeSwift({
    'GET /v1/a/s/1': stored(bytesOf('first segment,')),
    'GET /v1/a/s/2': stored(bytesOf('second segment,')),
    'GET /v1/a/s/3': stored(bytesOf('third segment')),
  });
}
export const PATHS: readonly string[] = ['/v1/a/s/1', '/v1/a/s/2', '/v1/a/s/3'];
export const WHOLE: readonly { path: string }[] = PATHS.map((path) => ({ path }));
