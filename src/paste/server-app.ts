/** Loads what a Swift server command serves. Source: spec paste-deploy 10.3, 10.5, 10.6. */

import type { Host } from '../common/host.ts';
import type { Conf, ConfSpec, Handler } from '../http/contract.ts';
import { faultBoundary } from '../http/fault-boundary.ts';
import type { EntryPointTable } from './entry-point-table.ts';
import { partsOf, pipelineWarnings } from './pipeline-warnings.ts';
import { type AddedFilters, addRequiredFilters, pipelineNames } from './required-filters.ts';
import { makeSwiftApp, openSwiftConfig, resolveSwift, serverConfig } from './swift-loader.ts';

export interface ServerAppOptions {
  /** Config file, or a `.conf.d` folder. */
  configPath: string;
  /** `proxy-server`, `object-server`, `container-server` or `account-server`. */
  appName: string;
  /** Makes what the pipeline gets; called once, after everything was resolved and before anything is made. */
  makeHost: (appConf: Conf, logName: string) => Host | Promise<Host>;
  entryPoints: EntryPointTable;
  /** The options that the server itself reads; without it the app's section and [DEFAULT] are not checked for unknown ones. */
  serverSpec?: ConfSpec | undefined;
  /** Further folders in which dotted module names are looked up; the environment's PASTE_MODULE_PATH is added. */
  modulePaths?: readonly string[] | undefined;
  /** Further folders that hold packages, beside node_modules. */
  packagePaths?: readonly string[] | undefined;
}

export interface ServerApp {
  readonly handler: Handler;
  /** The app section's settings, local over global: bind_port, workers, log_*, ... */
  readonly appConf: Conf;
  readonly logName: string;
  /** Names of the pipeline, outermost first: section names, and entry point names of filters that were added. */
  readonly pipeline: readonly string[];
  /** Odd orders, unknown options, filters left out: one line each, with the reason. */
  readonly warnings: readonly string[];
  /** Filters that were added, with the position at which each was. */
  readonly inserted: readonly { readonly name: string; readonly index: number }[];
}

/** The app section's settings, local over global, and the log name. Throws ConfigError `config-file`. */
export async function readServerConfig(
  configPath: string,
  appName: string,
  entryPoints: EntryPointTable,
): Promise<{ appConf: Conf; logName: string }> {
  const { conf, logName } = await serverConfig(configPath, appName, { entryPoints });
  return { appConf: conf, logName };
}

/**
 * Reads the app section, resolves `main` with its log name as a global, adds the filters that Swift's proxy adds, then makes all of
 * it. Throws ConfigError that tells every fault found; filters that this installation does not have are such faults.
 */
export async function loadServerApp(options: ServerAppOptions): Promise<ServerApp> {
  const { configPath, appName, serverSpec } = options;
  const where = {
    entryPoints: options.entryPoints,
    modulePaths: options.modulePaths,
    packagePaths: options.packagePaths,
  };
  const { conf: appConf, logName } = await serverConfig(configPath, appName, where);
  const globalConf = { log_name: logName };
  const { resolver, context } = await resolveSwift(configPath, { ...where, globalConf });
  let added: AddedFilters = { inserted: [], leftOut: [] };
  if (context.kind === 'pipeline' && context.app?.target?.builtin === 'proxy') {
    added = await addRequiredFilters(context, resolver.options.table);
  }
  const source = openSwiftConfig(configPath, globalConf);
  const warnings = [
    ...added.leftOut.map(
      (name) => `${name} is left out: Swift's proxy inserts it by itself, and it is not available here`,
    ),
    ...pipelineWarnings(context, source, serverSpec),
  ];
  const pipeline =
    context.kind === 'pipeline' ? pipelineNames(context) : partsOf(context).map((part) => part.name ?? 'main');
  const handler = await makeSwiftApp(resolver, context, await options.makeHost(appConf, logName), faultBoundary);
  return { handler, appConf, logName, pipeline, warnings, inserted: added.inserted };
}
