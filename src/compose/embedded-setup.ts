/** What the one-machine cluster needs on disk before its servers can start: folders, swift.conf and rings. Made once, at the first start. */

import { randomBytes } from 'node:crypto';
import { access, mkdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ConfigError } from '../common/config-error.ts';
import { writeFileDurably } from '../common/durable-file.ts';
import { loadSwiftConf } from '../common/swift-conf.ts';
import { policyFolder } from '../common/storage-policy.ts';
import { supportsUserXattrs } from '../common/system-calls.ts';
import { buildSimpleRing, type SimpleRingDevice } from '../ring/simple-ring.ts';
import { writeRingFile } from '../ring/ring-file.ts';

/** Address and folder of one storage server. */
export interface EmbeddedServer {
  type: 'account' | 'container' | 'object';
  ip: string;
  port: number;
  devicesDir: string;
}

export interface EmbeddedSetup {
  /** swift.conf that the cluster's own is made from. */
  templateSwiftConf: string;
  swiftDir: string;
  /** Folders of the caches that recon reads. */
  cacheDirs: readonly string[];
  servers: readonly EmbeddedServer[];
  /** No extended attributes are needed. */
  objectsInMemory?: boolean;
}

const DEVICES = ['sdb1', 'sdb2', 'sdb3'];
const REPLICAS = 3;
/** Enough partitions to spread names, few enough that folders stay few. */
const PART_POWER = 8;

async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

/** Makes what is missing; what is there is left as it is. Throws ConfigError with one clear line. */
export async function prepareEmbeddedCluster(setup: EmbeddedSetup): Promise<void> {
  for (const server of setup.servers) await prepareDevices(server.devicesDir, setup.objectsInMemory !== true);
  for (const folder of setup.cacheDirs) await makeFolder(folder);
  await makeFolder(setup.swiftDir);
  const confPath = join(setup.swiftDir, 'swift.conf');
  if (!(await exists(confPath))) await makeSwiftConf(setup.templateSwiftConf, confPath);
  const { policies } = loadSwiftConf(setup.swiftDir);
  for (const server of setup.servers) {
    const names =
      server.type === 'object' ? [...policies].map(({ index }) => policyFolder('object', index)) : [server.type];
    for (const name of names) await makeRing(join(setup.swiftDir, `${name}.ring.gz`), server);
  }
}

async function prepareDevices(devicesDir: string, needsXattrs: boolean): Promise<void> {
  for (const device of DEVICES) await makeFolder(join(devicesDir, device));
  if (needsXattrs && !supportsUserXattrs(devicesDir)) {
    throw new ConfigError({
      code: 'bad-value',
      text: `${devicesDir} is on a file system without user extended attributes, which objects need (ext4, XFS and btrfs have them)`,
    });
  }
}

async function makeFolder(path: string): Promise<void> {
  try {
    await mkdir(path, { recursive: true });
  } catch (cause) {
    throw new ConfigError({
      code: 'bad-value',
      text: `cannot make the folder ${path}: ${(cause as Error).message}`,
      cause,
    });
  }
}

/** The template with a hash suffix of this cluster's own, so that nobody can choose names that share a partition. */
async function makeSwiftConf(templatePath: string, path: string): Promise<void> {
  const template = await readFile(templatePath, 'latin1');
  const suffix = randomBytes(16).toString('hex');
  const text = template
    .replace(/^#.*\n/gm, '')
    .replace(/^\s*swift_hash_path_suffix\s*=.*$/m, `swift_hash_path_suffix = ${suffix}`);
  const heading = '# Made at the first start. The hash suffix must never change: every name on disk depends on it.\n';
  await writeFileDurably(path, Buffer.from(heading + text, 'latin1'));
}

async function makeRing(path: string, server: EmbeddedServer): Promise<void> {
  if (await exists(path)) return;
  const devices: SimpleRingDevice[] = DEVICES.map((device, at) => ({
    device,
    ip: server.ip,
    port: server.port,
    region: 1,
    zone: at + 1,
  }));
  await writeRingFile(path, buildSimpleRing(devices, PART_POWER, REPLICAS));
}
