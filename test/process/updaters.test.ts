import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { Cluster } from './cluster.ts';
import type { ServerProcess } from './server-process.ts';

// Many processes on few cores.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const NAMES = Array.from({ length: 12 }, (_, index) => `späte-${String(index).padStart(2, '0')}`);

let cluster: Cluster;

beforeAll(async () => {
  cluster = await Cluster.start();
});

afterAll(() => cluster.stop());

/** Files of updates that wait on the devices of the object servers. */
function pendingUpdates(): string[] {
  return cluster.objects.flatMap(({ folder }) => {
    const pending = join(folder, 'async_pending');
    if (!existsSync(pending)) return [];
    return readdirSync(pending, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  });
}

async function statusesOf(method: string, container: string): Promise<number[]> {
  const answers = NAMES.map((name) =>
    cluster.client.request(
      method,
      `/${container}/${encodeURIComponent(name)}`,
      {},
      method === 'PUT' ? 'some bytes' : null,
    ),
  );
  return (await Promise.all(answers)).map(({ status }) => status);
}

/** Listings as each of the container servers has them. */
async function listings(container: string): Promise<string[][]> {
  const found: string[][] = [];
  for (const server of cluster.containers) {
    const others = cluster.containers.filter((other) => other !== server);
    await Promise.all(others.map((other) => other.stop()));
    found.push(await cluster.client.list(`/${container}`));
    await Promise.all(others.map((other) => other.start()));
  }
  return found;
}

test('rows that a stopped container server missed wait on the object servers until the updater delivers them', async () => {
  expect((await cluster.client.put('/rows')).status).toBe(201);
  expect((await cluster.client.put('/rows/first', 'x')).status).toBe(201);
  const [stopped] = cluster.containers as [ServerProcess];
  await stopped.stop();
  expect(await statusesOf('PUT', 'rows')).toEqual(NAMES.map(() => 201));
  expect(pendingUpdates().length).toBeGreaterThan(0);
  await cluster.runUpdaters('swift-object-updater');
  expect(pendingUpdates().length, 'updates wait on while the server is away').toBeGreaterThan(0);
  await stopped.start();
  await cluster.runUpdaters('swift-object-updater');
  expect(pendingUpdates()).toEqual([]);
  expect(await listings('rows')).toEqual([
    ['first', ...NAMES],
    ['first', ...NAMES],
  ]);

  await stopped.stop();
  expect(await statusesOf('DELETE', 'rows')).toEqual(NAMES.map(() => 204));
  await stopped.start();
  await cluster.runUpdaters('swift-object-updater');
  expect(await listings('rows')).toEqual([['first'], ['first']]);
});

test('totals that a stopped account server missed are brought by the container updater', async () => {
  expect((await cluster.client.put('/known')).status).toBe(201);
  await cluster.account.stop();
  expect((await cluster.client.put('/unheard')).status).toBe(201);
  expect(await statusesOf('PUT', 'unheard')).toEqual(NAMES.map(() => 201));
  await cluster.runUpdaters('swift-container-updater');
  await cluster.account.start();
  expect(await cluster.client.list('')).not.toContain('unheard');
  await cluster.runUpdaters('swift-container-updater');
  expect(await cluster.client.list('')).toContain('unheard');
  const { body } = await cluster.client.get('?format=json');
  const rows = JSON.parse(body.toString()) as { name: string; count: number; bytes: number }[];
  expect(rows.find(({ name }) => name === 'unheard')).toMatchObject({ count: NAMES.length, bytes: NAMES.length * 10 });
  const { headers } = await cluster.client.request('HEAD', '');
  const total = (key: 'count' | 'bytes'): number => rows.reduce((sum, row) => sum + row[key], 0);
  expect(Number(headers['x-account-object-count'])).toBe(total('count'));
  expect(Number(headers['x-account-bytes-used'])).toBe(total('bytes'));
});
