/** Asks for every object that a manifest names, and makes of what the client claims what will be stored. */

import {
  forEachConcurrently,
  isTrueValue,
  parseHttpDate,
  quote,
  requestedRanges,
  type ByteRange,
  type SwiftResponse,
  unquotedEtag,
} from '../../middleware-api.ts';
import type { DataInput, InputSegment, ObjectInput } from './manifest-input.ts';
import type { StoredObject, StoredSegment } from './stored-manifest.ts';

/** Percent-encoded path of a segment and what is wrong with it: a status line or a text. */
export type SegmentProblem = readonly [path: string, reason: string];

export interface CheckedSegments {
  /** In the manifest's order; complete only when there are no problems. */
  readonly segments: StoredSegment[];
  readonly problems: SegmentProblem[];
}

/** Answers a HEAD of `/container/object`. */
export type HeadObject = (path: string) => Promise<SwiftResponse>;

/** Asks for each object once, `concurrency` at a time, until the signal aborts. */
export async function checkSegments(
  inputs: readonly InputSegment[],
  head: HeadObject,
  concurrency: number,
  signal: AbortSignal,
): Promise<CheckedSegments> {
  const heads = await headAll(inputs, head, concurrency, signal);
  const segments: StoredSegment[] = [];
  const problems: SegmentProblem[] = [];
  inputs.forEach((input, index) => {
    if ('data' in input) {
      segments.push(input satisfies DataInput);
      return;
    }
    const res = heads.get(input.path);
    // Only a client that is gone leaves one out.
    if (res === undefined) return;
    const checked = checkObject(input, res, index === inputs.length - 1);
    for (const reason of checked.faults) problems.push([quote(input.path), reason]);
    if (checked.stored !== undefined) segments.push(checked.stored);
  });
  return { segments, problems };
}

async function headAll(
  inputs: readonly InputSegment[],
  head: HeadObject,
  concurrency: number,
  signal: AbortSignal,
): Promise<Map<string, SwiftResponse>> {
  const paths = new Set<string>();
  for (const input of inputs) if (!('data' in input)) paths.add(input.path);
  const heads = new Map<string, SwiftResponse>();
  await forEachConcurrently(paths, concurrency, async (path) => {
    const res = await head(path);
    await res.close();
    heads.set(path, res);
    return !signal.aborted;
  });
  return heads;
}

interface CheckedObject {
  readonly faults: readonly string[];
  readonly stored?: StoredObject;
}

function checkObject(input: ObjectInput, res: SwiftResponse, isLast: boolean): CheckedObject {
  if (!res.isSuccess) return { faults: [res.statusLine] };
  const sizeBytes = res.contentLength ?? 0;
  const etag = unquotedEtag(res.headers.get('etag') ?? '');
  const faults: string[] = [];
  const range = wantedRange(input, sizeBytes);
  if (range === undefined) faults.push('Unsatisfiable Range');
  const lengthBytes = range == null ? sizeBytes : range.end - range.start;
  if (lengthBytes < 1 && !isLast) faults.push('Too small; each segment must be at least 1 byte.');
  if (input.sizeBytes !== undefined && input.sizeBytes !== sizeBytes) faults.push('Size Mismatch');
  if (input.etag !== undefined && input.etag !== etag) faults.push('Etag Mismatch');
  const { headers } = res;
  const stored: StoredObject = {
    name: `/${input.path.replace(/^\/+/, '')}`,
    sizeBytes,
    etag,
    contentType: (headers.get('content-type') ?? '').split(';', 1)[0] as string,
    lastModified: isoTime(headers.get('last-modified')),
    range: range ?? null,
    isManifest: isTrueValue(headers.get('x-static-large-object')),
  };
  return { faults, stored };
}

/** Null: the whole object; undefined: a range that it has not. */
function wantedRange(input: ObjectInput, sizeBytes: number): ByteRange | null | undefined {
  if (input.range === undefined) return null;
  const range = requestedRanges(input.range, sizeBytes)?.[0];
  return range?.start === 0 && range.end === sizeBytes ? null : range;
}

/** `2023-11-14T22:13:20.000000`, as listings have it. */
function isoTime(httpDate: string | undefined): string {
  const seconds = parseHttpDate(httpDate) ?? Math.floor(Date.now() / 1000);
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.000000`;
}
