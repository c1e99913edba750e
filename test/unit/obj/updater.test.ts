import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Timestamp } from '../../../src/common/timestamp.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import type { AsyncUpdate } from '../../../src/obj/storage.ts';
import { runObjectUpdater, type UpdaterOptions } from '../../../src/obj/updater.ts';
import { type ObjectServerFixture, objectServer, threeNodeRing } from './support.ts';

const NODES = ['127.0.0.1:6001', '127.0.0.1:6002', '127.0.0.1:6003'];
const UPDATE: AsyncUpdate = {
  op: 'PUT',
  account: 'AUTH_test',
  container: 'c',
  obj: 'dir/é',
  headers: [
    ['X-Size', '5'],
    ['X-Content-Type', 'text/plain'],
    ['X-Timestamp', '1700000010.00000'],
    ['User-Agent', 'object-server 1'],
  ],
};

let server: ObjectServerFixture;
let reconFolder: string;

beforeEach(() => {
  server = objectServer({ devices: ['sdb1', 'sdb2'] });
  reconFolder = mkdtempSync(join(tmpdir(), 'apus-updater-'));
});
afterEach(async () => {
  rmSync(reconFolder, { recursive: true });
  await server.host.close();
});

const answer =
  (status: number, headers: Record<string, string> = {}) =>
  (): SwiftResponse =>
    new SwiftResponse(status, { 'content-length': '0', ...headers });

function keep(update: AsyncUpdate = UPDATE, device = 'sdb1', policyIndex = 0): Promise<void> {
  return server.storage.asyncPending.save(device, policyIndex, update, Timestamp.parse('1700000010'));
}

async function sweep(options: Partial<UpdaterOptions> = {}): Promise<void> {
  const ring = threeNodeRing();
  const { host } = server;
  await runObjectUpdater({
    host: Object.assign(Object.create(host) as typeof host, { ring: () => ring }),
    globalConf: {},
    localConf: { objects_per_second: '0', interval: '0.001', recon_cache_path: reconFolder },
    storage: server.storage,
    transport: server.transport,
    once: true,
    signal: new AbortController().signal,
    ...options,
  });
}

test('a kept update is told to every primary on the replication network and then removed', async () => {
  for (const node of NODES) server.listen(node);
  await keep();
  await keep(UPDATE, 'sdb2', 1);
  await sweep();
  expect(server.rows.map((row) => [row.address, row.method, row.path])).toEqual(
    [0, 1].flatMap(() => NODES.map((node, at) => [node, 'PUT', `/sd${'abc'[at] as string}/5/AUTH_test/c/dir/%C3%A9`])),
  );
  expect(Object.fromEntries(server.rows[0]?.headers ?? [])).toMatchObject({
    'x-size': '5',
    'user-agent': `object-updater ${process.pid}`,
    'x-backend-accept-redirect': 'true',
    'x-backend-accept-quoted-location': 'true',
  });
  expect(await server.pending()).toEqual([]);
  expect(await server.pending('sdb2', 1)).toEqual([]);
  const recon = JSON.parse(readFileSync(join(reconFolder, 'object.recon'), 'utf8')) as Record<string, unknown>;
  expect(recon).toMatchObject({
    object_updater_stats: { successes: 2, failures: 0, unlinks: 2 },
    object_updater_sweep: expect.any(Number) as number,
  });
});

test('servers that were told are not told again; the rest are, until all know', async () => {
  server.listen(NODES[0] as string);
  server.listen(NODES[1] as string, answer(503));
  await keep();
  await sweep();
  expect(await server.pending()).toMatchObject([{ successes: [0] }]);
  server.rows.length = 0;
  server.listen(NODES[1] as string);
  server.listen(NODES[2] as string);
  await sweep();
  expect(server.rows.map((row) => row.address)).toEqual([NODES[1], NODES[2]]);
  expect(await server.pending()).toEqual([]);
});

test('a redirect is followed at once, the newest of several, and remembered', async () => {
  const shard = (name: string, seconds: number): Record<string, string> => ({
    location: `/.shards_AUTH_test/c-${name}/dir/%C3%A9`,
    'x-backend-location-is-quoted': 'true',
    'x-backend-redirect-timestamp': `17000000${seconds}.00000`,
  });
  for (const [at, node] of NODES.entries()) {
    server.listen(node, (req) =>
      req.rawPath.includes('/.shards_') ? answer(at === 2 ? 503 : 201)() : answer(301, shard(`%C3%A9${at}`, 20 + at))(),
    );
  }
  await keep();
  await sweep();
  expect(server.rows.map((row) => row.path.split('/').slice(3).join('/'))).toEqual([
    ...NODES.map(() => 'AUTH_test/c/dir/%C3%A9'),
    ...NODES.map(() => '.shards_AUTH_test/c-%C3%A92/dir/%C3%A9'),
  ]);
  expect(await server.pending()).toMatchObject([
    {
      container: 'c',
      containerPath: '.shards_AUTH_test/c-é2',
      redirectHistory: ['.shards_AUTH_test/c-é2'],
      successes: [0, 1],
    },
  ]);
});

test('a redirect to where the update has been sends it back to the root next time', async () => {
  const headers = {
    location: '/.shards_AUTH_test/c-1/dir/x',
    'x-backend-redirect-timestamp': '1700000020.00000',
  };
  for (const node of NODES) server.listen(node, answer(301, headers));
  await keep({ ...UPDATE, containerPath: '.shards_AUTH_test/c-2', redirectHistory: ['.shards_AUTH_test/c-1'] });
  await sweep();
  const [kept] = await server.pending();
  expect(kept).toMatchObject({ successes: [], redirectHistory: [] });
  expect(kept?.containerPath).toBeUndefined();
});

test('a device that is not there is skipped with a warning, and the others are swept', async () => {
  for (const node of NODES) server.listen(node);
  await keep(UPDATE, 'gone');
  await keep(UPDATE, 'sdb2');
  const { asyncPending } = server.storage;
  asyncPending.devices = () => Promise.resolve(['gone', 'sdb2']);
  await sweep();
  expect(server.log.lines).toContain('warn Skipping gone as it is not mounted');
  expect(await server.pending('sdb2')).toEqual([]);
});

test('a recon folder that is not there costs a warning, not the sweep', async () => {
  for (const node of NODES) server.listen(node);
  await keep();
  await sweep({ localConf: { objects_per_second: '0', recon_cache_path: '/nowhere' } });
  expect(await server.pending()).toEqual([]);
  expect(server.log.lines.some((line) => line.startsWith('warn Recon cache in /nowhere not written'))).toBe(true);
});

test('without once it sweeps again and again until it is told to end', async () => {
  const controller = new AbortController();
  let rounds = 0;
  for (const node of NODES) server.listen(node);
  const { asyncPending } = server.storage;
  const devices = asyncPending.devices.bind(asyncPending);
  asyncPending.devices = async () => {
    rounds += 1;
    if (rounds === 2) await keep();
    if (rounds === 3) controller.abort();
    return devices();
  };
  await sweep({ once: false, signal: controller.signal });
  expect(rounds).toBe(3);
  expect(server.rows).toHaveLength(3);
  expect(await server.pending()).toEqual([]);
});
