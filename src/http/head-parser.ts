/** The lines of an HTTP head, request's and answer's alike: strict, in the order of the bytes, however they are segmented. */

import type { ByteInput } from './byte-input.ts';
import { Headers, lowerName } from './headers.ts';
import { HttpError, SwiftResponse, textResponse } from './response.ts';

/** Limits of a head, counted as Swift's servers count them. */
export interface HeadLimits {
  /** Bytes that the first line, with its CR LF, must stay below. */
  maxStartLine: number;
  /** Bytes that a header line, with its CR LF, must stay below. */
  maxHeaderLine: number;
  /** Swift's max_header_count, which counts the empty line that ends the head too. */
  maxHeaderCount: number;
  /** Bytes of all header lines together, the empty one included. */
  maxHeaderBytes: number;
}

/** What Swift allows when nothing is configured. */
export const DEFAULT_HEAD_LIMITS: HeadLimits = {
  maxStartLine: 8192,
  maxHeaderLine: 8192,
  maxHeaderCount: 201,
  maxHeaderBytes: 65536,
};

/** Bytes that are no HTTP, or more than is allowed. Nothing after them on the connection means anything. */
export class ProtocolError extends HttpError {
  readonly reason: string | undefined;

  constructor(status: number, text: string, reason?: string) {
    super(status, text);
    this.reason = reason;
  }

  override toResponse(): SwiftResponse {
    const response = textResponse(this.status, this.text ?? '');
    response.reason = this.reason;
    return response;
  }
}

const HEAD_END = Buffer.from('\r\n\r\n');
const CR = 13;
/** In a whole head: NUL, or CR that ends no line. */
const FORBIDDEN = /\0|\r[^\n]/;
const FORBIDDEN_IN_LINE = /[\r\0]/;
// Any byte but blanks, controls and the colon: Swift stores names that are no tokens, and names that are not ASCII.
const FIELD_NAME = /^[!-9;-~\x80-\xff]+$/;
// Stored by a Swift that took it: blanks inside. Never at the edges.
const LAX_FIELD_NAME = /^[!-9;-~\x80-\xff](?:[ !-9;-~\x80-\xff]*[!-9;-~\x80-\xff])?$/;

/** Names of fields as they came that were found good, with the names under which they are kept: the same few come with every head. */
export type KnownNames = Map<string, string>;
const KNOWN_LIMIT = 2000;

/** Takes a head off an input, line by line. A subclass reads the start line and says what the head means. */
export abstract class HeadParser<Head> {
  readonly #limits: HeadLimits;
  readonly #knownNames: KnownNames;
  readonly #fieldName: RegExp;
  #text = '';
  #started = false;
  #lineCount = 0;
  #headerBytes = 0;
  #headers = new Headers();

  /** `knownNames`: shared by parsers that take the same names. */
  constructor(limits: HeadLimits, knownNames: KnownNames, laxNames = false) {
    this.#limits = limits;
    this.#knownNames = knownNames;
    this.#fieldName = laxNames ? LAX_FIELD_NAME : FIELD_NAME;
  }

  /** True when no byte of a head was seen yet. */
  get idle(): boolean {
    return !this.#started && this.#text === '';
  }

  /** The head and its end consumed, or undefined with all consumed when more bytes are needed. Throws ProtocolError. */
  poll(input: ByteInput): Head | undefined {
    for (;;) {
      const chunk = input.front();
      if (chunk === undefined) return undefined;
      const found = chunk.indexOf(HEAD_END);
      const end = found < 0 ? chunk.length : found + HEAD_END.length;
      const carried = this.#text.length;
      const fresh = chunk.toString('latin1', 0, end);
      const text = carried === 0 ? fresh : this.#text + fresh;
      const after = this.#lines(text, carried);
      if (after >= 0) {
        input.skip(after - carried);
        return this.#finish();
      }
      input.skip(end);
    }
  }

  /** Takes the whole lines of `text`; the index behind the empty line, or -1 with the rest carried over. */
  #lines(text: string, scanned: number): number {
    const isClean = !FORBIDDEN.test(text);
    let at = 0;
    for (;;) {
      const limit = this.#started ? this.#limits.maxHeaderLine : this.#limits.maxStartLine;
      const feed = text.indexOf('\n', at === 0 ? scanned : at);
      if ((feed < 0 ? text.length : feed + 1) - at >= limit) throw this.#tooLong();
      if (feed < 0) {
        this.#text = at === 0 ? text : text.slice(at);
        return -1;
      }
      if (feed === at || text.charCodeAt(feed - 1) !== CR) throw malformed('line ends without CR');
      const line = text.slice(at, feed - 1);
      if (!isClean && FORBIDDEN_IN_LINE.test(line)) throw malformed('CR or NUL inside a line');
      at = feed + 1;
      if (!this.#started) {
        this.#started = true;
        this.startLine(line);
      } else if (this.#field(line)) {
        return at;
      }
    }
  }

  /** Takes one line behind the start line; true when it ends the head. */
  #field(line: string): boolean {
    this.#lineCount++;
    if (this.#lineCount > this.#limits.maxHeaderCount) {
      throw new ProtocolError(431, 'Too many headers', 'Too many headers');
    }
    this.#headerBytes += line.length + 2;
    if (this.#headerBytes > this.#limits.maxHeaderBytes) {
      throw new ProtocolError(400, 'Headers Too Large', 'Headers Too Large');
    }
    if (line === '') return true;
    const colon = line.indexOf(':');
    if (colon < 0) throw malformed('header without a colon');
    const name = line.slice(0, colon);
    this.#headers.appendLower(this.#knownNames.get(name) ?? this.#newName(name), trimBlanks(line, colon + 1));
    return false;
  }

  #newName(name: string): string {
    if (!this.#fieldName.test(name)) throw malformed('header name');
    // A copy: a part of the head's text would keep all of that in memory.
    const copy = Buffer.from(name, 'latin1').toString('latin1');
    const kept = lowerName(this.fieldName(copy));
    if (this.#knownNames.size < KNOWN_LIMIT) this.#knownNames.set(copy, kept);
    return kept;
  }

  #finish(): Head {
    const headers = this.#headers;
    this.#headers = new Headers();
    this.#text = '';
    this.#started = false;
    this.#lineCount = 0;
    this.#headerBytes = 0;
    return this.finish(headers);
  }

  #tooLong(): ProtocolError {
    return this.#started
      ? new ProtocolError(400, 'Header Line Too Long', 'Header Line Too Long')
      : this.startLineTooLong();
  }

  /** The name under which a field is kept. Throws ProtocolError for one that is not taken. */
  protected fieldName(name: string): string {
    return name;
  }

  protected abstract startLine(line: string): void;
  protected abstract startLineTooLong(): ProtocolError;
  protected abstract finish(headers: Headers): Head;
}

export function malformed(what: string): ProtocolError {
  return new ProtocolError(400, `Bad request: ${what}`);
}

/** `text` from `start` on, without blanks and tabs around. */
function trimBlanks(text: string, start: number): string {
  let from = start;
  let to = text.length;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

const DIGITS = /^[0-9]{1,15}$/;

/** How the bytes of a body are marked off: a count, chunks, or nothing said. */
export interface Framing {
  contentLength: number | null;
  chunked: boolean;
}

/** Framing of a body by its headers. Throws ProtocolError for all that leaves a doubt: both kinds, lists, signs, other codings. */
export function framingOf(headers: Headers): Framing {
  const length = headers.get('content-length');
  const coding = headers.get('transfer-encoding');
  if (coding === undefined) {
    if (length === undefined) return { contentLength: null, chunked: false };
    if (!DIGITS.test(length)) throw malformed('Content-Length');
    return { contentLength: Number(length), chunked: false };
  }
  if (length !== undefined) throw malformed('Content-Length with Transfer-Encoding');
  if (coding.toLowerCase() !== 'chunked') throw new ProtocolError(501, 'Transfer-Encoding other than chunked');
  return { contentLength: null, chunked: true };
}

/** True when a comma-separated header holds `token`, ignoring case. */
export function hasToken(value: string | undefined, token: string): boolean {
  if (value === undefined) return false;
  const lower = value.toLowerCase();
  return lower === token || (lower.includes(token) && lower.split(',').some((part) => part.trim() === token));
}
