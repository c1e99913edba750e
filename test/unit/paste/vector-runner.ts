/** Does what a vector's `call` asks and gives the result in the vectors' form. */

import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { IniFile, IniSection } from '../../../src/common/ini-dialect.ts';
import { isTrueValue, quote } from '../../../src/common/text.ts';
import type { Conf, Handler } from '../../../src/http/contract.ts';
import { SwiftRequest } from '../../../src/http/request.ts';
import { SwiftResponse } from '../../../src/http/response.ts';
import { readConfigFile, readConfigFolder } from '../../../src/common/config-files.ts';
import { asBool, asInt, asList, autoInt } from '../../../src/paste/converters.ts';
import type { Context } from '../../../src/paste/context.ts';
import { findConfigs } from '../../../src/paste/find-configs.ts';
import { appConfig, loadApp, loadFilter, loadServer, type LoadOptions } from '../../../src/paste/loader.ts';
import { readPolicySections, readSection, readSections } from '../../../src/common/readconf.ts';
import { addRequiredFilters, pipelineNames } from '../../../src/paste/required-filters.ts';
import { confOfSettings } from '../../../src/paste/settings.ts';
import {
  loadAppConfig,
  loadSwiftApp,
  loadSwiftAppFromText,
  pipelineOf,
  resolveSwift,
  serverConfig,
  swiftAppConfig,
} from '../../../src/paste/swift-loader.ts';
import { parsePathExpression, type UrlMap } from '../../../src/paste/urlmap.ts';
import { silentLogger, testHost } from './test-host.ts';
import { stubSwiftTable } from './stub-swift.ts';

/** Which fields a call has depends on `fn`; see README.md of the vectors. */
export interface VectorCall {
  fn: string;
  uri: string;
  name: string;
  relative_to?: string;
  global_conf?: Conf;
  file: string;
  dir: string;
  match: string;
  path: string;
  text: string;
  expression: string;
  requests: VectorRequest[];
  converter: string;
  args: unknown[];
  section_name?: string;
  log_name?: string;
  defaults?: Conf;
  raw?: boolean;
}

interface VectorModule {
  CALLS: string[];
  describe: (value: unknown) => unknown;
  makeLeaf: () => Handler;
}

interface VectorRequest {
  path: string;
  script?: string;
  host?: string;
  scheme?: 'http' | 'https';
  no_host?: boolean;
}

const factories = join(import.meta.dirname, '../../golden/paste-factories');
const vectorModule = (await import(pathToFileURL(join(factories, 'modules/vecmod.mjs')).href)) as VectorModule;
const common = {
  host: testHost(),
  entryPoints: stubSwiftTable(),
  modulePaths: [join(factories, 'modules')],
  packagePaths: [join(factories, 'packages')],
};

export async function runCase(call: VectorCall): Promise<unknown> {
  const run = RUNNERS[call.fn];
  if (run === undefined) throw new Error(`no such call: ${call.fn}`);
  return run(call);
}

type Runner = (call: VectorCall) => unknown;

const RUNNERS: Record<string, Runner> = {
  parse: ({ file }) => shown(readConfigFile(file)),
  parse_dir: ({ dir }) => ({
    ...shown(readConfigFolder(dir)),
    here: readConfigFolder(dir).path,
    file: readConfigFolder(dir).path,
  }),
  loadapp: async (call) => tree(await loadApp(call.uri, optionsOf(call))),
  loadfilter: async (call) => {
    const filter = await loadFilter(call.uri, optionsOf(call));
    return tree(await filter(vectorModule.makeLeaf()));
  },
  loadserver: async (call) => {
    const server = await loadServer(call.uri, optionsOf(call));
    return tree(await server(vectorModule.makeLeaf()));
  },
  appconfig: async (call) => {
    const { merged, globalConf, localConf } = await appConfig(call.uri, optionsOf(call));
    return { merged, global: globalConf, local: localConf };
  },
  order: async (call) => {
    vectorModule.CALLS.length = 0;
    await loadApp(call.uri, optionsOf(call));
    return { calls: [...vectorModule.CALLS] };
  },
  local_order: async (call) => {
    const { context } = await appConfig(call.uri, optionsOf(call));
    return { keys: [...context.locals.keys()] };
  },
  'urlmap.parse': ({ expression }) => ({ url: parsePathExpression(expression) }),
  'urlmap.order': async (call) => {
    const map = (await loadApp(call.uri, optionsOf(call))) as UrlMap;
    return { order: map.entries.map(({ domain, path }) => [domain, path]) };
  },
  'urlmap.requests': async (call) => {
    const app = await loadApp(call.uri, optionsOf(call));
    const responses: unknown[] = [];
    for (const each of call.requests) responses.push(await answer(app, each));
    return { responses };
  },
  convert: ({ converter, args }) => ({ value: convert(converter, args) }),
  'swift.appconfig': async (call) => {
    const { merged, globalConf, localConf } = await swiftAppConfig(call.path, optionsOf(call));
    return { merged, global: globalConf, local: localConf };
  },
  'swift.server_config': async (call) => {
    const { conf, logName } = await serverConfig(call.path, call.name, common);
    return { merged: conf, log_name: logName };
  },
  'swift.contexts': async (call) => {
    const { context } = await resolveSwift(call.path, optionsOf(call));
    const parts = context.kind === 'pipeline' ? [...context.filters, context.app as Context] : undefined;
    return { self: shownContext(context), ...(parts && { pipeline: parts.map(shownContext) }) };
  },
  'swift.required_filters': async (call) => {
    const options = { ...optionsOf(call), globalConf: { log_name: 'proxy-server' } };
    const { context, resolver } = await resolveSwift(call.path, options);
    const before = pipelineNames(context).join(' ');
    const old = new Set(context.filters);
    const { inserted } = await addRequiredFilters(context, resolver.options.table);
    return {
      before,
      after: pipelineNames(context).join(' '),
      inserted: inserted.map(({ name, index }) => [name, index]),
      added: context.filters
        .filter((each) => !old.has(each))
        .slice(0, 1)
        .map(shownContext),
    };
  },
  'swift.loadapp': async (call) => {
    const app = await loadSwiftApp(call.path, optionsOf(call));
    const info = pipelineOf(app);
    if (info === undefined) return tree(app);
    const { handlers, finalApp, requestLoggingApp } = info;
    return {
      ...tree(app),
      pipeline: handlers.map(labelOf),
      finalApp: labelOf(finalApp),
      requestLogging: labelOf(requestLoggingApp),
      requestLoggingWraps: 'app' in requestLoggingApp ? labelOf(requestLoggingApp.app as Handler) : null,
      requestLoggingIsInPipeline: handlers.includes(requestLoggingApp),
    };
  },
  'swift.loadapp_string': async (call) => tree(await loadSwiftAppFromText(call.text, optionsOf(call))),
  'swift.load_app_config': async (call) => ({
    conf: await loadAppConfig(call.path, optionsOf(call)),
  }),
  'swift.readconf': (call) => {
    const { path, section_name: section } = call;
    const {
      log_name: logName,
      defaults,
      raw,
    } = call as unknown as { log_name?: string; defaults?: Conf; raw?: boolean };
    const options = { logName, defaults, raw };
    if (section !== undefined) return { conf: readSection(path, section, options) };
    return { conf: { ...Object.fromEntries(readSections(path, options)), log_name: logName ?? null, __file__: path } };
  },
  'swift.policy_config': ({ path, name }) => ({ policies: Object.fromEntries(readPolicySections(path, name)) }),
  'swift.find_configs': ({ dir, match }) => ({ paths: findConfigs(dir, match) }),
};

function optionsOf(call: VectorCall): LoadOptions {
  const {
    name,
    relative_to: relativeTo,
    global_conf: globalConf,
  } = call as { name?: string; relative_to?: string; global_conf?: Conf };
  return { ...common, name, relativeTo, globalConf };
}

function tree(made: unknown): { tree: unknown } {
  return { tree: vectorModule.describe(made) };
}

function labelOf(handler: Handler): string | undefined {
  const { localConf } = handler as Handler & { localConf?: Conf };
  return localConf?.['label'] ?? localConf?.['__name__'];
}

function shown(file: IniFile): { default: unknown; sections: unknown } {
  const plain = ({ options }: IniSection): unknown =>
    Object.fromEntries([...options].map(([key, { value }]): [string, string] => [key, value]));
  const sections = [...file.sections.values()].map((each): [string, unknown] => [each.name, plain(each)]);
  return { default: plain(file.defaults), sections: Object.fromEntries(sections) };
}

function shownContext(context: Context): unknown {
  return {
    name: context.name ?? null,
    kind: context.kind,
    entryPoint: context.entryPointName ?? null,
    protocol: context.protocol ?? null,
    global: confOfSettings(context.globals),
    local: confOfSettings(context.locals),
  };
}

async function answer(
  app: Handler,
  { path, script = '', host = 'localhost', scheme = 'http', no_host: none }: VectorRequest,
): Promise<unknown> {
  const headers = { host: none === true ? undefined : host };
  const req = new SwiftRequest({ method: 'GET', target: quote(path), headers, scheme, log: silentLogger });
  req.scriptName = script;
  const answered: unknown = await app(req);
  if (answered instanceof SwiftResponse) return { status: answered.status };
  const { app: name, script: seenScript, path: seenPath } = answered as { app: string; script: string; path: string };
  return { app: name, script: seenScript, path: seenPath };
}

function convert(converter: string, args: readonly unknown[]): unknown {
  const [value, second, third] = args;
  switch (converter) {
    case 'asbool':
      return asBool(value);
    case 'asint':
      return asInt(value);
    case 'aslist':
      return asList(value, second as string | null, (third as boolean | undefined) ?? true);
    case 'config_true_value':
      return isTrueValue(value as string | null);
    case 'config_auto_int_value':
      return autoInt(value as string | null, second as number);
    default:
      throw new Error(`no such converter: ${converter}`);
  }
}
