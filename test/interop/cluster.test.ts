import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import type { SimpleRingDevice } from '../../src/ring/simple-ring.ts';
import { Client } from '../process/client.ts';
import { Cluster, freePorts, type ObjectNode } from '../process/cluster.ts';
import { patternBytes } from '../process/pattern.ts';
import { ServerProcess } from '../process/server-process.ts';
import { debianCommand, runDebian } from './debian-process.ts';
import { interopTest } from './debian-swift.ts';

// Many processes on few cores.
vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const COMMANDS = [
  ...['swift-ring-builder', 'swift-get-nodes', 'swift-proxy-server', 'swift-object-server', 'swift-object-info'],
  ...['swift-object-auditor', 'swift-object-updater', 'swift-object-replicator'],
  ...['swift-container-auditor', 'swift-container-updater', 'swift-container-replicator'],
  ...['swift-account-auditor', 'swift-account-replicator'],
];
const test = interopTest(...COMMANDS.map((command) => `/usr/bin/${command}`));
const NAMES = ['plain', 'dir/ümlaut ß', '😀', 'a%2Fb'];
const LARGE = patternBytes(1, 300_000);

/** Undefined only where the tests are left out. */
let cluster: Cluster;

beforeAll(async () => {
  if (COMMANDS.some((command) => !existsSync(`/usr/bin/${command}`))) return; // its tests are left out, too
  cluster = await Cluster.start({ makeRing: buildRing });
  await fill();
});

afterAll(async () => {
  if (COMMANDS.every((command) => existsSync(`/usr/bin/${command}`))) await cluster.stop();
});

/** A ring made by Swift's own builder. */
async function buildRing(
  path: string,
  devices: readonly SimpleRingDevice[],
  partPower: number,
  replicas: number,
): Promise<void> {
  const builder = path.replace(/\.ring\.gz$/, '.builder');
  const run = (...args: string[]): void => {
    const { status, stdout, stderr } = spawnSync('/usr/bin/swift-ring-builder', [builder, ...args], {
      encoding: 'utf8',
    });
    // 1 is its way to warn.
    if (status !== 0 && status !== 1) throw new Error(`swift-ring-builder ${args.join(' ')}: ${stdout}${stderr}`);
  };
  run('create', String(partPower), String(replicas), '1');
  devices.forEach(({ ip, port, device }, at) => run('add', `r1z${at + 1}-${ip}:${port}/${device}`, '1'));
  run('rebalance', '--seed', '3');
  await Promise.resolve();
}

/** Objects that were written, posted to, replaced and deleted, in two policies, with updates that wait. */
async function fill(): Promise<void> {
  const { client } = cluster;
  await client.put('/c');
  await client.put('/silver', '', { 'x-storage-policy': 'silver', 'x-container-meta-color': 'blue' });
  for (const container of ['c', 'silver']) {
    for (const name of NAMES)
      await client.put(pathOf(container, name), `${container} ${name}`, { 'x-object-meta-a': 'b' });
    await client.put(`/${container}/large`, LARGE);
    await client.put(`/${container}/deleted`, 'x');
    await client.request('DELETE', `/${container}/deleted`);
    await client.request('POST', `/${container}/plain`, { 'x-object-meta-new': 'ü', 'content-type': 'text/new' });
  }
  await client.request('POST', '', { 'x-account-meta-color': 'green' });
}

function pathOf(container: string, name: string): string {
  return `/${container}/${encodeURIComponent(name)}`;
}

/** Without sign-in: Swift's tempauth keeps its tokens in memcached. */
function pythonProxyConf(swiftDir: string, port: number): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = root
swift_dir = ${swiftDir}
[pipeline:main]
pipeline = catch_errors gatekeeper healthcheck proxy-logging listing_formats proxy-logging proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:copy]
use = egg:swift#copy
[filter:dlo]
use = egg:swift#dlo
[filter:versioned_writes]
use = egg:swift#versioned_writes
`;
}

/** `Key: value` lines. */
function fieldsOf(output: string): Map<string, string> {
  const lines = output.split('\n').map((line) => /^\s*([^:]+): (.*)$/.exec(line));
  return new Map(lines.flatMap((match) => (match === null ? [] : [[match[1] as string, match[2] as string] as const])));
}

function databasesBelow(folder: string): string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.db'))
    .map((entry) => join(entry.parentPath, entry.name));
}

test.each(NAMES)(
  'swift-get-nodes names the devices on which %j lies, and swift-object-info agrees with the client',
  async (name) => {
    const ring = join(cluster.path, 'object.ring.gz');
    const output = await runDebian(cluster.path, 'swift-get-nodes', ring, 'AUTH_test', 'c', name);
    const devices = [...output.matchAll(/^Server:Port Device\s+\S+ (\S+)$/gm)].map(([, device]) => device);
    const { primaries } = cluster.nodesOf('c', name);
    expect(devices).toEqual(primaries.map(({ device }) => device));
    const { headers } = await cluster.client.request('HEAD', pathOf('c', name));
    for (const node of primaries) {
      const file = cluster.filesOf(node, 'c', name).find((path) => path.endsWith('.data')) as string;
      const info = fieldsOf(await runDebian(cluster.path, 'swift-object-info', '-d', cluster.path, file));
      expect(info.get('ETag')).toBe(`${headers['etag']} (valid)`);
      expect(info.get('Content-Length')).toBe(`${headers['content-length']} (valid)`);
      expect(info.get('Path')).toBe(`/AUTH_test/c/${name}`);
    }
  },
);

test('swift-container-info and swift-account-info tell what the client is told', async () => {
  const container = await cluster.client.request('HEAD', '/silver');
  const found = new Set<string>();
  for (const server of cluster.containers) {
    for (const path of databasesBelow(
      join(cluster.path, server === cluster.containers[0] ? 'containers-0' : 'containers-1'),
    )) {
      const info = fieldsOf(await runDebian(cluster.path, 'swift-container-info', '-d', cluster.path, path));
      if (info.get('Path') !== '/AUTH_test/silver') continue;
      found.add(path);
      expect(info.get('Object Count')).toBe(container.headers['x-container-object-count']);
      expect(info.get('Bytes Used')).toBe(container.headers['x-container-bytes-used']);
      expect(info.get('Storage Policy')).toBe('silver (1)');
    }
  }
  expect(found.size).toBe(3);
  await cluster.runUpdaters('swift-container-updater');
  const account = await cluster.client.request('HEAD', '');
  const databases = databasesBelow(join(cluster.path, 'accounts'));
  expect(databases).toHaveLength(3);
  for (const path of databases) {
    const info = fieldsOf(await runDebian(cluster.path, 'swift-account-info', '-d', cluster.path, path));
    expect(info.get('Account')).toBe('AUTH_test');
    expect(info.get('Container Count')).toBe('2');
    expect(info.get('Object Count')).toBe(account.headers['x-account-object-count']);
    expect(info.get('Bytes Used')).toBe(account.headers['x-account-bytes-used']);
  }
});

test("Swift's daemons pass over our disks without a fault, deliver what waits and quarantine nothing", async () => {
  const [stopped] = cluster.containers as [ServerProcess];
  await stopped.stop();
  for (const name of ['late-1', 'late-2', 'late-3'])
    expect((await cluster.client.put(`/c/${name}`, 'x')).status).toBe(201);
  await stopped.start();
  const run = async (command: string, configPath: string): Promise<string> => {
    const output = await runDebian(cluster.path, command, configPath, 'once', '-v');
    expect(output).not.toMatch(/\bERROR\b|Traceback/i);
    return output;
  };
  for (const { server, folder } of cluster.objects) {
    await run('swift-object-updater', server.configPath);
    await run('swift-object-auditor', server.configPath);
    await run('swift-object-replicator', server.configPath);
    expect(existsSync(join(folder, 'quarantined'))).toBe(false);
    const pending = join(folder, 'async_pending');
    if (existsSync(pending)) expect(readdirSync(pending)).toEqual([]);
  }
  for (const { configPath } of cluster.containers) {
    await run('swift-container-updater', configPath);
    await run('swift-container-auditor', configPath);
    await run('swift-container-replicator', configPath);
  }
  await run('swift-account-auditor', cluster.account.configPath);
  await run('swift-account-replicator', cluster.account.configPath);
  const names = [...NAMES, 'large', 'late-1', 'late-2', 'late-3'].sort();
  expect((await cluster.client.list('/c')).sort()).toEqual(names);
  expect((await cluster.client.get('/c/large')).body.equals(LARGE)).toBe(true);
});

test("Swift's proxy over our storage servers and ours over the same see each other's writes", async () => {
  const [port = 0] = await freePorts(1);
  const conf = join(cluster.path, 'python-proxy.conf');
  writeFileSync(conf, pythonProxyConf(cluster.path, port));
  const proxy = new ServerProcess(debianCommand(cluster.path, 'swift-proxy-server'), conf, port);
  const theirs = new Client(port);
  try {
    await proxy.start();
    for (const name of NAMES) expect((await theirs.get(pathOf('silver', name))).body.toString()).toBe(`silver ${name}`);
    expect((await theirs.put('/theirs', '', { 'x-storage-policy': 'silver' })).status).toBe(201);
    expect((await theirs.put('/theirs/large', LARGE, { 'x-object-meta-color': 'red' })).status).toBe(201);
    const { body, headers } = await cluster.client.get('/theirs/large');
    expect(body.equals(LARGE)).toBe(true);
    expect(headers['x-object-meta-color']).toBe('red');
    const range = await theirs.get('/c/large', { range: 'bytes=5-9,100000-200000' });
    expect(range.status).toBe(206);
    expect(range.body.includes(LARGE.subarray(100_000, 200_001))).toBe(true);
    expect((await theirs.request('POST', '/theirs/large', { 'x-object-meta-size': 'big' })).status).toBe(202);
    expect((await cluster.client.request('HEAD', '/theirs/large')).headers['x-object-meta-size']).toBe('big');
    expect((await cluster.client.request('DELETE', '/theirs/large')).status).toBe(204);
    expect((await theirs.get('/theirs/large')).status).toBe(404);
    expect((await theirs.get('/theirs?format=json')).body.toString()).toBe('[]');
  } finally {
    await theirs.close();
    await proxy.stop();
  }
});

test("an object server of Swift's takes the place of one of ours, on the same device", async () => {
  const [replaced] = cluster.objects as [ObjectNode];
  await replaced.server.stop();
  const { configPath, port } = replaced.server;
  const python = new ServerProcess(debianCommand(cluster.path, 'swift-object-server'), configPath, port);
  const names = Array.from({ length: 20 }, (_, index) => `mixed-${index}`);
  try {
    await python.start();
    for (const name of names) expect((await cluster.client.put(`/c/${name}`, `mixed ${name}`)).status).toBe(201);
    const theirs = names.filter((name) => cluster.nodesOf('c', name).primaries.includes(replaced));
    expect(theirs.length).toBeGreaterThan(5);
    for (const name of theirs) expect(cluster.filesOf(replaced, 'c', name)).toHaveLength(1);
    const others = cluster.objects.filter((node) => node !== replaced);
    await Promise.all(others.map(({ server }) => server.stop()));
    for (const name of theirs) expect((await cluster.client.get(`/c/${name}`)).body.toString()).toBe(`mixed ${name}`);
    const held = NAMES.filter((name) => cluster.nodesOf('silver', name, 1).primaries.includes(replaced));
    for (const name of held)
      expect((await cluster.client.get(pathOf('silver', name))).body.toString()).toBe(`silver ${name}`);
    await Promise.all(others.map(({ server }) => server.start()));
  } finally {
    await python.stop();
  }
  await replaced.server.start();
  await cluster.recover();
  for (const name of names) expect((await cluster.client.get(`/c/${name}`)).body.toString()).toBe(`mixed ${name}`);
});
