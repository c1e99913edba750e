/** A cluster of processes on free ports: Debian's Python servers or those of bin/, four devices, three replicas. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeRingFile } from '../../src/ring/ring-file.ts';
import { buildSimpleRing } from '../../src/ring/simple-ring.ts';
import { debianCommand } from '../interop/debian-process.ts';
import { freePorts } from '../process/cluster.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type RealServer, startMemcached } from '../real-servers.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';
import {
  type ClusterConfig,
  proxyConfText,
  storageConfText,
  type StorageType,
  swiftConfText,
} from './configuration.ts';

export interface ProcessClusterOptions extends ClusterConfig {
  /** Whose servers run. */
  servers: 'debian' | 'apus';
  /** Machines that the four devices are spread over, each with an object, a container and an account server. */
  nodes: 1 | 2 | 4;
}

const DEVICES = ['sdb1', 'sdb2', 'sdb3', 'sdb4'];
const REPLICAS = 3;
const PART_POWER = 8;
/** Python's servers take their time where cores are few and busy. */
const START_TIMEOUT_MS = 180_000;
const TYPES: readonly StorageType[] = ['object', 'container', 'account'];

/** Each kind of ring by its file's name. */
const RINGS: Readonly<Record<string, StorageType>> = {
  object: 'object',
  'object-1': 'object',
  container: 'container',
  account: 'account',
};

export class ProcessCluster {
  readonly port: number;
  readonly servers: readonly ServerProcess[];
  readonly #memcached: RealServer;
  readonly #remove: () => void;

  private constructor(port: number, servers: readonly ServerProcess[], memcached: RealServer, remove: () => void) {
    this.port = port;
    this.servers = servers;
    this.#memcached = memcached;
    this.#remove = remove;
  }

  static async start(options: ProcessClusterOptions): Promise<ProcessCluster> {
    const scratch = scratchDirectory();
    const memcached = await startMemcached();
    const [proxyPort = 0, ...storagePorts] = await freePorts(1 + options.nodes * TYPES.length);
    const proxyConf = proxyConfText(options, {
      port: proxyPort,
      swiftDir: scratch.path,
      memcached: memcached.address,
      onlyBuiltins: options.servers === 'apus',
    });
    writeFileSync(join(scratch.path, 'swift.conf'), swiftConfText(options));
    const servers = [
      ...makeStorage(scratch.path, storagePorts, options),
      makeServer(scratch.path, 'proxy', 'proxy-server', proxyConf, proxyPort, options),
    ];
    await makeRings(scratch.path, storagePorts, options.nodes);
    const cluster = new ProcessCluster(proxyPort, servers, memcached, () => scratch.remove());
    try {
      await Promise.all(servers.map((server) => server.start(START_TIMEOUT_MS)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop('SIGKILL')));
    await this.#memcached.stop();
    this.#remove();
  }
}

function makeServer(
  folder: string,
  type: StorageType | 'proxy',
  name: string,
  text: string,
  port: number,
  { servers }: ProcessClusterOptions,
): ServerProcess {
  const path = join(folder, `${name}.conf`);
  writeFileSync(path, text);
  const command = `swift-${type}-server`;
  return new ServerProcess(servers === 'debian' ? debianCommand(folder, command) : command, path, port);
}

function makeStorage(folder: string, ports: readonly number[], options: ProcessClusterOptions): ServerProcess[] {
  const cacheDir = join(folder, 'cache');
  mkdirSync(cacheDir);
  return DEVICES.slice(0, options.nodes).flatMap((_, node) => {
    const devices = join(folder, `node${node + 1}`);
    for (const device of devicesOf(node, options.nodes)) mkdirSync(join(devices, device), { recursive: true });
    return TYPES.map((type, at) => {
      const port = portOf(ports, node, at);
      const text = storageConfText(type, { port, swiftDir: folder, devices, cacheDir });
      return makeServer(folder, type, `${type}-server-${node + 1}`, text, port, options);
    });
  });
}

function devicesOf(node: number, nodes: number): string[] {
  return DEVICES.filter((_, at) => at % nodes === node);
}

function portOf(ports: readonly number[], node: number, typeIndex: number): number {
  return ports[node * TYPES.length + typeIndex] as number;
}

async function makeRings(folder: string, ports: readonly number[], nodes: number): Promise<void> {
  for (const [name, type] of Object.entries(RINGS)) {
    const devices = DEVICES.map((device, at) => ({
      device,
      ip: '127.0.0.1',
      port: portOf(ports, at % nodes, TYPES.indexOf(type)),
      region: 1,
      zone: at + 1,
    }));
    await writeRingFile(join(folder, `${name}.ring.gz`), buildSimpleRing(devices, PART_POWER, REPLICAS));
  }
}
