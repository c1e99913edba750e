/** Rows put into databases straight, as replicators do: listings need names, not the objects or containers that have them. */

import { join } from 'node:path';
import { hashPath } from '../src/common/hash-path.ts';
import { Ring } from '../src/ring/ring.ts';
import type { System } from './systems.ts';

const HASH_PATH = { prefix: Buffer.from('changeme'), suffix: Buffer.from('changeme') };
export const ACCOUNT = 'AUTH_test';
const ROWS_AT_ONCE = 1000;

/** One replica of a container's or account's database. */
export interface Replica {
  port: number;
  device: string;
  partition: number;
  hash: string;
}

/** Of a container, or without one of the account. */
export function replicasOf(system: System, container?: string): Replica[] {
  const type = container === undefined ? 'account' : 'container';
  const ring = Ring.load(join(system.folder, `${type}.ring.gz`), HASH_PATH);
  const partition = ring.partitionOf(ACCOUNT, container);
  const hash = hashPath(HASH_PATH, ACCOUNT, container);
  return ring.primaries(partition).map(({ port, device }) => ({ port, device, partition, hash }));
}

/** A row of a name; `at` counts them. */
export type MakeRow = (at: number) => Record<string, string | number>;

/** `object-0000000`, `object-0000001`, … */
export function objectName(at: number): string {
  return `object-${String(at).padStart(7, '0')}`;
}

export function containerName(at: number): string {
  return `container-${String(at).padStart(7, '0')}`;
}

function nowText(): string {
  return (Date.now() / 1000).toFixed(5);
}

export const objectRow: MakeRow = (at) => ({
  name: objectName(at),
  created_at: nowText(),
  size: 1024,
  content_type: 'application/octet-stream',
  etag: 'd41d8cd98f00b204e9800998ecf8427e',
  deleted: 0,
  storage_policy_index: 0,
  ROWID: at + 1,
});

export const containerRow: MakeRow = (at) => ({
  name: containerName(at),
  put_timestamp: nowText(),
  delete_timestamp: '0',
  object_count: 1,
  bytes_used: 1024,
  deleted: 0,
  storage_policy_index: 0,
  ROWID: at + 1,
});

/** Adds the rows `from` to `to` (not included) to the replica of a database that exists. Throws when they are refused. */
export async function mergeRows(replica: Replica, make: MakeRow, from: number, to: number): Promise<void> {
  const { port, device, partition, hash } = replica;
  const url = `http://127.0.0.1:${port}/${device}/${partition}/${hash}`;
  for (let first = from; first < to; first += ROWS_AT_ONCE) {
    const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, to - first) }, (_, at) => make(first + at));
    const body = JSON.stringify(['merge_items', rows, 'bench']);
    // A connection that is kept may just be closed by the server, and fetch does not try again.
    const answer = await fetch(url, { method: 'REPLICATE', headers: { connection: 'close' }, body });
    const text = await answer.text();
    if (!answer.ok) throw new Error(`REPLICATE ${url}: ${answer.status} ${text}`);
  }
}
