/** Shard ranges as they come in the body of a PUT. */

import { compareCodePoints } from '../common/text.ts';
import { Timestamp } from '../common/timestamp.ts';
import { htmlError } from '../http/storage-server.ts';
import type { ShardRangeRow } from './container-store.ts';

const STATES: ReadonlySet<number> = new Set([10, 20, 30, 40, 50, 60, 70, 80]);

/** Checked rows of a JSON body. Throws HttpError 400 with the reason. */
export function shardRangesOf(body: unknown): ShardRangeRow[] {
  const items = Array.isArray(body) ? (body as unknown[]) : isEmptyObject(body) ? [] : refuse('expected a list');
  return items.map((item) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) refuse('expected a list of objects');
    return shardRangeOf(item as Readonly<Record<string, unknown>>);
  });
}

function isEmptyObject(body: unknown): boolean {
  return typeof body === 'object' && body !== null && Object.keys(body).length === 0;
}

function shardRangeOf(item: Readonly<Record<string, unknown>>): ShardRangeRow {
  const lower = text(item, 'lower');
  const upper = text(item, 'upper');
  if (lower !== '' && upper !== '' && compareCodePoints(lower, upper) >= 0) {
    refuse(`lower (${lower}) must be less than upper (${upper})`);
  }
  const name = text(item, 'name');
  if (!/^[^/]+\/./s.test(name)) refuse(`invalid name: ${name}`);
  const timestamp = time(item, 'timestamp');
  const state = integer(item, 'state');
  if (!STATES.has(state)) refuse(`invalid state ${state}`);
  return {
    name,
    timestamp,
    lower,
    upper,
    object_count: integer(item, 'object_count'),
    bytes_used: integer(item, 'bytes_used'),
    meta_timestamp: time(item, 'meta_timestamp'),
    deleted: integer(item, 'deleted') === 0 ? 0 : 1,
    state,
    state_timestamp: time(item, 'state_timestamp'),
    epoch: item['epoch'] === null || item['epoch'] === undefined ? null : time(item, 'epoch'),
    reported: integer(item, 'reported', 0) === 0 ? 0 : 1,
    tombstones: integer(item, 'tombstones', -1),
  };
}

function refuse(reason: string): never {
  throw htmlError(400, `Invalid body: ${reason}`);
}

function text(item: Readonly<Record<string, unknown>>, key: string): string {
  const value = item[key];
  if (typeof value !== 'string') refuse(`${key}: expected text`);
  return value as string;
}

/** A number, or digits as text; without `fallback` it must be there. */
function integer(item: Readonly<Record<string, unknown>>, key: string, fallback?: number): number {
  const given = item[key] ?? fallback;
  const value = typeof given === 'string' || typeof given === 'boolean' ? Number(given) : given;
  if (typeof value !== 'number' || !Number.isSafeInteger(value)) refuse(`${key}: expected an integer`);
  return value as number;
}

/** A timestamp in normal form. */
function time(item: Readonly<Record<string, unknown>>, key: string): string {
  const given = item[key];
  const parsed = typeof given === 'string' || typeof given === 'number' ? Timestamp.tryParse(String(given)) : undefined;
  if (parsed === undefined) refuse(`${key}: expected a timestamp`);
  return (parsed as Timestamp).internal;
}
