/**
 * The body of an answer with several ranges (multipart/byteranges), carried on from another node when one breaks off. Parts are
 * found by their Content-Range, so data is never searched; the client sees one boundary, that of the first node.
 */

import { BackendError, type BackendHead } from '../backend/transport.ts';
import { type BodyStream, iterateBody } from '../http/body.ts';
import { type ByteRange, type ContentRange, isReasonable, parseContentRange } from '../http/range.ts';
import { unavailable } from './primed-body.ts';
import type { ObjectSource, Resume } from './resumable-body.ts';

/** Headers of a part are a few lines; a node that sends more is not talking multipart. */
const MAX_PART_HEAD_BYTES = 16384;
const END_OF_HEAD = Buffer.from('\r\n\r\n');

/** The boundary of a multipart/byteranges answer, or undefined when it is something else. */
export function multipartBoundary(head: BackendHead): string | undefined {
  const type = head.headers.get('content-type') ?? '';
  // An object may be of that type itself; then the answer to one range tells where it lies.
  if (head.headers.has('content-range') || !/^\s*multipart\/byteranges\s*;/i.test(type)) return undefined;
  const match = /;\s*boundary=(?:"([^"]*)"|([^;\s]+))/i.exec(type);
  return match?.[1] ?? match?.[2];
}

/** What can be said of the parts once the length of the whole object is known. */
export interface PartsPlan {
  /** The parts that the answer will hold, in order; null when that cannot be told. */
  ranges(totalBytes: number): readonly ByteRange[] | null;
  resumer(totalBytes: number): Resume;
  /** Asks the node that sent the last range for these too, others when it fails. */
  continuer(totalBytes: number): (ranges: readonly ByteRange[]) => Promise<ObjectSource | undefined>;
  /** Another node's answer with the same parts, for when the first broke before its first part was known. */
  restart(cause: unknown): Promise<ObjectSource | undefined>;
}

export class MultiRangeBody implements BodyStream {
  readonly #boundary: string;
  readonly #plan: PartsPlan;
  #ranges: readonly ByteRange[] = [];
  /** Undefined until the first part told the length, and for parts that do not follow the plan: those pass as they come. */
  #resume: Resume | undefined = undefined;
  #continue: ReturnType<PartsPlan['continuer']> | undefined = undefined;
  #source: ObjectSource | undefined;
  #isMultipart = true;
  #began = false;
  /** Bytes that arrived and were not looked at. */
  #rest: Uint8Array = Buffer.alloc(0);
  /** Part that is being sent, or comes next. */
  #part = 0;
  /** The first part that the source at hand was not asked for. */
  #partsEnd = 0;
  /** Where in the entity the next byte of the part stands; undefined before its head was sent. */
  #position: number | undefined = undefined;
  #ended = false;

  constructor(source: ObjectSource, boundary: string, plan: PartsPlan) {
    this.#source = source;
    this.#boundary = boundary;
    this.#plan = plan;
  }

  async read(): Promise<Uint8Array | null> {
    while (!this.#ended && this.#source !== undefined) {
      try {
        return await this.#next(this.#source);
      } catch (error) {
        await this.#carryOn(error);
      }
    }
    return null;
  }

  async close(): Promise<void> {
    this.#ended = true;
    const source = this.#source;
    this.#source = undefined;
    if (source === undefined) return;
    await source.body.close();
    source.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  async #next(source: ObjectSource): Promise<Uint8Array | null> {
    if (!this.#began) await this.#begin(source);
    if (this.#resume === undefined) return this.#passOn(source);
    const range = this.#ranges[this.#part];
    if (range === undefined) return this.#finish(source);
    if (this.#part === this.#partsEnd) return await this.#askForMore(source);
    if (this.#position === undefined) return this.#partHead(source, range);
    return this.#data(source, range, this.#position);
  }

  /** Reads the head of the first part, which says how long the object is. */
  async #begin(source: ObjectSource): Promise<void> {
    const seen = await this.#readToEndOfHead(source);
    this.#began = true;
    this.#rest = seen.bytes;
    const given = contentRangeOf(partLines(seen.bytes, seen.end));
    const ranges = given === undefined ? null : this.#plan.ranges(given.totalBytes);
    if (given === undefined || ranges?.[0]?.start !== given.start || ranges[0].end !== given.end) return;
    this.#ranges = ranges;
    this.#partsEnd = ranges.length;
    this.#resume = this.#plan.resumer(given.totalBytes);
    this.#continue = this.#plan.continuer(given.totalBytes);
  }

  async #passOn(source: ObjectSource): Promise<Uint8Array | null> {
    if (this.#rest.length > 0) return this.#take(source);
    const chunk = await source.body.read();
    if (chunk === null) {
      this.#ended = true;
      source.close();
    }
    return chunk;
  }

  async #data(source: ObjectSource, range: ByteRange, position: number): Promise<Uint8Array> {
    const chunk = await this.#take(source);
    const left = range.end - position;
    const wanted = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.#rest = chunk.subarray(wanted.length);
    if (wanted.length === left) {
      this.#part += 1;
      this.#position = undefined;
    } else {
      this.#position = position + wanted.length;
    }
    return wanted;
  }

  /** The head of the next part as the client is to see it. */
  async #partHead(source: ObjectSource, range: ByteRange): Promise<Uint8Array> {
    const lines = this.#isMultipart ? await this.#readPartHead(source, range) : singlePartLines(source.head);
    this.#position = range.start;
    return Buffer.from(`${this.#part === 0 ? '' : '\r\n'}--${this.#boundary}\r\n${lines}\r\n\r\n`, 'latin1');
  }

  /** The header lines of a part, checked against the range that is due. */
  async #readPartHead(source: ObjectSource, range: ByteRange): Promise<string> {
    const { bytes, end } = await this.#readToEndOfHead(source);
    this.#rest = bytes.subarray(end + END_OF_HEAD.length);
    const lines = partLines(bytes, end);
    const given = contentRangeOf(lines);
    if (given?.start !== range.start || given.end !== range.end) {
      throw new BackendError('protocol', 'a part is not the range that was asked for');
    }
    return lines;
  }

  /** Bytes up to and beyond the blank line after a part's headers; `end` is where it begins. */
  async #readToEndOfHead(source: ObjectSource): Promise<{ bytes: Buffer; end: number }> {
    let bytes = Buffer.from(await this.#take(source));
    let end = bytes.indexOf(END_OF_HEAD);
    while (end < 0) {
      if (bytes.length > MAX_PART_HEAD_BYTES) throw new BackendError('protocol', 'no end to the head of a part');
      bytes = Buffer.concat([bytes, await this.#take(source)]);
      end = bytes.indexOf(END_OF_HEAD);
    }
    return { bytes, end };
  }

  #finish(source: ObjectSource): Uint8Array {
    this.#ended = true;
    this.#source = undefined;
    source.close();
    return Buffer.from(`\r\n--${this.#boundary}--`, 'latin1');
  }

  /** Bytes at hand, or the next chunk; never none. */
  async #take(source: ObjectSource): Promise<Uint8Array> {
    if (this.#rest.length > 0) {
      const rest = this.#rest;
      this.#rest = rest.subarray(rest.length);
      return rest;
    }
    for (;;) {
      const chunk = await source.body.read();
      if (chunk === null) throw new BackendError('lost', 'the answer ended before its last part');
      if (chunk.length > 0) return chunk;
    }
  }

  async #carryOn(cause: unknown): Promise<void> {
    this.#source?.close();
    this.#source = undefined;
    if (this.#ended) return;
    if (!this.#began) {
      await this.#continueWith(await this.#plan.restart(cause), cause);
      return;
    }
    if (this.#resume === undefined) throw cause;
    const wanted = this.#ranges.slice(this.#part);
    const position = this.#position;
    if (position !== undefined) wanted[0] = { start: position, end: (wanted[0] as ByteRange).end };
    const run = longestReasonable(wanted);
    const source = await this.#continueWith(await this.#resume(run, cause), cause);
    if (source === undefined) return;
    this.#expect(run);
    // The client has the head of this part; the new node's own is only read.
    if (position !== undefined && this.#isMultipart) await this.#readPartHeadOrCarryOn(source, wanted[0] as ByteRange);
  }

  /** What was left when a node broke may have been more than one answer can hold: the next of it is asked for here. */
  async #askForMore(source: ObjectSource): Promise<Uint8Array | null> {
    this.#source = undefined;
    await source.body.close();
    source.close();
    const run = longestReasonable(this.#ranges.slice(this.#part));
    const cause = new BackendError('lost', 'no node has the ranges that are left');
    const next = await this.#continueWith(await this.#continue?.(run), cause);
    if (next === undefined) return null;
    this.#expect(run);
    return this.#next(next);
  }

  #expect(run: readonly ByteRange[]): void {
    this.#rest = Buffer.alloc(0);
    this.#isMultipart = run.length > 1;
    this.#partsEnd = this.#part + run.length;
  }

  /** Takes over another node's answer; undefined when the reader has gone meanwhile. */
  async #continueWith(source: ObjectSource | undefined, cause: unknown): Promise<ObjectSource | undefined> {
    if (source === undefined) throw this.#began ? cause : unavailable(cause);
    if (!this.#ended) return (this.#source = source);
    await source.body.close();
    source.close();
    return undefined;
  }

  async #readPartHeadOrCarryOn(source: ObjectSource, range: ByteRange): Promise<void> {
    try {
      await this.#readPartHead(source, range);
    } catch (error) {
      await this.#carryOn(error);
    }
  }
}

/** The first of the ranges, as many as nodes answer in one. What is left of ranges may overlap, or descend, where all of them do not. */
function longestReasonable(ranges: readonly ByteRange[]): readonly ByteRange[] {
  let count = ranges.length;
  while (count > 1 && !isReasonable(ranges.slice(0, count))) count -= 1;
  return ranges.slice(0, count);
}

/** The header lines of a part: before them stand the end of the part before and the boundary. */
function partLines(bytes: Buffer, end: number): string {
  return bytes.toString('latin1', 0, end).replace(/^(\r\n)?--[^\r\n]*\r\n/, '');
}

function contentRangeOf(lines: string): ContentRange | undefined {
  return parseContentRange(/^content-range:(.*)$/im.exec(lines)?.[1]);
}

/** Header lines of a part made from an answer that is one range alone. */
function singlePartLines(head: BackendHead): string {
  const type = head.headers.get('content-type') ?? 'application/octet-stream';
  return `Content-Type: ${type}\r\nContent-Range: ${head.headers.get('content-range') ?? ''}`;
}

/** True for an answer that is exactly the ranges that were asked for. */
export function answersRanges(head: BackendHead, ranges: readonly ByteRange[], totalBytes: number): boolean {
  if (head.status !== 206) return false;
  if (ranges.length > 1) return multipartBoundary(head) !== undefined;
  const given = parseContentRange(head.headers.get('content-range'));
  const [wanted] = ranges;
  return given?.start === wanted?.start && given?.end === wanted?.end && given?.totalBytes === totalBytes;
}
