/** Builds the pipeline of a server's config file with everything that it needs around it. */

import { ConfigError } from '../common/config-error.ts';
import type { Logger, RingType, ServiceKey } from '../common/host.ts';
import { loadSwiftConf } from '../common/swift-conf.ts';
import type { Conf, Handler } from '../http/contract.ts';
import type { EntryPointTable } from '../paste/entry-point-table.ts';
import { loadServerApp } from '../paste/server-app.ts';
import { ServerHost } from './host.ts';
import { provideOwnModules } from './own-modules.ts';
import { type AppName, readServerOptions, serverOptions, type ServerOptions } from './server-options.ts';

export type ClosableLogger = Logger & { close(): void };

export interface PipelineOptions {
  /** Config file or `.conf.d` folder. */
  configPath: string;
  appName: AppName;
  entryPoints: EntryPointTable;
  /** The log that the app section's `log_*` options ask for. */
  makeLog: (appConf: Conf, logName: string) => ClosableLogger;
  services?: readonly (readonly [ServiceKey<unknown>, unknown])[];
  /** Further folders that hold packages, beside node_modules. */
  packagePaths?: readonly string[] | undefined;
  /** Folder of swift.conf, in place of the config's swift_dir. */
  swiftConfDir?: string;
  /** False: a proxy is made without its rings, to look at and not to serve. */
  withRings?: boolean;
}

/** A pipeline that was built, with what it was built from. */
export interface Pipeline {
  readonly handler: Handler;
  readonly host: ServerHost;
  readonly log: ClosableLogger;
  readonly options: ServerOptions;
  /** The app section's settings as text. */
  readonly conf: Conf;
  /** Names of filters and app, outermost first. */
  readonly names: readonly string[];
  close(): Promise<void>;
}

/** Builds the pipeline. Warnings go to its log. Throws ConfigError. */
export async function openPipeline(options: PipelineOptions): Promise<Pipeline> {
  provideOwnModules();
  let made: { host: ServerHost; log: ClosableLogger; options: ServerOptions } | undefined;
  try {
    const app = await loadServerApp({
      configPath: options.configPath,
      appName: options.appName,
      entryPoints: options.entryPoints,
      packagePaths: options.packagePaths,
      serverSpec: serverOptions,
      makeHost: (appConf, logName) => {
        made = makeHost(appConf, logName, options);
        return made.host;
      },
    });
    if (made === undefined) throw new Error('the loader made no host');
    const { host, log } = made;
    for (const warning of app.warnings) log.warn(warning);
    if (options.appName === 'proxy-server' && options.withRings !== false) loadRings(host);
    const close = (): Promise<void> => closeAll(host, log);
    return { ...made, conf: app.appConf, handler: app.handler, names: app.pipeline, close };
  } catch (error) {
    // What was made before the fault owns sockets and threads too.
    if (made !== undefined) await closeAll(made.host, made.log);
    throw error;
  }
}

/** A proxy without a ring could answer nothing but 503: as in Swift it does not start. */
function loadRings(host: ServerHost): void {
  const rings: [RingType, number][] = [...host.policies].map(({ index }) => ['object', index]);
  for (const [type, policyIndex] of [['account', 0] as const, ['container', 0] as const, ...rings]) {
    try {
      host.ring(type, policyIndex);
    } catch (cause) {
      const text = `cannot load a ring: ${(cause as Error).message}`;
      throw new ConfigError({ code: 'file-unreadable', text, cause });
    }
  }
}

async function closeAll(host: ServerHost, log: ClosableLogger): Promise<void> {
  try {
    await host.close();
  } finally {
    log.close();
  }
}

function makeHost(
  appConf: Conf,
  logName: string,
  options: PipelineOptions,
): { host: ServerHost; log: ClosableLogger; options: ServerOptions } {
  const serving = readServerOptions(appConf, options.configPath, options.appName);
  const swiftConf = loadSwiftConf(options.swiftConfDir ?? serving.swift_dir);
  const log = options.makeLog(appConf, logName);
  for (const warning of swiftConf.warnings) log.warn(warning);
  const { policies, constraints, hashPath } = swiftConf;
  const services = options.services ?? [];
  const host = new ServerHost({ log, swiftDir: serving.swift_dir, policies, constraints, hashPath, services });
  return { host, log, options: serving };
}
