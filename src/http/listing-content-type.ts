/** Which form a listing takes: `format=` or the Accept header. Source: recorded answers of OpenStack Swift. */

import type { SwiftRequest } from './request.ts';
import { HttpError } from './response.ts';

const LISTING_CONTENT_TYPES: readonly string[] = ['text/plain', 'application/json', 'application/xml', 'text/xml'];

const BY_FORMAT: Readonly<Record<string, string>> = {
  plain: 'text/plain',
  json: 'application/json',
  xml: 'application/xml',
};

const TOKEN = String.raw`[^()<>@,;:"/[\]?={}\s]+`;
const MEDIA_RANGE = new RegExp(String.raw`^\s*(${TOKEN})/(${TOKEN})\s*((?:;[^;,]*)*)$`);
const PARAMETER = new RegExp(String.raw`^\s*(${TOKEN})\s*=\s*(${TOKEN}|"(?:[^"\\]|\\.)*")\s*$`);

interface MediaRange {
  readonly type: string;
  readonly subtype: string;
  readonly quality: number;
}

/**
 * Content type of a listing, without charset. A known `format` wins over Accept, an unknown one is plain text. Throws HttpError
 * 400 for an Accept header that is none and 406 when it takes none of the four types.
 */
export function listingContentType(req: SwiftRequest): string {
  const format = req.params.get('format');
  if (format !== undefined && format !== '') return BY_FORMAT[format.toLowerCase()] ?? 'text/plain';
  return acceptedContentType(req);
}

/** As listingContentType, by the Accept header alone. */
export function acceptedContentType(req: SwiftRequest): string {
  const accept = req.headers.get('accept');
  if (accept === undefined || accept === '') return 'text/plain';
  const type = bestMatch(parseAccept(accept));
  if (type === undefined) throw new HttpError(406);
  return type;
}

/** json, plain or xml for a content type of a listing. */
export function listingFormatOf(contentType: string): 'json' | 'plain' | 'xml' {
  if (contentType === 'application/json') return 'json';
  return contentType.endsWith('/xml') ? 'xml' : 'plain';
}

function invalidAccept(): never {
  throw new HttpError(400, 'Invalid Accept header', { 'content-type': 'text/html; charset=UTF-8' });
}

function parseAccept(accept: string): MediaRange[] {
  return accept.split(',').map((part) => {
    const [, type, subtype, parameters] = MEDIA_RANGE.exec(part) ?? invalidAccept();
    return { type: type as string, subtype: subtype as string, quality: qualityOf(parameters as string) };
  });
}

function qualityOf(parameters: string): number {
  let quality: number | undefined;
  for (const text of parameters.split(';').slice(1)) {
    const [, name, value] = PARAMETER.exec(text) ?? invalidAccept();
    if (name !== 'q') continue;
    if (quality !== undefined || Number.isNaN(Number(value))) invalidAccept();
    quality = Number(value);
  }
  return quality ?? 1;
}

/**
 * The first of the four types that the best range takes, where a better quality goes before a worse (0 is no refusal), fewer
 * stars before more, and what stands earlier before what stands later.
 */
function bestMatch(ranges: readonly MediaRange[]): string | undefined {
  const stars = (range: MediaRange): number => Number(range.type === '*') + Number(range.subtype === '*');
  const ordered = ranges.toSorted((a, b) => b.quality - a.quality || stars(a) - stars(b));
  for (const range of ordered) {
    const found = LISTING_CONTENT_TYPES.find((offered) => takes(range, offered));
    if (found !== undefined) return found;
  }
  return undefined;
}

function takes(range: MediaRange, offered: string): boolean {
  const [type, subtype] = offered.split('/');
  return (range.type === '*' || range.type === type) && (range.subtype === '*' || range.subtype === subtype);
}
