/**
 * The body of a large object: segment after segment, each asked for before the one in front of it is at its end, so that a reader
 * does not wait in between. At most two requests are ahead, and only their first bytes wait in the connection.
 */

import { type BodyStream, iterateBody } from './body.ts';
import type { Handler } from './contract.ts';
import type { SwiftRequest, SubRequestOptions } from './request.ts';
import { OpenSegment, openSegment } from './segment-answer.ts';
import { type SegmentLimits, SegmentPace, type Sleep, sleepSeconds } from './segment-pace.ts';
import { type SegmentRequest, segmentRequests } from './segment-requests.ts';
import { type Segment, SegmentError } from './segment.ts';

export interface SegmentedBodyOptions {
  /** The client's request: segments are asked for in its user's name. */
  readonly req: SwiftRequest;
  /** Where segments are asked for: the rest of the pipeline. */
  readonly app: Handler;
  /** In the order in which they make up the body; read as the body gets there. An error that it throws breaks the body there. */
  readonly segments: Iterable<Segment> | AsyncIterable<Segment>;
  /** Tag of the requests in the access log (`DLO`). */
  readonly source: string;
  readonly limits: SegmentLimits;
  /** Seconds since 1970 (`host.now`). */
  readonly now: () => number;
  /** What the body must come to; a body that is shorter or longer breaks. Default: whatever it is. */
  readonly lengthBytes?: number | undefined;
  /** Whose rights count for the segments. Default: the user's. */
  readonly as?: SubRequestOptions['as'] | undefined;
  /** Waits; ends early when the signal aborts. Default: a timer. */
  readonly sleep?: Sleep | undefined;
}

/** Requests that are under way beside the one being read. */
const MAX_AHEAD = 2;
/** A segment is opened once no more than this is left to read of those in front of it: one that waits long is cut off by its node. */
const READ_AHEAD_BYTES = 1024 * 1024;

/** A segment that is being opened. */
interface Opening {
  /** Null behind the last. Rejects with the reason why the body ends here. */
  readonly opened: Promise<OpenSegment | null>;
  /** What it adds to the bytes that are ahead. */
  leftBytes: number;
}

/**
 * Call `begin` before the answer's head goes out. A body that breaks closes everything, logs why and throws: the connection ends
 * before its Content-Length. Whoever drops it calls `close`.
 */
export class SegmentedBody implements BodyStream {
  readonly #options: SegmentedBodyOptions;
  readonly #requests: AsyncGenerator<SegmentRequest, void, void>;
  readonly #abort = new AbortController();
  readonly #startTime: number;
  #openings: Opening[] = [];
  #current: OpenSegment | null = null;
  /** Read from a segment, but by nobody yet. */
  #unread: Uint8Array | null = null;
  #receivedBytes = 0;
  /** The segments are used up. */
  #exhausted = false;
  #ended = false;
  #closing: Promise<void> | undefined;

  constructor(options: SegmentedBodyOptions) {
    this.#options = options;
    this.#startTime = options.now();
    this.#requests = this.#paced();
  }

  /**
   * Opens the first segment and reads its first bytes. Throws SegmentError, with everything closed, when that fails: an answer with
   * its status should go out instead. A body without segments is empty and well.
   */
  async begin(): Promise<this> {
    this.#unread = await this.#next();
    return this;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const unread = this.#unread;
    if (unread !== null) {
      this.#unread = null;
      return unread;
    }
    return this.#next();
  }

  /** The next `lengthBytes` bytes as a body of their own: one of several ranges. Closing it leaves this body open. */
  take(lengthBytes: number): BodyStream {
    return new TakenBody(this, lengthBytes, (rest) => {
      this.#unread = rest;
    });
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#closeAll());
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  #next(): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#ended) return null;
    const current = this.#current;
    if (current === null) return this.#whenRead(null);
    try {
      this.#checkTime();
      const chunk = current.read();
      return chunk instanceof Promise || chunk === null ? this.#whenRead(chunk) : this.#received(chunk);
    } catch (error) {
      return this.#break(error);
    }
  }

  async #whenRead(pending: Promise<Uint8Array | null> | null): Promise<Uint8Array | null> {
    try {
      const chunk = await pending;
      if (this.#ended) return null;
      return chunk === null ? await this.#advance() : this.#received(chunk);
    } catch (error) {
      return this.#break(error);
    }
  }

  #received(chunk: Uint8Array): Uint8Array {
    this.#receivedBytes += chunk.length;
    const { lengthBytes } = this.#options;
    if (lengthBytes !== undefined && this.#receivedBytes > lengthBytes) {
      throw new SegmentError(`more than ${lengthBytes} bytes`);
    }
    this.#readAhead();
    return chunk;
  }

  /** Goes to the next segment and reads its first bytes. */
  async #advance(): Promise<Uint8Array | null> {
    while (!this.#ended) {
      await this.#current?.close();
      this.#current = null;
      const opening = this.#openings.shift() ?? this.#open();
      const segment = await opening.opened;
      if (segment === null) return this.#finish();
      // Closed meanwhile: nobody else knows of this segment.
      if (this.#ended) await segment.close();
      else this.#current = segment;
      const chunk = await this.#current?.read();
      if (chunk !== undefined && chunk !== null) return this.#received(chunk);
    }
    return null;
  }

  /** Opens further segments while little is left of those that are open. */
  #readAhead(): void {
    let leftBytes = this.#current?.leftBytes ?? 0;
    for (const opening of this.#openings) leftBytes += opening.leftBytes;
    if (this.#exhausted || leftBytes > READ_AHEAD_BYTES || this.#openings.length >= MAX_AHEAD) return;
    this.#openings.push(this.#open());
  }

  #open(): Opening {
    // Until it is known what comes, nothing is opened behind it.
    const opening = { opened: this.#openNext((leftBytes) => (opening.leftBytes = leftBytes)), leftBytes: Infinity };
    // Whoever comes to it in its turn hears of the failure.
    opening.opened.catch(() => undefined);
    return opening;
  }

  async #openNext(expect: (leftBytes: number) => void): Promise<OpenSegment | null> {
    const { done, value } = await this.#requests.next();
    if (done === true) {
      this.#exhausted = true;
      return null;
    }
    expect(value.likelyBytes ?? Infinity);
    const segment = await openSegment(this.#options, value);
    expect(segment.leftBytes);
    return segment;
  }

  async *#paced(): AsyncGenerator<SegmentRequest, void, void> {
    const { req, segments, limits, now, sleep } = this.#options;
    const pace = new SegmentPace(limits, now, sleep ?? sleepSeconds);
    const signal = AbortSignal.any([req.signal, this.#abort.signal]);
    for await (const request of segmentRequests(segments)) {
      await pace.wait(request, signal);
      yield request;
    }
  }

  #checkTime(): void {
    const { limits, now } = this.#options;
    if (now() - this.#startTime > limits.maxGetTimeSec) {
      throw new SegmentError(`a GET may take no longer than ${limits.maxGetTimeSec} s`);
    }
  }

  async #finish(): Promise<null> {
    const { lengthBytes } = this.#options;
    if (!this.#ended && lengthBytes !== undefined && this.#receivedBytes !== lengthBytes) {
      throw new SegmentError(`${this.#receivedBytes} bytes instead of ${lengthBytes}`);
    }
    await this.close();
    return null;
  }

  /** Ends the body with what broke it; silently when it was closed before. */
  async #break(error: unknown): Promise<null> {
    const wasClosed = this.#ended;
    await this.close();
    if (wasClosed) return null;
    const { req } = this.#options;
    if (error instanceof SegmentError) req.log.error(`While reading the large object ${req.path}: ${error.message}`);
    throw error;
  }

  async #closeAll(): Promise<void> {
    this.#ended = true;
    this.#unread = null;
    this.#abort.abort();
    const openings = this.#openings;
    this.#openings = [];
    const opened = openings.map(({ opened }) => opened.catch(() => null));
    // One that fails to close keeps none of the others open.
    const outcomes = await Promise.allSettled([
      closeSegment(this.#current),
      ...opened.map(closeSegment),
      this.#requests.return(),
    ]);
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed !== undefined) throw failed.reason;
  }
}

async function closeSegment(segment: OpenSegment | null | Promise<OpenSegment | null>): Promise<void> {
  await (await segment)?.close();
}

class TakenBody implements BodyStream {
  readonly #whole: SegmentedBody;
  readonly #giveBack: (rest: Uint8Array) => void;
  #leftBytes: number;

  constructor(whole: SegmentedBody, lengthBytes: number, giveBack: (rest: Uint8Array) => void) {
    this.#whole = whole;
    this.#leftBytes = lengthBytes;
    this.#giveBack = giveBack;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#leftBytes === 0) return null;
    const chunk = this.#whole.read();
    return chunk instanceof Promise ? chunk.then((read) => this.#cut(read)) : this.#cut(chunk);
  }

  close(): void {
    this.#leftBytes = 0;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  #cut(chunk: Uint8Array | null): Uint8Array | null {
    if (chunk === null) return null;
    const own = chunk.length > this.#leftBytes ? chunk.subarray(0, this.#leftBytes) : chunk;
    if (own.length < chunk.length) this.#giveBack(chunk.subarray(own.length));
    this.#leftBytes -= own.length;
    return own;
  }
}
