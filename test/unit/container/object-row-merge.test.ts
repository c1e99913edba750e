import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ObjectRow } from '../../../src/container/container-store.ts';
import { mergeObjectRow, mergeObjectRows, type StoredObjectRow } from '../../../src/container/object-row-merge.ts';
import { CONTAINER_SCHEMA } from '../../../src/container/container-schema.ts';
import { Connection } from '../../../src/db/connection.ts';
import { ConnectionCache } from '../../../src/db/connection-cache.ts';
import { createDatabase } from '../../../src/db/create-database.ts';
import { Database } from '../../../src/db/database.ts';
import { databaseFolder } from '../../../src/db/database-folder.ts';
import { goldenJson, TestDevice } from '../db/support.ts';

interface MergeVector {
  readonly new: ObjectRow;
  readonly existing: StoredObjectRow | null;
  readonly returns: boolean;
  readonly new_after: StoredObjectRow;
}

interface SequenceState {
  readonly object: StoredObjectRow[];
  readonly policy_stat: unknown[];
  readonly hash: string;
}

interface Sequence {
  readonly container_policy: number;
  readonly steps: readonly { readonly merge_items: ObjectRow[]; readonly state: SequenceState }[];
}

const vectors = goldenJson<{ update_new_item_from_existing: MergeVector[]; container_merge_sequences: Sequence[] }>(
  'broker-vectors.json.gz',
);

let device: TestDevice;
const connections: Connection[] = [];

beforeEach(() => {
  device = new TestDevice();
});

afterEach(() => {
  for (const connection of connections.splice(0)) connection.close();
  device.remove();
});

async function emptyContainer(name: string, policy: number): Promise<Connection> {
  const folder = databaseFolder(device.devices, 'container', device.hashOf(name));
  const context = { connections: new ConnectionCache(1), log: device.options.log, lockTimeoutMs: 1000 };
  await createDatabase(new Database(context, folder), CONTAINER_SCHEMA, (database) => {
    database.exec(`INSERT INTO container_info (storage_policy_index) VALUES (${policy});
      INSERT INTO policy_stat (storage_policy_index) VALUES (${policy})`);
  });
  const connection = new Connection(folder.basePath);
  connections.push(connection);
  return connection;
}

function stateOf(connection: Connection): SequenceState {
  const plain = (sql: string): never[] =>
    connection
      .prepare(sql)
      .all()
      .map((row) => ({ ...row })) as never[];
  const columns = 'name, created_at, size, content_type, etag, deleted, storage_policy_index';
  const [info] = plain('SELECT hash FROM container_info') as { hash: string }[];
  return {
    object: plain(`SELECT ${columns} FROM object ORDER BY name, storage_policy_index`),
    policy_stat: plain('SELECT * FROM policy_stat ORDER BY storage_policy_index'),
    hash: info?.hash ?? '',
  };
}

test('a row that meets the one of its name becomes the recorded one', () => {
  expect(vectors.update_new_item_from_existing).toHaveLength(150);
  for (const vector of vectors.update_new_item_from_existing) {
    const merged = mergeObjectRow(vector.new, vector.existing ?? undefined);
    expect(merged !== undefined).toBe(vector.returns);
    if (merged !== undefined) expect(vector.new_after).toMatchObject({ ...merged });
  }
});

test('rows, totals and hash after each recorded merge are the recorded ones', async () => {
  expect(vectors.container_merge_sequences.length).toBeGreaterThan(0);
  for (const [at, sequence] of vectors.container_merge_sequences.entries()) {
    const connection = await emptyContainer(`c${at}`, sequence.container_policy);
    for (const step of sequence.steps) {
      connection.transaction(() => mergeObjectRows(connection, step.merge_items));
      const state = stateOf(connection);
      expect(state.hash).toBe(step.state.hash);
      expect(state.policy_stat).toEqual(step.state.policy_stat);
      expect(sorted(state.object)).toEqual(sorted(step.state.object));
    }
  }
});

function sorted(rows: readonly StoredObjectRow[]): StoredObjectRow[] {
  const key = (row: StoredObjectRow): string => `${row.name} ${row.storage_policy_index}`;
  return [...rows].sort((a, b) => (key(a) < key(b) ? -1 : 1));
}

const timestamp = fc.integer({ min: 0, max: 30 }).map((tick) => `17000000${String(10 + tick)}.00000`);
// Rows written at the same time are the same row, as with real ones: contents follow from the data time.
const anyRow: fc.Arbitrary<ObjectRow> = fc
  .record({ name: fc.constantFrom('a', 'b', 'é', '\0x', '😀'), data: timestamp, type: timestamp, metadata: timestamp })
  .map(({ name, data, type, metadata }) => ({
    name,
    created_at: data,
    size: Number(data.slice(0, 10)) % 100,
    content_type: `text/x${type.slice(0, 10)};swift_bytes=${data.slice(7, 10)}`,
    etag: `e${data}`,
    deleted: Number(data.slice(9, 10)) % 3 === 0 ? (1 as const) : (0 as const),
    storage_policy_index: 0,
    ctype_timestamp: type,
    meta_timestamp: metadata,
  }));

test('replicas that merge the same rows in any order and in any batches agree in rows, totals and hash', async () => {
  let number = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRow, { minLength: 1, maxLength: 12 }),
      fc.infiniteStream(fc.nat(1000)),
      async (rows, random) => {
        const one = await emptyContainer(`one${number}`, 0);
        const two = await emptyContainer(`two${number++}`, 0);
        one.transaction(() => mergeObjectRows(one, rows));
        const shuffled = rows.map((row) => ({ row, key: random.next().value })).sort((a, b) => a.key - b.key);
        for (const { row } of shuffled) two.transaction(() => mergeObjectRows(two, [row]));
        two.transaction(() => mergeObjectRows(two, rows)); // again, as replicators do
        expect(stateOf(two)).toEqual(stateOf(one));
      },
    ),
    { numRuns: 40 },
  );
});
