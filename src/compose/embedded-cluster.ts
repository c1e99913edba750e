/** A whole cluster in one process: account, container, object and proxy servers from their config files, wired without sockets. */

import { join } from 'node:path';
import { InProcessTransport } from '../backend/in-process-transport.ts';
import { BACKEND_TRANSPORT } from '../backend/transport.ts';
import type { ServiceKey } from '../common/host.ts';
import { CONTAINER_STORE } from '../container/container-store.ts';
import { DATABASE_THREADS } from '../db/store-types.ts';
import type { Conf } from '../http/contract.ts';
import type { EntryPointTable } from '../paste/entry-point-table.ts';
import { readServerConfig } from '../paste/server-app.ts';
import { type EmbeddedServer, prepareEmbeddedCluster } from './embedded-setup.ts';
import { type ClosableLogger, openPipeline, type Pipeline } from './pipeline.ts';
import { provideOwnModules } from './own-modules.ts';
import { type AppName, readServerOptions } from './server-options.ts';
import { readUpdaterConf, runUpdater, type UpdaterName } from './updaters.ts';

export interface EmbeddedClusterOptions {
  /** Folder of swift.conf, proxy-server.conf, object-server.conf, container-server.conf and account-server.conf. */
  configDir: string;
  entryPoints: EntryPointTable;
  makeLog: (appConf: Conf, logName: string) => ClosableLogger;
  /** Further folders that hold packages, beside node_modules. */
  packagePaths?: readonly string[] | undefined;
  /** The object server's config keeps objects in memory: no updater, and no need of extended attributes. */
  objectsInMemory?: boolean | undefined;
}

export interface EmbeddedCluster {
  readonly proxy: Pipeline;
  /** Ends the updaters, then the servers, the proxy first. */
  close(): Promise<void>;
}

const STORAGE_TYPES = ['account', 'container', 'object'] as const;
const UPDATERS: Readonly<Partial<Record<EmbeddedServer['type'], UpdaterName>>> = {
  container: 'container-updater',
  object: 'object-updater',
};

/** Makes folders, swift.conf and rings at the first start, then opens the pipelines. Throws ConfigError. */
export async function openEmbeddedCluster(options: EmbeddedClusterOptions): Promise<EmbeddedCluster> {
  provideOwnModules();
  const configs = await Promise.all(STORAGE_TYPES.map((type) => readStorageServer(type, options)));
  const { swiftDir } = configs[0] as StorageConfig;
  await prepareEmbeddedCluster({
    templateSwiftConf: join(options.configDir, 'swift.conf'),
    swiftDir,
    cacheDirs: updaterConfs(options.configDir).map((conf) => conf['recon_cache_path'] ?? '/var/cache/swift'),
    servers: configs,
    objectsInMemory: options.objectsInMemory ?? false,
  });
  const transport = new InProcessTransport();
  const services: readonly (readonly [ServiceKey<unknown>, unknown])[] = [
    [BACKEND_TRANSPORT, transport],
    [CONTAINER_STORE, {}],
    // The three replicas of a database are on one machine anyhow: more threads would cost memory, and wait for the same disk.
    [DATABASE_THREADS, 1],
  ];
  const pipelines: Pipeline[] = [];
  const ending = new AbortController();
  const updaters: Promise<void>[] = [];
  const close = async (): Promise<void> => {
    ending.abort();
    await Promise.all(updaters);
    for (const pipeline of pipelines.splice(0).reverse()) await pipeline.close();
    await transport.close();
  };
  const open = async (appName: AppName): Promise<Pipeline> => {
    const configPath = configPathOf(options.configDir, appName);
    const { entryPoints, makeLog, packagePaths } = options;
    const pipeline = await openPipeline({ configPath, appName, entryPoints, makeLog, services, packagePaths });
    pipelines.push(pipeline);
    return pipeline;
  };
  try {
    for (const config of configs) {
      const pipeline = await open(`${config.type}-server`);
      transport.register(config.ip, config.port, pipeline.handler, pipeline.log);
      const updater = UPDATERS[config.type];
      if (updater === undefined || (updater === 'object-updater' && options.objectsInMemory === true)) continue;
      const conf = readUpdaterConf(configPathOf(options.configDir, `${config.type}-server`), updater);
      updaters.push(runUpdater(updater, { host: pipeline.host, conf, once: false, signal: ending.signal }));
    }
    const proxy = await open('proxy-server');
    return { proxy, close };
  } catch (error) {
    await close();
    throw error;
  }
}

function configPathOf(configDir: string, appName: AppName): string {
  return join(configDir, `${appName}.conf`);
}

function updaterConfs(configDir: string): Conf[] {
  return Object.entries(UPDATERS).map(([type, name]) => readUpdaterConf(join(configDir, `${type}-server.conf`), name));
}

type StorageConfig = EmbeddedServer & { swiftDir: string };

async function readStorageServer(
  type: (typeof STORAGE_TYPES)[number],
  options: EmbeddedClusterOptions,
): Promise<StorageConfig> {
  const appName: AppName = `${type}-server`;
  const configPath = configPathOf(options.configDir, appName);
  const { appConf } = await readServerConfig(configPath, appName, options.entryPoints);
  const { bind_ip: ip, bind_port: port, swift_dir: swiftDir } = readServerOptions(appConf, configPath, appName);
  return { type, ip, port, swiftDir, devicesDir: appConf['devices'] ?? '/srv/node' };
}
