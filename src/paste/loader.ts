/**
 * Paste Deploy's loading functions: an app, a filter or a server from a URI and a name. Everything is resolved before anything is
 * made. Throws ConfigError; see its codes. Source: spec paste-deploy.
 */

import { delimiter } from 'node:path';
import type { Host } from '../common/host.ts';
import type { Conf, Filter, Handler } from '../http/contract.ts';
import { closeProtocol, type Context } from './context.ts';
import type { EntryPointTable } from './entry-point-table.ts';
import { type Kind, KINDS } from './kinds.ts';
import { Maker, type Server } from './maker.ts';
import { withPasteEntryPoints } from './own-entry-points.ts';
import { Resolver } from './resolver.ts';
import { confOfSettings, settingsOfConf } from './settings.ts';
import type { Flavor } from './config-source.ts';

export interface ResolveOptions {
  /** Name of the section; wins over the URI's fragment. Default `main`. */
  name?: string | undefined;
  /** Folder for relative URIs. */
  relativeTo?: string | undefined;
  /** Globals over the defaults of the file. */
  globalConf?: Conf | undefined;
  /** Built-in entry points; those of Paste and PasteDeploy are added. */
  entryPoints?: EntryPointTable | undefined;
  /** Folders for dotted module names, beside the config file's; PASTE_MODULE_PATH is added. */
  modulePaths?: readonly string[] | undefined;
  /** Folders that hold packages, beside node_modules. */
  packagePaths?: readonly string[] | undefined;
}

export interface LoadOptions extends ResolveOptions {
  /** What every factory gets as its last argument. */
  host: Host;
}

export interface AppConfig {
  /** Local over global. */
  readonly merged: Conf;
  readonly globalConf: Conf;
  readonly localConf: Conf;
  readonly context: Context;
}

export async function loadApp(uri: string, options: LoadOptions): Promise<Handler> {
  const { resolver, context } = await resolveUri('app', uri, options);
  return new Maker(resolver, options.host).app(context);
}

export async function loadFilter(uri: string, options: LoadOptions): Promise<Filter> {
  const { resolver, context } = await resolveUri('filter', uri, options);
  return new Maker(resolver, options.host).filter(context);
}

export async function loadServer(uri: string, options: LoadOptions): Promise<Server> {
  const { resolver, context } = await resolveUri('server', uri, options);
  return new Maker(resolver, options.host).server(context);
}

/** An app's settings, without making it. */
export async function appConfig(uri: string, options: ResolveOptions = {}): Promise<AppConfig> {
  return configOf((await resolveUri('app', uri, options)).context);
}

/** The settings of a context. */
export function configOf(context: Context): AppConfig {
  return {
    merged: confOfSettings(context.globals, context.locals),
    globalConf: confOfSettings(context.globals),
    localConf: confOfSettings(context.locals),
    context,
  };
}

export function newResolver(flavor: Flavor, options: ResolveOptions): Resolver {
  const fromEnvironment = (process.env['PASTE_MODULE_PATH'] ?? '').split(delimiter).filter((path) => path !== '');
  return new Resolver({
    flavor,
    table: withPasteEntryPoints(options.entryPoints),
    modulePaths: [...(options.modulePaths ?? []), ...fromEnvironment],
    packagePaths: options.packagePaths ?? [],
  });
}

async function resolveUri(
  kind: Kind,
  uri: string,
  options: ResolveOptions,
): Promise<{ resolver: Resolver; context: Context }> {
  const resolver = newResolver('paste', options);
  const globals = options.globalConf === undefined ? undefined : settingsOfConf(options.globalConf);
  const ask = { kind, name: options.name, globals, trail: [] };
  const context = await resolver.fromUri(uri, ask, options.relativeTo);
  return { resolver, context: closeProtocol(context, KINDS[kind].protocol) };
}
