/** From a manifest to the objects that hold the bytes: ranges are cut out and nested manifests are followed. */

import {
  type ByteRange,
  isTrueValue,
  type Segment,
  SegmentError,
  shareOf,
  type SwiftRequest,
  type SwiftResponse,
  unquotedEtag,
} from '../../middleware-api.ts';
import { SLO_ETAG, SLO_MARK, type SloContext, userRequest } from './context.ts';
import { lengthOf, parseManifest, type StoredObject, type StoredSegment, withJoinedData } from './stored-manifest.ts';

const MAX_DEPTH = 10;
/** So many nested manifests are remembered, lest several ranges or segments of one fetch it again. */
const MAX_REMEMBERED = 20;
const MAX_LOGGED_BYTES = 60;

export class SegmentWalk {
  readonly #slo: SloContext;
  readonly #req: SwiftRequest;
  /** `/v1/account` */
  readonly #accountPath: string;
  /** By name, the one used last at the end. */
  readonly #nested = new Map<string, readonly StoredSegment[]>();

  constructor(slo: SloContext, req: SwiftRequest, accountPath: string) {
    this.#slo = slo;
    this.#req = req;
    this.#accountPath = accountPath;
  }

  /** What `ranges` take of the large object, one after the other. Throws SegmentError when a nested manifest is not to be had. */
  async *segments(
    manifest: readonly StoredSegment[],
    ranges: readonly ByteRange[],
  ): AsyncGenerator<Segment, void, void> {
    const pieces = withJoinedData(manifest);
    for (const range of ranges) yield* this.#within(pieces, range, 1);
  }

  async *#within(
    manifest: readonly StoredSegment[],
    wanted: ByteRange,
    depth: number,
  ): AsyncGenerator<Segment, void, void> {
    let offset = 0;
    for (const segment of manifest) {
      if (offset >= wanted.end) return;
      const lengthBytes = lengthOf(segment);
      const share = shareOf(wanted, offset, lengthBytes);
      offset += lengthBytes;
      if (share === null) continue;
      if ('data' in segment) {
        yield { data: segment.data.subarray(share.start, share.end) };
        continue;
      }
      const first = segment.range?.start ?? 0;
      const part = { start: first + share.start, end: first + share.end };
      if (segment.isManifest) yield* this.#within(await this.#open(segment, depth), part, depth + 1);
      else yield this.#objectSegment(segment, part);
    }
  }

  #objectSegment({ name, etag, sizeBytes }: StoredObject, { start, end }: ByteRange): Segment {
    return { path: `${this.#accountPath}${name}`, etag, sizeBytes, start, end };
  }

  async #open(segment: StoredObject, depth: number): Promise<readonly StoredSegment[]> {
    const { name } = segment;
    if (depth >= MAX_DEPTH)
      throw new SegmentError(`${name} is a manifest at depth ${depth}, and ${MAX_DEPTH} is too deep`);
    const known = this.#nested.get(name);
    const manifest = known ?? (await this.#fetch(segment));
    this.#nested.delete(name);
    this.#nested.set(name, manifest);
    if (this.#nested.size > MAX_REMEMBERED) this.#nested.delete(this.#nested.keys().next().value as string);
    return manifest;
  }

  async #fetch({ name, etag }: StoredObject): Promise<readonly StoredSegment[]> {
    const res = await this.#slo.app(userRequest(this.#req, 'GET', `${this.#accountPath}${name}`, 'MultipartGET'));
    if (!res.isSuccess) throw await refusal(name, res);
    if (!isTrueValue(res.headers.get(SLO_MARK))) {
      // Of any length, and whatever stands in it was never checked.
      await res.close();
      throw new SegmentError(`${name} is no longer a manifest`);
    }
    const found = res.headers.get(SLO_ETAG);
    if (found !== undefined && unquotedEtag(found) !== etag) {
      await res.close();
      throw new SegmentError(
        `the manifest ${name} is no longer the one that was named: its ETag is ${found}, not ${etag}`,
      );
    }
    const body = await res.bytes();
    try {
      return withJoinedData(parseManifest(body));
    } catch (error) {
      throw new SegmentError(
        `the manifest ${name} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }
}

async function refusal(name: string, res: SwiftResponse): Promise<SegmentError> {
  const text = await res.text();
  const shown = text.length > MAX_LOGGED_BYTES ? `${text.slice(0, MAX_LOGGED_BYTES)}…` : text;
  return new SegmentError(`the manifest ${name} was answered with ${res.statusLine} (${shown})`);
}
