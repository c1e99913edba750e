/** What a composition root gives to loadServerApp and gets back. */

import type { Host } from '../common/host.ts';
import type { Conf, Handler } from '../http/contract.ts';
import type { EntryPointTable } from './entry-point-table.ts';

export interface ServerAppOptions {
  /** Config file, or a `.conf.d` folder. */
  configPath: string;
  /** `proxy-server`, `object-server`, `container-server` or `account-server`. */
  appName: string;
  /** Makes what the pipeline gets; called once, with the app section's settings (local over global) and the log name. */
  makeHost: (appConf: Conf, logName: string) => Host | Promise<Host>;
  entryPoints: EntryPointTable;
  /** Further folders in which dotted module names are looked up; the environment's PASTE_MODULE_PATH is added. */
  modulePaths?: readonly string[];
  /** True for the proxy alone: insert the filters that Swift's proxy inserts by itself. Default: appName is proxy-server. */
  addRequiredFilters?: boolean;
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
