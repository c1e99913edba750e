/** The entry points that need no package: a table that the caller of the loader brings along. */

import type { ConfSpec, Order } from '../http/contract.ts';

/** Groups of entry points, by Paste's names. */
export type Protocol =
  | 'paste.app_factory'
  | 'paste.composite_factory'
  | 'paste.composit_factory'
  | 'paste.filter_factory'
  | 'paste.filter_app_factory'
  | 'paste.server_factory'
  | 'paste.server_runner';

/** What a module of a built-in or user-written filter or app may export beside its factories. */
export interface FactoryModule {
  readonly confSpec?: ConfSpec;
  readonly order?: Order;
}

/** One entry point: where its module is and which export is the factory. */
export interface BuiltinEntryPoint {
  readonly protocol: Protocol;
  /** Imports the module; called when a config first names the entry point. */
  readonly load: () => Promise<object>;
  /** Name of the factory's export. */
  readonly attribute: string;
}

export interface BuiltinPackage {
  /** Name for messages: `swift`. */
  readonly name: string;
  readonly entryPoints: Readonly<Record<string, BuiltinEntryPoint>>;
  /** Names that OpenStack's package has and this one does not; a config that names one is told so. */
  readonly unavailable: ReadonlySet<string>;
}

export interface EntryPointTable {
  /** By normalised name: lower case, runs of `-_.` as one `-`. They come before installed packages. */
  readonly packages: Readonly<Record<string, BuiltinPackage>>;
  /** Python module paths that stand for a built-in: `swift.common.middleware.healthcheck` → package `swift`, entry `healthcheck`. */
  readonly modules: Readonly<Record<string, { readonly package: string; readonly entryPoint: string }>>;
  /** Names of filters as they usually stand, outermost first; for `pipeline = auto` where their `order` leaves a choice. */
  readonly usualOrder?: readonly string[];
}
