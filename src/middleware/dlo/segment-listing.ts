/** The segments of a manifest as their container lists them, page by page. */

import {
  type ByteRange,
  formatQuery,
  type Handler,
  headersForSub,
  type ObjectSegment,
  SegmentError,
  shareOf,
  type SwiftRequest,
  type SwiftResponse,
} from '../../middleware-api.ts';

/** One row of a container's listing. */
export interface ListedSegment {
  readonly name: string;
  readonly hash: string;
  readonly bytes: number;
}

export interface SegmentListingOptions {
  readonly req: SwiftRequest;
  readonly app: Handler;
  /** `/v1/account/container`, native text. */
  readonly containerPath: string;
  readonly prefix: string;
  /** Most entries of a page. A page of fewer is the last. */
  readonly limit: number;
}

export function totalBytes(segments: readonly ListedSegment[]): number {
  return segments.reduce((sum, { bytes }) => sum + bytes, 0);
}

export class SegmentListing {
  readonly #options: SegmentListingOptions;

  constructor(options: SegmentListingOptions) {
    this.#options = options;
  }

  /** The page behind `marker`, or the answer of who refused it. */
  async page(marker = ''): Promise<readonly ListedSegment[] | SwiftResponse> {
    const { req, app, containerPath, prefix } = this.#options;
    const sub = req.sub('GET', containerPath, { source: 'DLO', headers: headersForSub(req, 'DLO MultipartGET') });
    const params: [string, string][] = [['prefix', prefix]];
    if (marker !== '') params.push(['marker', marker]);
    sub.queryString = formatQuery(params);
    const res = await app(sub);
    if (!res.isSuccess) return res;
    return JSON.parse(await res.text()) as ListedSegment[];
  }

  /**
   * What is wanted of each segment. `first` is the first page; further ones are fetched when their turn comes. Throws SegmentError when
   * one cannot be had.
   */
  async *segments(first: readonly ListedSegment[], wanted: ByteRange): AsyncGenerator<ObjectSegment, void, void> {
    let offset = 0;
    let page = first;
    for (;;) {
      for (const segment of page) {
        if (offset >= wanted.end) return;
        const share = shareOf(wanted, offset, segment.bytes);
        if (share !== null) yield this.#part(segment, share);
        offset += segment.bytes;
      }
      const last = page.at(-1);
      if (last === undefined || page.length < this.#options.limit || offset >= wanted.end) return;
      page = await this.#nextPage(last.name);
    }
  }

  /** A segment that is wanted to its end is read to its end, even if that is not where the listing has it. */
  #part({ name, bytes }: ListedSegment, { start, end }: ByteRange): ObjectSegment {
    const path = `${this.#options.containerPath}/${name}`;
    return { path, start, end: end === bytes ? undefined : end, likelyBytes: end - start };
  }

  async #nextPage(marker: string): Promise<readonly ListedSegment[]> {
    const page = await this.page(marker);
    if (Array.isArray(page)) return page as readonly ListedSegment[];
    const res = page as SwiftResponse;
    await res.close();
    throw new SegmentError(`the listing of ${this.#options.containerPath} was answered with ${res.statusLine}`);
  }
}
