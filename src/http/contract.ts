/** The shapes of apps, filters and factories: Paste's protocols, typed. */

import type { Conf, ConfSpec } from '../common/conf.ts';
import type { Host } from '../common/host.ts';
import type { SwiftRequest } from './request.ts';
import type { SwiftResponse } from './response.ts';

export type { Conf, ConfSpec, OptionSpec } from '../common/conf.ts';

export type Handler = (req: SwiftRequest) => Promise<SwiftResponse>;
export type Filter = (app: Handler) => Handler | Promise<Handler>;

/** What a composite factory asks for the sections it is made of. */
export interface Loader {
  getApp(name?: string, globalConf?: Conf): Promise<Handler>;
  getFilter(name?: string, globalConf?: Conf): Promise<Filter>;
  getServer(name?: string, globalConf?: Conf): Promise<(app: Handler) => unknown>;
}

export type AppFactory = (globalConf: Conf, localConf: Conf, host: Host) => Handler | Promise<Handler>;
export type FilterFactory = (globalConf: Conf, localConf: Conf, host: Host) => Filter | Promise<Filter>;
export type FilterAppFactory = (
  app: Handler,
  globalConf: Conf,
  localConf: Conf,
  host: Host,
) => Handler | Promise<Handler>;
export type CompositeFactory = (
  loader: Loader,
  globalConf: Conf,
  localConf: Conf,
  host: Host,
) => Handler | Promise<Handler>;
export type ServerFactory = (globalConf: Conf, localConf: Conf, host: Host) => (app: Handler) => unknown;
export type ServerRunner = (app: Handler, globalConf: Conf, localConf: Conf, host: Host) => unknown;

/** Where a filter belongs in a pipeline, by entry point names. */
export interface Order {
  /** Filters that must stand before this one when they are present. */
  after?: readonly string[];
  /** Filters that must stand behind this one when they are present. */
  before?: readonly string[];
  /** Why, for the warning. */
  why?: string;
  /** With `pipeline = auto` it stands a second time, next to the app, to see the requests that filters make of their own. */
  alsoInnermost?: boolean;
}

/** What a module that holds a filter or an app exports. */
export interface FilterModule {
  filterFactory: FilterFactory;
  confSpec?: ConfSpec;
  order?: Order;
}

export interface AppModule {
  appFactory: AppFactory;
  confSpec?: ConfSpec;
}
