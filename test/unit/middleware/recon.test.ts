import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/recon.ts';
import { type Host, type Logger, SwiftRequest, SwiftResponse } from '../../../src/middleware-api.ts';

const log = { error: () => undefined } as unknown as Logger;
const host = { now: () => 1_795_352_925.5252, policies: [{ index: 0 }, { index: 1 }] } as unknown as Host;
let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'recon-'));
  await mkdir(join(folder, 'node/sdb1'), { recursive: true });
  await mkdir(join(folder, 'cache'));
});
afterEach(() => rm(folder, { recursive: true }));

async function get(path: string): Promise<{ status: number; type: string | undefined; body: string }> {
  const conf = { recon_cache_path: join(folder, 'cache'), devices: join(folder, 'node'), swift_dir: folder };
  const handler = await (
    await filterFactory({}, conf, host)
  )(() => Promise.resolve(new SwiftResponse(200, {}, Buffer.from('APP'))));
  const res = await handler(new SwiftRequest({ method: 'GET', target: path, log }));
  return { status: res.status, type: res.headers.get('content-type'), body: await res.text() };
}

async function json(path: string): Promise<unknown> {
  const { status, type, body } = await get(path);
  expect([status, type]).toEqual([200, 'application/json']);
  return JSON.parse(body) as unknown;
}

test.each([
  ['/recon/async', { async_pending: null, async_pending_last: null }],
  ['/recon/auditor/object', { object_auditor_stats_ALL: null, object_auditor_stats_ZBF: null }],
  ['/recon/driveaudit', { drive_audit_errors: null }],
  ['/recon/expirer/object', { object_expiration_pass: null, expired_last_pass: null }],
  ['/recon/quarantined', { objects: 0, containers: 0, accounts: 0, policies: {} }],
  ['/recon/reconstruction/object', { object_reconstruction_last: null, object_reconstruction_time: null }],
  ['/recon/relinker', { devices: null, workers: null }],
  ['/recon/sharding', { sharding_stats: null, sharding_time: null, sharding_last: null }],
  ['/recon/unmounted', [{ device: 'sdb1', mounted: false }]],
  ['/recon/diskusage', [{ device: 'sdb1', mounted: false, size: '', used: '', avail: '' }]],
  ['/recon/version', { version: '2.38.2' }],
  ['/recon/time', 1_795_352_925.5252],
  ['/recon/time/whatever', 1_795_352_925.5252],
])('%s answers as recorded from Python Swift', async (path, value) => {
  expect(await json(path)).toEqual(value);
});

test('values come from the caches that daemons write', async () => {
  const values = { replication_time: 1, replication_stats: { attempted: 2 }, object_replication_last: 3, other: 4 };
  await writeFile(join(folder, 'cache/object.recon'), `${JSON.stringify(values)}\n`);
  expect(await json('/recon/replication/object')).toEqual({
    replication_time: 1,
    replication_stats: { attempted: 2 },
    replication_last: null,
    object_replication_time: null,
    object_replication_last: 3,
  });
  expect(await json('/recon/replication')).toEqual(await json('/recon/replication/object'));
  expect(await json('/recon/replication/account')).toMatchObject({ replication_time: null });
});

test('sums of rings and swift.conf, the rings as they lie on disk', async () => {
  await writeFile(join(folder, 'object-1.ring.gz'), 'ring');
  await writeFile(join(folder, 'object.builder'), 'no ring');
  await writeFile(join(folder, 'swift.conf'), '');
  expect(await json('/recon/ringmd5')).toEqual({
    [join(folder, 'object-1.ring.gz')]: '1a5df958e0f29d35594c7cf057fe4bd1',
  });
  expect(await json('/recon/swiftconfmd5')).toEqual({
    [join(folder, 'swift.conf')]: 'd41d8cd98f00b204e9800998ecf8427e',
  });
});

test('quarantined objects are counted by policy', async () => {
  await mkdir(join(folder, 'node/sdb1/quarantined/objects-1/aaa'), { recursive: true });
  await mkdir(join(folder, 'node/sdb1/quarantined/accounts/bbb'), { recursive: true });
  expect(await json('/recon/quarantined')).toEqual({
    objects: 1,
    containers: 0,
    accounts: 1,
    policies: { '1': { objects: 1 } },
  });
});

test('devices, load, memory, sockets and mounts are read from the system', async () => {
  expect(await json('/recon/devices')).toEqual({ [join(folder, 'node')]: ['sdb1'] });
  expect(await json('/recon/load')).toMatchObject({
    '1m': expect.any(Number) as number,
    tasks: expect.any(String) as string,
  });
  expect(await json('/recon/mem')).toHaveProperty('MemTotal');
  expect(await json('/recon/sockstat')).toMatchObject({ tcp_in_use: expect.any(Number) as number });
  expect(await json('/recon/mounted')).toContainEqual(expect.objectContaining({ path: '/proc' }));
});

test.each([
  ...['/recon/nonsense', '/recon/', '/recon/updater', '/recon/updater/account', '/recon/replication/x'],
  ...['/recon/replication/', '/recon/updater/object/x', '/recon/auditor/object/', '/recon/%FF', '/recon/MEM'],
])('%s is no check', async (path) => {
  expect(await get(path)).toEqual({ status: 404, type: 'text/plain', body: `Invalid path: ${path}` });
});

test('a device is mounted when it has the stub file, a file and a name that needs encoding are none', async () => {
  await mkdir(join(folder, 'node/sdb2'));
  await mkdir(join(folder, 'node/sd c'));
  await writeFile(join(folder, 'node/sdb2/.ismount'), '');
  await writeFile(join(folder, 'node/sd c/.ismount'), '');
  await writeFile(join(folder, 'node/file'), '');
  await symlink(join(folder, 'node/file'), join(folder, 'node/link-to-file'));
  await symlink(join(folder, 'node/sdb2'), join(folder, 'node/link-to-device'));
  const not = (device: string): unknown => ({ device, mounted: false });
  expect(await json('/recon/unmounted')).toEqual([not('sd c'), not('sdb1')]);
  const usage = (await json('/recon/diskusage')) as { device: string; mounted: boolean; size: unknown }[];
  expect(usage.map(({ device, mounted, size }) => [device, mounted, typeof size])).toEqual([
    ['link-to-device', true, 'number'],
    ['sd c', false, 'string'],
    ['sdb1', false, 'string'],
    ['sdb2', true, 'number'],
  ]);
});

test('a devices folder that cannot be read is a 500, not a crash', async () => {
  await rm(join(folder, 'node'), { recursive: true });
  expect(await get('/recon/unmounted')).toEqual({ status: 500, type: 'text/plain', body: 'Internal server error.' });
  expect(await json('/recon/devices')).toEqual({ [join(folder, 'node')]: null });
});

test('other paths go to the app', async () => {
  expect((await get('/recon')).body).toBe('APP');
  expect((await get('/reconx')).body).toBe('APP');
});
