import type { Connection } from '../db/connection.ts';
import type { ShardRangeRow } from './container-store.ts';
import { CONTAINER_SCHEMA } from './container-schema.ts';
import { mergeShardRange } from './shard-range.ts';

/** Columns in the order of a record, with what older databases that lack a column mean. */
const COLUMNS = {
  name: '',
  timestamp: '',
  lower: '',
  upper: '',
  object_count: 0,
  bytes_used: 0,
  meta_timestamp: '',
  deleted: 0,
  state: 40,
  state_timestamp: '',
  epoch: null,
  reported: 0,
  tombstones: -1,
} as const;
const COLUMN_NAMES = Object.keys(COLUMNS) as (keyof typeof COLUMNS)[];
const INSERT = `INSERT INTO shard_range (${COLUMN_NAMES.join(', ')}) VALUES (${COLUMN_NAMES.map(() => '?').join(', ')})`;

const existingColumns = new WeakMap<Connection, ReadonlySet<string>>();

/** The table's columns; empty when a database older than sharding has no such table. */
function columnsOf(connection: Connection): ReadonlySet<string> {
  let known = existingColumns.get(connection);
  if (known === undefined || known.size <= COLUMN_NAMES.length) {
    const rows = connection.prepare("SELECT name FROM pragma_table_info('shard_range')").all();
    known = new Set(rows.map((row) => row['name'] as string));
    existingColumns.set(connection, known);
  }
  return known;
}

/** Every record, deleted ones and the container's own among them, in no order. `where` may restrict by `?` parameters. */
export function readShardRanges(connection: Connection, where = '1', ...parameters: string[]): ShardRangeRow[] {
  const columns = columnsOf(connection);
  if (columns.size === 0) return [];
  const rows = connection
    .prepare(`SELECT ${COLUMN_NAMES.filter((name) => columns.has(name)).join(', ')} FROM shard_range WHERE ${where}`)
    .all(...parameters);
  return rows.map((row) => ({ ...COLUMNS, ...row }) as ShardRangeRow);
}

/** Merges records into the table, within the caller's transaction. A changed record is removed and inserted. */
export function mergeShardRanges(connection: Connection, ranges: readonly ShardRangeRow[]): void {
  if (ranges.length === 0) return;
  addMissingColumns(connection);
  const changed = new Map<string, ShardRangeRow>();
  for (const range of ranges) {
    const existing = changed.get(range.name) ?? readShardRanges(connection, 'name = ?', range.name)[0];
    const merged = mergeShardRange(range, existing);
    if (merged !== undefined) changed.set(range.name, merged);
  }
  const remove = connection.prepare('DELETE FROM shard_range WHERE name = ?');
  const insert = connection.prepare(INSERT);
  for (const range of changed.values()) {
    remove.run(range.name);
    insert.run(...COLUMN_NAMES.map((name) => range[name]));
  }
}

function addMissingColumns(connection: Connection): void {
  const columns = columnsOf(connection);
  if (columns.size === 0) {
    for (const sql of CONTAINER_SCHEMA.filter((each) => /shard_range/.test(each))) connection.exec(sql);
    return;
  }
  if (!columns.has('reported')) connection.exec('ALTER TABLE shard_range ADD COLUMN reported INTEGER DEFAULT 0');
  if (!columns.has('tombstones')) connection.exec('ALTER TABLE shard_range ADD COLUMN tombstones INTEGER DEFAULT -1');
}

/** A record from JSON. Undefined when it is not one (answer 400). */
export function shardRangeFromJson(value: unknown): ShardRangeRow | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Record<string, unknown>;
  const { name, timestamp } = given;
  if (typeof name !== 'string' || !name.includes('/') || typeof timestamp !== 'string') return undefined;
  const record: Record<string, unknown> = { ...COLUMNS, meta_timestamp: timestamp, state_timestamp: timestamp };
  for (const column of COLUMN_NAMES) {
    const field = given[column];
    if (field === undefined || (field === null && column !== 'epoch')) continue;
    const isNumber = typeof COLUMNS[column] === 'number';
    const converted = isNumber ? Number(field) : field;
    if (isNumber ? !Number.isInteger(converted) : typeof converted !== 'string' && converted !== null) return undefined;
    record[column] = converted;
  }
  return record as unknown as ShardRangeRow;
}
