import fc from 'fast-check';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { ACCOUNT_SCHEMA } from '../../../src/account/account-schema.ts';
import { mergeContainerRows, rowFromRequest, type IncomingContainerRow } from '../../../src/account/container-rows.ts';
import type { ContainerRow } from '../../../src/account/account-store.ts';
import { Connection } from '../../../src/db/connection.ts';
import { ConnectionCache } from '../../../src/db/connection-cache.ts';
import { createDatabase } from '../../../src/db/create-database.ts';
import { Database } from '../../../src/db/database.ts';
import { databaseFolder } from '../../../src/db/database-folder.ts';
import { goldenJson, TestDevice } from '../db/support.ts';

interface Step {
  readonly put_container?: ContainerRow;
  readonly merge_items?: IncomingContainerRow[];
  readonly state: { readonly container: unknown[]; readonly policy_stat: unknown[]; readonly account_stat: object };
}

let device: TestDevice;
const connections: Connection[] = [];

beforeEach(() => {
  device = new TestDevice();
});

afterEach(() => {
  for (const connection of connections.splice(0)) connection.close();
  device.remove();
});

async function emptyAccount(name: string): Promise<Connection> {
  const folder = databaseFolder(device.devices, 'account', device.accountHash(name));
  const context = { connections: new ConnectionCache(1), log: device.options.log, lockTimeoutMs: 1000 };
  await createDatabase(new Database(context, folder), ACCOUNT_SCHEMA, (database) => {
    database.exec('INSERT INTO account_stat (container_count) VALUES (0)');
  });
  const connection = new Connection(folder.basePath);
  connections.push(connection);
  return connection;
}

function stateOf(connection: Connection): { container: unknown[]; policy_stat: unknown[]; account_stat: unknown } {
  const plain = (sql: string): unknown[] =>
    connection
      .prepare(sql)
      .all()
      .map((row) => ({ ...row }));
  const columns = 'name, put_timestamp, delete_timestamp, object_count, bytes_used, deleted, storage_policy_index';
  return {
    container: plain(`SELECT ${columns} FROM container ORDER BY name`),
    policy_stat: plain('SELECT * FROM policy_stat ORDER BY storage_policy_index'),
    account_stat: plain('SELECT container_count, object_count, bytes_used, hash FROM account_stat')[0],
  };
}

test('rows, totals and hash after each recorded step are the recorded ones', async () => {
  const { account_merge_sequences: sequences } = goldenJson<{ account_merge_sequences: Step[][] }>(
    'broker-vectors.json.gz',
  );
  expect(sequences.length).toBeGreaterThan(0);
  for (const [at, steps] of sequences.entries()) {
    const connection = await emptyAccount(`a${at}`);
    for (const step of steps) {
      const rows = step.put_container === undefined ? (step.merge_items ?? []) : [rowFromRequest(step.put_container)];
      expect(rows.length).toBeGreaterThan(0);
      connection.transaction(() => mergeContainerRows(connection, rows));
      expect(stateOf(connection)).toEqual(step.state);
    }
  }
});

test('a replica that sends its rows again changes neither totals nor hash', async () => {
  const time = fc.integer({ min: 0, max: 9 }).map((tick) => `170000000${tick}.00000`);
  const anyRow = fc.record({
    name: fc.constantFrom('a', 'é', '\0r'),
    put_timestamp: time,
    delete_timestamp: fc.oneof(time, fc.constant('0')),
    object_count: fc.nat(2),
    bytes_used: fc.nat(100),
    storage_policy_index: fc.nat(1),
  });
  let number = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(anyRow, { minLength: 1, maxLength: 6 }), async (rows) => {
      const connection = await emptyAccount(`again${number++}`);
      connection.transaction(() => mergeContainerRows(connection, rows.map(rowFromRequest)));
      const before = stateOf(connection);
      connection.transaction(() => mergeContainerRows(connection, before.container as IncomingContainerRow[]));
      expect(stateOf(connection)).toEqual(before);
    }),
    { numRuns: 25 },
  );
});
