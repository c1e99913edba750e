/** Asks for a segment and checks what comes, so that a large object is never put together from anything but what it names. */

import { createHash, type Hash } from 'node:crypto';
import { type BodyStream, bodyStream, iterateBody } from './body.ts';
import { ByteRangesReader, isMultipartByteRanges } from './byteranges-reader.ts';
import { unquotedEtag } from './conditional.ts';
import type { Handler } from './contract.ts';
import { headersForSub } from './sub-headers.ts';
import { type ByteRange, parseContentRange } from './range.ts';
import type { SubRequestOptions, SwiftRequest } from './request.ts';
import { HttpError, type SwiftResponse } from './response.ts';
import type { SegmentRequest } from './segment-requests.ts';
import { SegmentError } from './segment.ts';

export interface SegmentSource {
  readonly req: SwiftRequest;
  readonly app: Handler;
  readonly source: string;
  readonly as?: SubRequestOptions['as'] | undefined;
}

/** Of a refusal's text so much is logged. */
const MAX_LOGGED_CHARACTERS = 60;
const MAX_REFUSAL_BYTES = 64 * 1024;
const MD5 = /^[0-9a-f]{32}$/;

/** Throws SegmentError, with the answer closed, when it is not what was asked for. */
export async function openSegment(from: SegmentSource, request: SegmentRequest): Promise<OpenSegment> {
  if (request.data !== undefined) return new OpenSegment(request, bodyStream(request.data), request.data.length);
  const res = await answerOf(from, request);
  try {
    if (!res.isSuccess) throw await refusal(res, request);
    checkIdentity(res, request);
    const ranges = request.ranges === null ? null : rangesOf(res, request, request.ranges);
    return opened(res, request, ranges);
  } catch (error) {
    await res.close();
    throw error;
  }
}

async function answerOf(from: SegmentSource, request: SegmentRequest): Promise<SwiftResponse> {
  const { req, app, source, as } = from;
  const headers = headersForSub(req, `${source} MultipartGET`);
  if (request.ranges !== null) headers.set('range', openRangeHeader(request.ranges));
  const sub = req.sub('GET', request.path, { source, headers, as: as ?? 'user' });
  // The segment is what was stored under its name, and its ETag the MD5 of that, even if it is itself a manifest.
  sub.queryString = 'multipart-manifest=get';
  try {
    return await app(sub);
  } catch (error) {
    if (error instanceof HttpError) return error.toResponse();
    throw error;
  }
}

/** `bytes=0-9,100-` */
function openRangeHeader(ranges: readonly ByteRange[]): string {
  return `bytes=${ranges.map(({ start, end }) => `${start}-${end === Infinity ? '' : end - 1}`).join(',')}`;
}

async function refusal(res: SwiftResponse, { path }: SegmentRequest): Promise<SegmentError> {
  const text = (await res.bytes(MAX_REFUSAL_BYTES).catch(() => Buffer.alloc(0))).toString('utf8');
  const shown = text.length > MAX_LOGGED_CHARACTERS ? `${text.slice(0, MAX_LOGGED_CHARACTERS)}…` : text;
  return new SegmentError(`${path} was answered with ${res.statusLine} (${shown})`, res.statusClass === 5 ? 503 : 409);
}

function checkIdentity(res: SwiftResponse, { path, etag, sizeBytes, ranges }: SegmentRequest): void {
  const foundEtag = unquotedEtag(res.headers.get('etag') ?? '');
  if (etag !== undefined && foundEtag !== etag) {
    throw new SegmentError(`${path} is no longer what the manifest names: its ETag is ${foundEtag}, not ${etag}`);
  }
  const foundBytes =
    ranges === null ? res.contentLength : parseContentRange(res.headers.get('content-range'))?.totalBytes;
  if (sizeBytes !== undefined && foundBytes !== null && foundBytes !== undefined && foundBytes !== sizeBytes) {
    throw new SegmentError(
      `${path} is no longer what the manifest names: it has ${foundBytes} bytes, not ${sizeBytes}`,
    );
  }
}

/** The ranges that the answer holds, which must be those that were asked for. */
function rangesOf(res: SwiftResponse, { path }: SegmentRequest, asked: readonly ByteRange[]): readonly ByteRange[] {
  const given = parseContentRange(res.headers.get('content-range'));
  // A segment may be of that type itself; the answer to one range tells where it lies.
  const hasParts = given === undefined && isMultipartByteRanges(res.headers.get('content-type'));
  if (res.status === 206 && hasParts && asked.length > 1) return asked;
  const [wanted] = asked;
  const isIt =
    res.status === 206 &&
    asked.length === 1 &&
    given !== undefined &&
    given.start === wanted?.start &&
    given.end === (wanted.end === Infinity ? given.totalBytes : wanted.end);
  if (isIt) return [given];
  const found = res.headers.get('content-range') ?? 'the whole';
  throw new SegmentError(`${path} was asked for ${openRangeHeader(asked)} and answered with ${res.status}, ${found}`);
}

function opened(res: SwiftResponse, request: SegmentRequest, ranges: readonly ByteRange[] | null): OpenSegment {
  const body = new ResponseBody(res);
  if (ranges === null) {
    const etag = unquotedEtag(res.headers.get('etag') ?? '');
    return new OpenSegment(request, body, res.contentLength ?? Infinity, MD5.test(etag) ? etag : undefined);
  }
  const lengthBytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  return new OpenSegment(request, ranges.length > 1 ? new ByteRangesReader(body, ranges) : body, lengthBytes);
}

/** The body of an answer, and its end: closes the whole answer. */
class ResponseBody implements BodyStream {
  readonly #res: SwiftResponse;
  readonly #body: BodyStream;

  constructor(res: SwiftResponse) {
    this.#res = res;
    this.#body = bodyStream(res.body);
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    return this.#body.read();
  }

  async close(): Promise<void> {
    await this.#body.close();
    await this.#res.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

/** A segment that is there: its bytes are counted, and compared with the MD5 that came with them. */
export class OpenSegment implements BodyStream {
  readonly #request: SegmentRequest;
  readonly #body: BodyStream;
  readonly #md5: string | undefined;
  readonly #hash: Hash | undefined;
  #leftBytes: number;

  /** `lengthBytes` Infinity: not known. `md5`: of all of it, in hex. */
  constructor(request: SegmentRequest, body: BodyStream, lengthBytes: number, md5?: string) {
    this.#request = request;
    this.#body = body;
    this.#leftBytes = lengthBytes;
    this.#md5 = md5;
    this.#hash = md5 === undefined ? undefined : createHash('md5');
  }

  /** Bytes that are to come; Infinity when it is not known how many. */
  get leftBytes(): number {
    return this.#leftBytes;
  }

  /** Throws SegmentError when what came is not what was promised; what breaks the body beneath, as it is. */
  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const chunk = this.#body.read();
    return chunk instanceof Promise ? chunk.then((read) => this.#checked(read)) : this.#checked(chunk);
  }

  close(): void | Promise<void> {
    return this.#body.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  #checked(chunk: Uint8Array | null): Uint8Array | null {
    if (chunk === null) {
      this.#checkWhole();
      return null;
    }
    if (chunk.length > this.#leftBytes) throw new SegmentError(`${this.#request.path} has more bytes than it promised`);
    this.#leftBytes -= chunk.length;
    this.#hash?.update(chunk);
    return chunk;
  }

  #checkWhole(): void {
    const { path } = this.#request;
    if (this.#leftBytes !== 0 && this.#leftBytes !== Infinity) {
      throw new SegmentError(`${path} ended ${this.#leftBytes} bytes before its end`);
    }
    const found = this.#hash?.digest('hex');
    if (found !== this.#md5) throw new SegmentError(`${path} has the MD5 ${found}, not ${this.#md5} as it promised`);
  }
}
