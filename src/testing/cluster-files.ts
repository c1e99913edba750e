/** The folder that an in-process cluster lives in: TMP/etc/swift with its configs, TMP/var with its data. */

import { cp, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { existsSync, readFileSync } from 'node:fs';

export interface ClusterFolder {
  readonly path: string;
  readonly configDir: string;
  remove(): Promise<void>;
}

const STORAGE_PORTS = { account: 6202, container: 6201, object: 6200 } as const;

const SWIFT_CONF = `[swift-hash]
swift_hash_path_suffix = changeme

[storage-policy:0]
name = Policy-0
default = yes
`;

function storageConf(type: keyof typeof STORAGE_PORTS, app: string): string {
  return `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = ${STORAGE_PORTS[type]}
user = root
swift_dir = %(here)s/../../var/swift
devices = %(here)s/../../var/devices
mount_check = false

[pipeline:main]
pipeline = ${type}-server

[app:${type}-server]
use = egg:swift#${app}
${type === 'account' ? '' : `\n[${type}-updater]\nrecon_cache_path = %(here)s/../../var/cache\n`}`;
}

/** What stands in front of the sections of a proxy's pipeline. The port is never listened on: the cluster takes a free one. */
export const PROXY_DEFAULTS = `[DEFAULT]
bind_ip = 127.0.0.1
bind_port = 8080
user = root
swift_dir = %(here)s/../../var/swift
`;

export interface ClusterFiles {
  /** Folder whose configs are copied; what it lacks is made. */
  configDir: string | undefined;
  /** Text of proxy-server.conf, when configDir has none. */
  proxyConf: string;
  objectsInMemory: boolean;
}

/** Makes the folder. Beside the configs everything else in `configDir` is seen from the new one as well: a filter's file, node_modules. */
export async function makeClusterFolder(files: ClusterFiles): Promise<ClusterFolder> {
  const path = await mkdtemp(join(tmpdir(), 'apus-cluster-'));
  const configDir = join(path, 'etc', 'swift');
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 3 });
  try {
    await mkdir(configDir, { recursive: true });
    if (files.configDir !== undefined) await adoptConfigs(resolve(files.configDir), configDir);
    const made: Record<string, string> = {
      'swift.conf': SWIFT_CONF,
      'proxy-server.conf': files.proxyConf,
      'account-server.conf': storageConf('account', 'account'),
      'container-server.conf': storageConf('container', 'container'),
      'object-server.conf': storageConf('object', files.objectsInMemory ? 'mem_object' : 'object'),
    };
    for (const [name, text] of Object.entries(made)) {
      if (!existsSync(join(configDir, name))) await writeFile(join(configDir, name), text);
    }
    return { path, configDir, remove };
  } catch (error) {
    await remove();
    throw error;
  }
}

async function adoptConfigs(from: string, to: string): Promise<void> {
  for (const name of await readdir(from)) {
    if (name.endsWith('.conf')) await cp(join(from, name), join(to, name));
    else await symlink(join(from, name), join(to, name));
  }
}

/** Folders of packages as a config in `folder` sees them: every node_modules upward. */
export function packageFolders(folder: string): string[] {
  return foldersUpward(resolve(folder)).map((each) => join(each, 'node_modules'));
}

/** Makes the package that `folder` is in visible by its name: a link below the cluster's folder. */
export async function linkOwnPackage(folder: string, clusterPath: string): Promise<void> {
  for (const each of foldersUpward(resolve(folder))) {
    const name = packageName(each);
    if (name === undefined) continue;
    const link = join(clusterPath, 'node_modules', name);
    await mkdir(dirname(link), { recursive: true });
    await symlink(each, link);
    return;
  }
}

function packageName(folder: string): string | undefined {
  try {
    const { name } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as { name?: unknown };
    return typeof name === 'string' && name !== '' ? name : undefined;
  } catch {
    return undefined;
  }
}

function foldersUpward(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersUpward(parent)];
}
