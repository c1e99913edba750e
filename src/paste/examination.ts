/** Looks through a config without making anything of it: what it resolves to, all that is wrong with it, and what is odd. */

import { readConfigFile } from '../common/config-files.ts';
import { collectFault, ConfigError, type Place } from '../common/config-error.ts';
import { readConf } from '../common/conf-spec.ts';
import { words } from '../common/ini-dialect.ts';
import type { ConfSpec } from '../http/contract.ts';
import { ConfigSource } from './config-source.ts';
import { closeProtocol, type Context, newContext } from './context.ts';
import type { EntryPointTable } from './entry-point-table.ts';
import { newResolver } from './loader.ts';
import { partsOf, pipelineWarnings } from './pipeline-warnings.ts';
import { type AddedFilters, addRequiredFilters } from './required-filters.ts';
import type { Resolver } from './resolver.ts';
import { confOfSettings } from './settings.ts';
import { openSwiftConfig } from './swift-loader.ts';

export interface ExaminationOptions {
  readonly configPath: string;
  /** Section to look at; without it `main`, or where there is none every app of the file. */
  readonly name?: string | undefined;
  readonly entryPoints: EntryPointTable;
  /** Options that a Swift server itself reads from its app's section. */
  readonly serverSpec?: ConfSpec | undefined;
}

/** One section with all that it refers to. */
export interface Examination {
  readonly name: string;
  /** What it resolves to, with the filters that Swift's proxy adds; undefined when a fault prevents it. */
  readonly context: Context | undefined;
  readonly added: AddedFilters;
  /** One error for each fault. */
  readonly faults: readonly ConfigError[];
  /** Odd orders, unknown options and the like: one line each. */
  readonly warnings: readonly string[];
}

/** The app section that a Swift server reads, by the built-in app that it serves. */
export const SERVER_NAMES: Readonly<
  Record<string, 'proxy-server' | 'object-server' | 'container-server' | 'account-server'>
> = {
  proxy: 'proxy-server',
  object: 'object-server',
  mem_object: 'object-server',
  container: 'container-server',
  account: 'account-server',
};

/** True for a file whose apps are Swift's: it is read in Swift's flavour, and its pipeline gets what Swift adds. */
export function isSwiftConfig(source: ConfigSource): boolean {
  return [...source.file.sections.values()].some(
    ({ name, options }) =>
      /^app(lication)?:/.test(name) &&
      [...options.values()].some(({ value }) =>
        /^(egg:swift#(proxy|object|mem_object|container|account)$|swift\.(proxy|obj|container|account)\.)/.test(value),
      ),
  );
}

/** Examines a config file or folder. Throws ConfigError when it cannot be read at all. */
export async function examineConfig(options: ExaminationOptions): Promise<readonly Examination[]> {
  const swift = openSwiftConfig(options.configPath, undefined);
  const source = isSwiftConfig(swift)
    ? swift
    : new ConfigSource(readConfigFile(options.configPath), { flavor: 'paste' });
  const resolver = newResolver(source.flavor, { entryPoints: options.entryPoints });
  const names = namesToExamine(source, options.name);
  const examinations: Examination[] = [];
  for (const name of names) examinations.push(await examine(source, resolver, name, options));
  return examinations;
}

function namesToExamine(source: ConfigSource, name: string | undefined): readonly string[] {
  if (name !== undefined) return [name];
  const apps = source.namesOf('app');
  return apps.includes('main') || apps.length === 0 ? ['main'] : [...new Set(apps)];
}

const NOTHING_ADDED: AddedFilters = { inserted: [], leftOut: [] };

async function examine(
  source: ConfigSource,
  resolver: Resolver,
  name: string,
  options: ExaminationOptions,
): Promise<Examination> {
  const ask = { kind: 'app', name, globals: undefined, trail: [] } as const;
  const serverSpec = source.flavor === 'swift' ? options.serverSpec : {};
  let context: Context;
  try {
    context = closeProtocol(await resolver.fromSource(source, ask), 'paste.app_factory');
  } catch (error) {
    const rest = await partsThatResolve(source, resolver, name);
    const faults = [
      ...faultsIn(error),
      ...[...rest.filters, ...(rest.app === undefined ? [] : [rest.app])].flatMap(optionFaults),
    ];
    const warnings = rest.app === undefined ? [] : pipelineWarnings(rest, source, serverSpec);
    return { name, context: undefined, added: NOTHING_ADDED, faults, warnings };
  }
  const isProxy = context.kind === 'pipeline' && context.app?.target?.builtin === 'proxy';
  const added = isProxy ? await addRequiredFilters(context, resolver.options.table) : NOTHING_ADDED;
  const faults = [...new Set(partsOf(context))].flatMap(optionFaults);
  const warnings = pipelineWarnings(context, source, serverSpec);
  return { name, context, added, faults, warnings };
}

/** Where a pipeline cannot be resolved as a whole, a pipeline of those parts that can. */
async function partsThatResolve(source: ConfigSource, resolver: Resolver, name: string): Promise<Context> {
  const section = source.findSections('app', name).find((each) => each.name.startsWith('pipeline:'));
  const names = words(section?.options.get('pipeline')?.value ?? '');
  const place: Place = { file: section?.file, line: section?.line, section: section?.name };
  const pipeline = newContext({ kind: 'pipeline', place, globals: new Map(), trail: [] });
  for (const [at, part] of names.entries()) {
    const kind = at === names.length - 1 ? 'app' : 'filter';
    try {
      const context = await resolver.fromSource(source, { kind, name: part, globals: undefined, trail: [] });
      if (kind === 'app') pipeline.app = context;
      else pipeline.filters.push(context);
    } catch (error) {
      // Told already, as a fault of the pipeline.
      if (!(error instanceof ConfigError)) throw error;
    }
  }
  return pipeline;
}

function optionFaults(part: Context): ConfigError[] {
  const spec = part.target?.module.confSpec;
  if (spec === undefined) return [];
  const where: Place = { file: part.place.file, section: part.place.section };
  const faults: ConfigError[] = [];
  collectFault(faults, () => readConf(spec, confOfSettings(part.globals), confOfSettings(part.locals), where));
  return faults.flatMap(faultsIn);
}

/** A fault that tells several as these. Throws what is none. */
export function faultsIn(error: unknown): readonly ConfigError[] {
  if (!(error instanceof ConfigError)) throw error;
  return error.faults.length > 0 ? error.faults : [error];
}
