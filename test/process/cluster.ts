/** A cluster of real processes: four object servers with a device each, two container servers, an account server, a proxy. */

import { randomInt } from 'node:crypto';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { hashPath, partitionOfHash } from '../../src/common/hash-path.ts';
import { policyFolder } from '../../src/common/storage-policy.ts';
import { writeRingFile } from '../../src/ring/ring-file.ts';
import { Ring } from '../../src/ring/ring.ts';
import { buildSimpleRing, type SimpleRingDevice } from '../../src/ring/simple-ring.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';
import { Client } from './client.ts';
import { runOnce, ServerProcess } from './server-process.ts';

const HASH_PATH = { prefix: Buffer.from('changeme'), suffix: Buffer.from('changeme') };
const PART_POWER = 6;
const REPLICAS = 3;
const POLICIES = [0, 1];
const PIPELINE =
  'catch_errors gatekeeper healthcheck proxy-logging cache listing_formats tempauth proxy-logging proxy-server';

const SWIFT_CONF = `[swift-hash]
swift_hash_path_prefix = changeme
swift_hash_path_suffix = changeme
[storage-policy:0]
name = gold
default = yes
[storage-policy:1]
name = silver
`;

type Options = Readonly<Record<string, string | number>>;

export interface ClusterOptions {
  /** Of the proxy's app section. */
  proxy?: Options;
  /** Of each object server's app section. */
  object?: Options;
  /** Of [DEFAULT] of every server. */
  common?: Options;
  /** Makes a ring file; a simple ring of ours when left out. */
  makeRing?: (path: string, devices: readonly SimpleRingDevice[], partPower: number, replicas: number) => Promise<void>;
}

/** An object server and its device. */
export interface ObjectNode {
  readonly server: ServerProcess;
  readonly device: string;
  /** Folder of the device. It counts as mounted while `.ismount` lies in it. */
  readonly folder: string;
}

/**
 * Ports below those that the kernel hands out to clients, so that a server which is stopped for a while finds its own free again.
 */
export async function freePorts(count: number): Promise<number[]> {
  const ports: number[] = [];
  while (ports.length < count) {
    const port = randomInt(12_000, 32_000);
    if (!ports.includes(port) && (await isFree(port))) ports.push(port);
  }
  return ports;
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
    return true;
  } catch {
    return false;
  } finally {
    if (server.listening) await new Promise((resolve) => server.close(resolve));
  }
}

async function makeSimpleRing(
  path: string,
  devices: readonly SimpleRingDevice[],
  partPower: number,
  replicas: number,
): Promise<void> {
  await writeRingFile(path, buildSimpleRing(devices, partPower, replicas));
}

function lines(options: Options): string {
  return Object.entries(options)
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

export class Cluster {
  readonly path: string;
  readonly objects: readonly ObjectNode[];
  readonly containers: readonly ServerProcess[];
  readonly account: ServerProcess;
  readonly proxy: ServerProcess;
  readonly client: Client;
  readonly #options: ClusterOptions;
  readonly #remove: () => void;

  private constructor(ports: readonly number[], options: ClusterOptions) {
    const scratch = scratchDirectory();
    this.path = scratch.path;
    this.#remove = () => scratch.remove();
    this.#options = options;
    const [proxyPort = 0, accountPort = 0, containerA = 0, containerB = 0, ...objectPorts] = ports;
    this.objects = objectPorts.map((port, at) => this.#objectNode(port, at + 1));
    this.containers = [containerA, containerB].map((port, at) => this.#container(port, at));
    this.account = this.#server('account', 'account', accountPort, this.#devices('accounts', ['a1', 'a2', 'a3']));
    this.proxy = this.#proxy(proxyPort);
    this.client = new Client(proxyPort);
  }

  static async start(options: ClusterOptions = {}): Promise<Cluster> {
    const cluster = new Cluster(await freePorts(8), options);
    try {
      await cluster.#makeRings();
      await cluster.startAll();
      await cluster.client.signIn();
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get storage(): ServerProcess[] {
    return [...this.objects.map(({ server }) => server), ...this.containers, this.account];
  }

  get servers(): ServerProcess[] {
    return [...this.storage, this.proxy];
  }

  /** Starts what does not run. */
  async startAll(): Promise<void> {
    await Promise.all(this.servers.filter((server) => !server.isRunning).map((server) => server.start()));
  }

  /** Everything runs again, and the proxy remembers neither faults of nodes nor anything that it had cached. */
  async recover(): Promise<void> {
    await this.proxy.stop();
    for (const { folder } of this.objects) writeFileSync(join(folder, '.ismount'), '');
    await this.startAll();
    await this.client.signIn();
  }

  async stop(): Promise<void> {
    await this.client.close();
    await Promise.all(this.servers.map((server) => server.stop('SIGKILL')));
    this.#remove();
  }

  /** The object servers that should hold an object, in the ring's order, and behind them the one that should not. */
  nodesOf(container: string, object: string, policyIndex = 0): { primaries: ObjectNode[]; handoff: ObjectNode } {
    const ring = Ring.load(join(this.path, `${policyFolder('object', policyIndex)}.ring.gz`), HASH_PATH);
    const partition = ring.partitionOf('AUTH_test', container, object);
    const byDevice = new Map(this.objects.map((node) => [node.device, node]));
    const primaries = ring.primaries(partition).map(({ device }) => byDevice.get(device) as ObjectNode);
    const handoff = this.objects.find((node) => !primaries.includes(node)) as ObjectNode;
    return { primaries, handoff };
  }

  /** Files of an object on a node's device, newest first; empty when there is no such folder. */
  filesOf(node: ObjectNode, container: string, object: string, policyIndex = 0): string[] {
    const hash = hashPath(HASH_PATH, 'AUTH_test', container, object);
    const partition = String(partitionOfHash(hash, PART_POWER));
    const folder = join(node.folder, policyFolder('objects', policyIndex), partition, hash.slice(-3), hash);
    if (!existsSync(folder)) return [];
    return readdirSync(folder)
      .sort()
      .reverse()
      .map((name) => join(folder, name));
  }

  /** Runs the object updater over every object server's device, or the container updater over every container server's. */
  async runUpdaters(command: 'swift-object-updater' | 'swift-container-updater'): Promise<void> {
    const servers = command === 'swift-object-updater' ? this.objects.map(({ server }) => server) : this.containers;
    const results = await Promise.all(servers.map(({ configPath }) => runOnce(command, configPath)));
    for (const { code, output } of results) if (code !== 0) throw new Error(`${command} ended with ${code}: ${output}`);
  }

  #objectNode(port: number, number: number): ObjectNode {
    const device = `d${number}`;
    const devices = this.#devices(`objects-${number}`, [device]);
    return { server: this.objectServer(port, number), device, folder: join(devices, device) };
  }

  /** Writes the config of an object server anew, with `more` options in [DEFAULT], and gives a server that runs it. */
  objectServer(port: number, number: number, more: Options = {}): ServerProcess {
    const devices = join(this.path, `objects-${number}`);
    // Updates that are slow on a busy machine are not to be left for later: tests say when they are.
    const options = { container_update_timeout: 20, node_timeout: 20, ...this.#options.object };
    return this.#server('object', `object-${number}`, port, devices, options, more);
  }

  #container(port: number, at: number): ServerProcess {
    const devices = this.#devices(`containers-${at}`, [`c${2 * at + 1}`, `c${2 * at + 2}`]);
    return this.#server('container', `container-${at}`, port, devices, { node_timeout: 20 });
  }

  #devices(name: string, devices: readonly string[]): string {
    const folder = join(this.path, name);
    for (const device of devices) {
      mkdirSync(join(folder, device), { recursive: true });
      writeFileSync(join(folder, device, '.ismount'), '');
    }
    return folder;
  }

  #server(
    kind: string,
    name: string,
    port: number,
    devices: string,
    options: Options = {},
    more: Options = {},
  ): ServerProcess {
    const fixed = { mount_check: 'true', fallocate_reserve: 0, recon_cache_path: this.path };
    const common = { ...fixed, ...this.#options.common, ...more };
    const conf = `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = root
swift_dir = ${this.path}
devices = ${devices}
log_level = WARNING
${lines(common)}
[pipeline:main]
pipeline = recon ${kind}-server
[filter:recon]
use = egg:swift#recon
[app:${kind}-server]
use = egg:swift#${kind}
${lines(options)}
[${kind}-updater]
[${kind}-auditor]
[${kind}-replicator]
`;
    const path = join(this.path, `${name}.conf`);
    writeFileSync(path, conf);
    return new ServerProcess(`swift-${kind}-server`, path, port);
  }

  #proxy(port: number): ServerProcess {
    const conf = `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${port}
workers = 0
user = root
swift_dir = ${this.path}
${lines(this.#options.common ?? {})}
[pipeline:main]
pipeline = ${PIPELINE}
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
conn_timeout = 5
${lines(this.#options.proxy ?? {})}
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:gatekeeper]
use = egg:swift#gatekeeper
[filter:healthcheck]
use = egg:swift#healthcheck
[filter:proxy-logging]
use = egg:swift#proxy_logging
[filter:cache]
use = egg:swift#memcache
[filter:listing_formats]
use = egg:swift#listing_formats
[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
`;
    const path = join(this.path, 'proxy.conf');
    writeFileSync(path, conf);
    return new ServerProcess('swift-proxy-server', path, port);
  }

  async #makeRings(): Promise<void> {
    writeFileSync(join(this.path, 'swift.conf'), SWIFT_CONF);
    const ip = '127.0.0.1';
    const [first, second] = this.containers as [ServerProcess, ServerProcess];
    const objects = this.objects.map(({ device, server }) => ({ ip, port: server.port, device }));
    const containers = [first, first, second, second].map(({ port }, at) => ({ ip, port, device: `c${at + 1}` }));
    const accounts = ['a1', 'a2', 'a3'].map((device) => ({ ip, port: this.account.port, device }));
    const rings = [
      ...POLICIES.map((index) => [policyFolder('object', index), objects] as const),
      ['container', containers] as const,
      ['account', accounts] as const,
    ];
    const makeRing = this.#options.makeRing ?? makeSimpleRing;
    for (const [name, devices] of rings) {
      await makeRing(join(this.path, `${name}.ring.gz`), devices, PART_POWER, REPLICAS);
    }
  }
}
