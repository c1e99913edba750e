/** The manifest as it is stored: JSON in Swift's form, byte for byte, so that its ETag is the same whoever wrote it. */

import { hash } from 'node:crypto';
import { type ByteRange, isTrueValue, nativeFromBytes, pythonJson } from '../../middleware-api.ts';

export interface StoredObject {
  /** `/container/object`, native text. */
  readonly name: string;
  /** Bytes of the whole object; of a nested manifest, of what it stands for. */
  readonly sizeBytes: number;
  /** ETag of the whole object, without quotes; of a nested manifest, of what it stands for. */
  readonly etag: string;
  /** Without parameters; wire text. */
  readonly contentType: string;
  /** `2023-11-14T22:13:20.000000` */
  readonly lastModified: string;
  /** Null: all of it. */
  readonly range: ByteRange | null;
  /** It is itself a manifest. */
  readonly isManifest: boolean;
}

export interface StoredData {
  readonly data: Buffer;
}

export type StoredSegment = StoredObject | StoredData;

/** A stored manifest that cannot be read. */
export class UnreadableManifest extends Error {
  constructor(message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'UnreadableManifest';
  }
}

/** How much of the large object the segment is. */
export function lengthOf(segment: StoredSegment): number {
  if ('data' in segment) return segment.data.length;
  return segment.range === null ? segment.sizeBytes : segment.range.end - segment.range.start;
}

export function totalLengthOf(segments: readonly StoredSegment[]): number {
  return segments.reduce((sum, segment) => sum + lengthOf(segment), 0);
}

/** ETag of the large object: MD5 of the ETags of its segments. */
export function largeObjectEtag(segments: readonly StoredSegment[]): string {
  return hash('md5', segments.map(etagPartOf).join(''), 'hex');
}

function etagPartOf(segment: StoredSegment): string {
  if ('data' in segment) return hash('md5', segment.data, 'hex');
  return segment.range === null ? segment.etag : `${segment.etag}:${rangeText(segment.range)};`;
}

/** `0-9`: first and last byte. */
function rangeText({ start, end }: ByteRange): string {
  return `${start}-${end - 1}`;
}

export function formatManifest(segments: readonly StoredSegment[]): Buffer {
  return Buffer.from(pythonJson(segments.map(itemOf)));
}

/** An item of the stored list. */
export type ManifestItem = Record<string, unknown>;

export function itemOf(segment: StoredSegment): ManifestItem {
  if ('data' in segment) return { data: segment.data.toString('base64') };
  return {
    name: segment.name,
    bytes: segment.sizeBytes,
    hash: segment.etag,
    content_type: segment.contentType,
    last_modified: segment.lastModified,
    range: segment.range === null ? undefined : rangeText(segment.range),
    sub_slo: segment.isManifest ? true : undefined,
  };
}

/** Throws UnreadableManifest. */
export function parseManifest(body: Uint8Array): StoredSegment[] {
  return parseItems(body).map(segmentOf);
}

/** Data that stands one behind the other as one piece: a manifest may hold hundreds of thousands of a byte each. */
export function withJoinedData(segments: readonly StoredSegment[]): StoredSegment[] {
  const joined: StoredSegment[] = [];
  let run: Buffer[] = [];
  const endRun = (): void => {
    if (run.length > 0) joined.push({ data: run.length === 1 ? (run[0] as Buffer) : Buffer.concat(run) });
    run = [];
  };
  for (const segment of segments) {
    if ('data' in segment) {
      run.push(segment.data);
    } else {
      endRun();
      joined.push(segment);
    }
  }
  endRun();
  return joined;
}

/** The items as they are. Throws UnreadableManifest. */
export function parseItems(body: Uint8Array): ManifestItem[] {
  let value: unknown;
  try {
    value = JSON.parse(nativeFromBytes(body));
  } catch (error) {
    throw new UnreadableManifest('it is no JSON', error);
  }
  if (!Array.isArray(value)) throw new UnreadableManifest('it is no list');
  return value.map((item: unknown) => {
    if (typeof item !== 'object' || item === null) throw new UnreadableManifest('an item of it is no object');
    return item as ManifestItem;
  });
}

function segmentOf(item: ManifestItem): StoredSegment {
  if (typeof item['data'] === 'string') return { data: Buffer.from(item['data'], 'base64') };
  const name = textOf(item, 'name');
  const isManifest = isTrueValue(item['sub_slo'] as string | boolean | undefined);
  const contentType = String(item['content_type'] ?? '');
  const sizeBytes = (isManifest ? sizeInType(contentType) : undefined) ?? Number(item['bytes'] ?? NaN);
  if (!Number.isSafeInteger(sizeBytes)) throw new UnreadableManifest(`${name} has no size`);
  return {
    name,
    sizeBytes,
    etag: textOf(item, 'hash'),
    contentType,
    lastModified: String(item['last_modified'] ?? ''),
    range: rangeOf(item),
    isManifest,
  };
}

function textOf(item: ManifestItem, key: string): string {
  const value = item[key];
  if (typeof value !== 'string') throw new UnreadableManifest(`an item of it has no ${key}`);
  return value;
}

/** Early manifests tell the size of a nested large object there, and with `bytes` that of its manifest. */
function sizeInType(contentType: string): number | undefined {
  const match = /;\s*swift_bytes=(\d+)\s*(?:;|$)/.exec(contentType);
  return match === null ? undefined : Number(match[1]);
}

function rangeOf(item: ManifestItem): ByteRange | null {
  const { range } = item;
  if (range === undefined || range === null || range === '') return null;
  const match = typeof range === 'string' ? /^(\d+)-(\d+)$/.exec(range) : null;
  if (match === null) throw new UnreadableManifest(`${String(item['name'])} has a range that is none`);
  return { start: Number(match[1]), end: Number(match[2]) + 1 };
}
