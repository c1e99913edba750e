/** Rows put into a container's databases straight, as replicators do: listings need objects' names, not their files. */

import { join } from 'node:path';
import { hashPath } from '../src/common/hash-path.ts';
import { Ring } from '../src/ring/ring.ts';
import type { System } from './systems.ts';

const HASH_PATH = { prefix: Buffer.from('changeme'), suffix: Buffer.from('changeme') };
const ACCOUNT = 'AUTH_test';
const ROWS_AT_ONCE = 1000;

/** Where a cluster keeps a container's replicas. */
export interface ContainerPlace {
  partition: number;
  hash: string;
  /** `http://127.0.0.1:port/device` of each replica. */
  nodes: string[];
}

export function containerPlace(system: System, container: string): ContainerPlace {
  const ring = Ring.load(join(system.folder, 'container.ring.gz'), HASH_PATH);
  const partition = ring.partitionOf(ACCOUNT, container);
  const nodes = ring.primaries(partition).map(({ ip, port, device }) => `http://${ip}:${port}/${device}`);
  return { partition, hash: hashPath(HASH_PATH, ACCOUNT, container), nodes };
}

/** `object-0000000`, `object-0000001`, … */
export function objectName(at: number): string {
  return `object-${String(at).padStart(7, '0')}`;
}

/** Adds the rows `from` to `to` (not included) to every replica of a container that exists. Throws when one is refused. */
export async function mergeRows(system: System, container: string, from: number, to: number): Promise<void> {
  const { partition, hash, nodes } = containerPlace(system, container);
  const created_at = (Date.now() / 1000).toFixed(5);
  for (let first = from; first < to; first += ROWS_AT_ONCE) {
    const rows = Array.from({ length: Math.min(ROWS_AT_ONCE, to - first) }, (_, at) => ({
      name: objectName(first + at),
      created_at,
      size: 1024,
      content_type: 'application/octet-stream',
      etag: 'd41d8cd98f00b204e9800998ecf8427e',
      deleted: 0,
      storage_policy_index: 0,
      ROWID: first + at + 1,
    }));
    const body = JSON.stringify(['merge_items', rows, 'bench']);
    await Promise.all(nodes.map((node) => replicate(`${node}/${partition}/${hash}`, body)));
  }
}

async function replicate(url: string, body: string): Promise<void> {
  const answer = await fetch(url, { method: 'REPLICATE', body });
  const text = await answer.text();
  if (!answer.ok) throw new Error(`REPLICATE ${url}: ${answer.status} ${text}`);
}
