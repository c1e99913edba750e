/** Swift's flavour of loading. Source: spec paste-deploy 10.1 to 10.5. */

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { ConfigError, joinFaults } from '../common/config-error.ts';
import { parseIni } from '../common/ini-dialect.ts';
import type { Host } from '../common/host.ts';
import { unquote, wireFromNative } from '../common/text.ts';
import type { Conf, Filter, Handler } from '../http/contract.ts';
import { isFolder, readConfigFile, readConfigFolder } from '../common/config-files.ts';
import { ConfigSource } from './config-source.ts';
import { closeProtocol, type Context } from './context.ts';
import { type AppConfig, configOf, newResolver, type ResolveOptions } from './loader.ts';
import { Maker } from './maker.ts';
import type { Resolver } from './resolver.ts';
import { settingsOfConf } from './settings.ts';

/** A finished pipeline, outermost first, the app last. */
export interface PipelineInfo {
  readonly handlers: readonly Handler[];
  readonly finalApp: Handler;
  /** The app behind the innermost proxy-logging filter alone; the app itself when there is none. For requests of filters. */
  readonly requestLoggingApp: Handler;
}

const pipelines = new WeakMap<Handler, PipelineInfo>();

/** The pipeline of which a handler is a part, when Swift's loader made it. */
export function pipelineOf(handler: Handler): PipelineInfo | undefined {
  return pipelines.get(handler);
}

export interface SwiftLoadOptions extends Omit<ResolveOptions, 'relativeTo'> {
  /** Called with the resolved pipeline before its filters are made, and may change it. */
  modifyPipeline?: ((pipeline: Context) => void | Promise<void>) | undefined;
}

/** Resolves a section of a config file or folder as an app; `main` unless `options.name` tells. */
export async function resolveSwift(
  path: string,
  options: Omit<SwiftLoadOptions, 'modifyPipeline'> = {},
): Promise<{ resolver: Resolver; context: Context }> {
  const globals = options.globalConf === undefined ? undefined : settingsOfConf(options.globalConf);
  return fromSource(openSwiftConfig(path, options.globalConf), { ...options, name: options.name ?? 'main' }, globals);
}

async function fromSource(
  source: ConfigSource,
  options: Omit<SwiftLoadOptions, 'modifyPipeline'>,
  globals: ReturnType<typeof settingsOfConf> | undefined,
): Promise<{ resolver: Resolver; context: Context }> {
  const resolver = newResolver('swift', options);
  const context = await resolver.fromSource(source, { kind: 'app', name: options.name, globals, trail: [] });
  return { resolver, context: closeProtocol(context, 'paste.app_factory') };
}

/**
 * A config as Swift reads it: a file, or a folder of them. The path is taken as it is; where there is nothing, percent-decoded, as
 * Swift, for which it is a URI, always takes it.
 */
export function openSwiftConfig(given: string, globalConf: Conf | undefined): ConfigSource {
  const path = existsSync(given) ? given : unquote(wireFromNative(given));
  const callerGlobals = globalConf === undefined ? undefined : settingsOfConf(globalConf);
  if (!isFolder(path)) return new ConfigSource(readConfigFile(path), { flavor: 'swift', callerGlobals });
  const here = resolve(path);
  return new ConfigSource(readConfigFolder(path), { flavor: 'swift', callerGlobals, here, fileName: here });
}

/** The settings of a section, as an app's, without making it. */
export async function swiftAppConfig(
  path: string,
  options: Omit<SwiftLoadOptions, 'modifyPipeline'> = {},
): Promise<AppConfig> {
  return configOf((await resolveSwift(path, options)).context);
}

/**
 * What a server command reads first: the settings of its app section (`proxy-server`, ...), not through the pipeline, and the
 * log name. Throws ConfigError `config-file` that tells the path, with the fault as its cause.
 */
export async function serverConfig(
  path: string,
  appName: string,
  options: Omit<SwiftLoadOptions, 'name' | 'modifyPipeline'> = {},
): Promise<{ conf: Conf; logName: string; context: Context }> {
  const file = resolve(path);
  if (!existsSync(file)) {
    throw new ConfigError({ code: 'config-file', text: 'no such file or folder', file, name: appName });
  }
  try {
    const { merged, context } = await swiftAppConfig(path, { ...options, name: appName });
    return { conf: merged, logName: merged['log_name'] ?? appName, context };
  } catch (cause) {
    if (!(cause instanceof ConfigError)) throw cause;
    const elsewhere = cause.file === undefined || cause.file.startsWith(file) ? [] : [`while reading ${file}`];
    throw new ConfigError({
      code: 'config-file',
      text: cause.text,
      file: cause.file ?? file,
      line: cause.line,
      section: cause.section,
      key: cause.key,
      value: cause.value,
      name: appName,
      details: [
        ...cause.message
          .split('\n')
          .slice(1)
          .map((line) => line.trim()),
        ...elsewhere,
      ],
      cause,
    });
  }
}

/** Loads `main`. A pipeline is made Swift's way: the app first, then the filters from right to left. */
export async function loadSwiftApp(path: string, options: SwiftLoadOptions & { host: Host }): Promise<Handler> {
  const { resolver, context } = await resolveSwift(path, options);
  if (context.kind === 'pipeline') await options.modifyPipeline?.(context);
  return makeSwiftApp(resolver, context, options.host);
}

/** As loadSwiftApp, from text; `here` is the word `string`, and defaults are not expanded. */
export async function loadSwiftAppFromText(
  text: string,
  options: Omit<SwiftLoadOptions, 'name'> & { host: Host },
): Promise<Handler> {
  const callerGlobals = options.globalConf === undefined ? undefined : settingsOfConf(options.globalConf);
  const source = new ConfigSource(parseIni(dedent(text), 'string'), {
    flavor: 'swift',
    callerGlobals,
    here: 'string',
    fileName: '<the string object>',
    expandDefaults: false,
  });
  const { resolver, context } = await fromSource(source, { ...options, name: undefined }, callerGlobals);
  if (context.kind === 'pipeline') await options.modifyPipeline?.(context);
  return makeSwiftApp(resolver, context, options.host);
}

/** Settings of the app at the end of the pipeline; empty when a section is missing. */
export async function loadAppConfig(
  path: string,
  options: Omit<SwiftLoadOptions, 'modifyPipeline'> = {},
): Promise<Conf> {
  try {
    const { context } = await resolveSwift(path, options);
    return configOf(context.kind === 'pipeline' ? (context.app as Context) : context).merged;
  } catch (error) {
    if (error instanceof ConfigError && error.family === 'lookup') return Object.create(null) as Conf;
    throw error;
  }
}

/** Stands between an app and the filter in front of it. */
export type Boundary = (app: Handler) => Handler;

/**
 * Makes a resolved app; of a pipeline the parts are remembered for pipelineOf. Filters are given the app behind them through
 * `boundary`.
 */
export async function makeSwiftApp(
  resolver: Resolver,
  context: Context,
  host: Host,
  boundary: Boundary = (app) => app,
): Promise<Handler> {
  const maker = new Maker(resolver, host);
  if (context.kind !== 'pipeline') return maker.app(context);
  const faults: ConfigError[] = [];
  const finalApp = await tolerate(faults, maker.app(context.app as Context));
  const filters: (Filter | undefined)[] = [];
  for (const filter of context.filters.toReversed()) filters.unshift(await tolerate(faults, maker.filter(filter)));
  if (faults.length > 0 || finalApp === undefined) throw joinFaults(faults);
  return stack(maker, context, filters as Filter[], finalApp, boundary);
}

/** Faults in settings are collected over the whole pipeline; any other fault ends it. */
async function tolerate<T>(faults: ConfigError[], promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof ConfigError) || error.code !== 'option-invalid') throw error;
    faults.push(error);
    return undefined;
  }
}

async function stack(
  maker: Maker,
  context: Context,
  filters: readonly Filter[],
  finalApp: Handler,
  boundary: Boundary,
): Promise<Handler> {
  const handlers: Handler[] = [finalApp];
  const behind: Handler[] = [];
  let requestLoggingApp = finalApp;
  for (let at = filters.length - 1; at >= 0; at--) {
    const filterContext = context.filters[at] as Context;
    const filter = filters[at] as Filter;
    if (requestLoggingApp === finalApp && isProxyLogging(filterContext)) {
      requestLoggingApp = await maker.apply(filterContext, filter, boundary(finalApp));
    }
    const next = boundary(handlers[0] as Handler);
    behind.push(next);
    handlers.unshift(await maker.apply(filterContext, filter, next));
  }
  const info: PipelineInfo = { handlers, finalApp, requestLoggingApp };
  for (const handler of [...behind, ...handlers]) pipelines.set(handler, info);
  if (requestLoggingApp !== finalApp) {
    pipelines.set(requestLoggingApp, { handlers: [requestLoggingApp, finalApp], finalApp, requestLoggingApp });
  }
  return handlers[0] as Handler;
}

function isProxyLogging(context: Context): boolean {
  return context.entryPointName === 'proxy_logging' || context.target?.builtin === 'proxy_logging';
}

/** Takes off the blanks that all lines have in front. */
function dedent(text: string): string {
  const lines = text.split('\n').map((line) => (/^[ \t]+$/.test(line) ? '' : line));
  const margins = lines.filter((line) => line !== '').map((line) => (/^[ \t]*/.exec(line) as RegExpExecArray)[0]);
  let margin = margins[0] ?? '';
  for (const each of margins) while (!each.startsWith(margin)) margin = margin.slice(0, -1);
  return lines.map((line) => line.slice(line === '' ? 0 : margin.length)).join('\n');
}
