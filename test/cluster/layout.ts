/** The folder of a cluster for tests: configs, rings and devices on free ports of the loopback. */

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { writeRingFile } from '../../src/ring/ring-file.ts';
import { buildSimpleRing } from '../../src/ring/simple-ring.ts';
import { freePorts } from '../process/cluster.ts';
import {
  type ClusterConfig,
  proxyConfText,
  storageConfText,
  type StorageType,
  swiftConfText,
} from './configuration.ts';

export interface LayoutOptions extends ClusterConfig {
  /** Machines that the four devices are spread over, each with an object, a container and an account server. */
  nodes: 1 | 2 | 4;
  /** `host:port` of the cache; the cache filter's own default without one. */
  memcached?: string;
  /** Leaves filters out that Apus does not have. */
  onlyBuiltins: boolean;
  /** Object servers that keep objects in memory. */
  objectsInMemory?: boolean;
}

/** A server by its config file. */
export interface ServerPlace {
  type: StorageType | 'proxy';
  configPath: string;
  port: number;
}

const DEVICES = ['sdb1', 'sdb2', 'sdb3', 'sdb4'];
const REPLICAS = 3;
const PART_POWER = 8;
const TYPES: readonly StorageType[] = ['object', 'container', 'account'];

/** Each kind of ring by its file's name. */
const RINGS: Readonly<Record<string, StorageType>> = {
  object: 'object',
  'object-1': 'object',
  container: 'container',
  account: 'account',
};

/** Writes all that the servers need into `folder`. Gives the storage servers, and the proxy as the last. */
export async function layOutCluster(folder: string, options: LayoutOptions): Promise<ServerPlace[]> {
  const [proxyPort = 0, ...ports] = await freePorts(1 + options.nodes * TYPES.length);
  const cacheDir = join(folder, 'cache');
  mkdirSync(cacheDir);
  writeFileSync(join(folder, 'swift.conf'), swiftConfText(options));
  const proxyText = proxyConfText(options, { port: proxyPort, swiftDir: folder, ...options });
  const servers: ServerPlace[] = [];
  const add = (type: ServerPlace['type'], name: string, port: number, text: string): void => {
    const configPath = join(folder, `${name}.conf`);
    writeFileSync(configPath, text);
    servers.push({ type, configPath, port });
  };
  for (let node = 0; node < options.nodes; node++) {
    const devices = join(folder, `node${node + 1}`);
    for (const device of devicesOf(node, options.nodes)) mkdirSync(join(devices, device), { recursive: true });
    for (const [at, type] of TYPES.entries()) {
      const port = portOf(ports, node, at);
      const app = type === 'object' && options.objectsInMemory === true ? 'mem_object' : type;
      const text = storageConfText(type, { port, swiftDir: folder, devices, cacheDir, app });
      add(type, `${type}-server-${node + 1}`, port, text);
    }
  }
  add('proxy', 'proxy-server', proxyPort, proxyText);
  await makeRings(folder, ports, options.nodes);
  return servers;
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
