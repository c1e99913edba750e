/** Targets: `module:attribute.path`, of factory keys, `call:` and entry points. Source: spec paste-deploy 11.4. */

import { ConfigError, type Place } from '../common/config-error.ts';
import { strip } from '../common/ini-dialect.ts';
import type { BuiltinEntryPoint, BuiltinPackage, EntryPointTable, FactoryModule } from './entry-point-table.ts';
import { findModule, importModule } from './module-files.ts';

/** Any factory, bound to what it was found on. */
export type Factory = (...args: readonly unknown[]) => unknown;

export interface ResolvedTarget {
  /** As written, for messages. */
  readonly text: string;
  readonly factory: Factory;
  /** The module's other exports: confSpec, order. */
  readonly module: FactoryModule;
  /** Name of the built-in entry point that this is, however it was named. */
  readonly builtin: string | undefined;
}

export interface TargetOptions {
  readonly table: EntryPointTable;
  readonly modulePaths: readonly string[];
}

interface ParsedTarget {
  module: string;
  /** Empty: the default export. */
  attributes: string[];
}

/**
 * Imports what `text` names. `folder` is that of the file in which it stands. Throws ConfigError `target-malformed`,
 * `module-missing`, `module-failed`, `attribute-missing`, `not-callable`, `entry-point-unavailable`, at `place`.
 */
export async function resolveTarget(
  text: string,
  folder: string | undefined,
  place: Place,
  options: TargetOptions,
): Promise<ResolvedTarget> {
  const target = parseTarget(text, place);
  const alias = Object.hasOwn(options.table.modules, target.module) ? options.table.modules[target.module] : undefined;
  if (alias !== undefined) {
    const builtins = options.table.packages[alias.package] as BuiltinPackage;
    const entryPoint = builtinEntryPoint(builtins, alias.entryPoint);
    if (entryPoint === undefined) throw unavailable(builtins, alias.entryPoint, place);
    return loadBuiltin(entryPoint, alias.entryPoint, text, place);
  }
  const { url, places } = findModule(target.module, folder, options.modulePaths);
  if (url === undefined) {
    throw new ConfigError({
      ...place,
      code: 'module-missing',
      text: `no module ${target.module}, which ${text} names`,
      value: text,
      name: target.module,
      details: [`looked for in: ${places.join(', ')}`],
    });
  }
  const module = await load(() => importModule(url), url, text, place);
  return { ...pick(module, target, text, place), module: module as FactoryModule, builtin: undefined };
}

/** Imports a built-in entry point. */
export async function loadBuiltin(
  entryPoint: BuiltinEntryPoint,
  name: string,
  text: string,
  place: Place,
): Promise<ResolvedTarget> {
  const module = await load(entryPoint.load, name, text, place);
  const target = { module: name, attributes: [entryPoint.attribute] };
  return { ...pick(module, target, text, place), module: module as FactoryModule, builtin: name };
}

export function builtinEntryPoint(builtins: BuiltinPackage, name: string): BuiltinEntryPoint | undefined {
  return Object.hasOwn(builtins.entryPoints, name) ? builtins.entryPoints[name] : undefined;
}

/** OpenStack has it and this package does not. */
export function unavailable(builtins: BuiltinPackage, name: string, place: Place): ConfigError {
  return new ConfigError({
    ...place,
    code: 'entry-point-unavailable',
    text: `${builtins.name}#${name} is known to OpenStack's ${builtins.name} but not available here`,
    name,
    candidates: Object.keys(builtins.entryPoints),
  });
}

function parseTarget(text: string, place: Place): ParsedTarget {
  // An [extra] behind the target means something to setuptools alone.
  const bare = strip(text.replace(/\[[^\]]*\]\s*$/, ''));
  const scheme = /^(node|file):/.exec(bare)?.[0] ?? '';
  const rest = bare.slice(scheme.length);
  const colon = rest.lastIndexOf(':');
  const module = strip(colon < 0 ? rest : rest.slice(0, colon));
  const path = colon < 0 ? undefined : strip(rest.slice(colon + 1));
  const attributes = path === undefined ? [] : path.split('.');
  const malformed =
    module === '' ||
    module.includes(':') ||
    attributes.some((name) => !/^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(name));
  if (malformed) {
    const expected = `expected module:attribute such as ./filter.ts:filterFactory, not ${JSON.stringify(text)}`;
    throw new ConfigError({ ...place, code: 'target-malformed', text: expected, value: text });
  }
  return { module: scheme + module, attributes };
}

async function load(importIt: () => Promise<object>, what: string, text: string, place: Place): Promise<object> {
  try {
    return await importIt();
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new ConfigError({
      ...place,
      code: 'module-failed',
      text: `the module that ${text} names cannot be loaded: ${reason}`,
      value: text,
      details: [`module: ${what}`],
      cause,
    });
  }
}

/** Follows the attribute path, and binds what it ends at to what it was found on. */
function pick(module: object, target: ParsedTarget, text: string, place: Place): { text: string; factory: Factory } {
  const names = target.attributes.length === 0 ? ['default'] : target.attributes;
  let receiver: unknown = undefined;
  let value: unknown = module;
  names.forEach((name, depth) => {
    const from = depth === 0 ? exporterOf(module, name) : value;
    if (!hasAttribute(from, name)) {
      const path = names.slice(0, depth + 1).join('.');
      throw new ConfigError({
        ...place,
        code: 'attribute-missing',
        text: `the module ${target.module} has no ${path === 'default' ? 'default export' : path}, which ${text} names`,
        value: text,
        name: path,
        candidates: Object.keys(module),
        details: [`it exports: ${Object.keys(module).join(', ') || 'nothing'}`],
      });
    }
    receiver = depth === 0 ? undefined : from;
    value = (from as Record<string, unknown>)[name];
  });
  if (typeof value !== 'function') {
    const found = `${text} is ${value === null ? 'null' : `a ${typeof value}`}`;
    throw new ConfigError({ ...place, code: 'not-callable', text: `expected a function, but ${found}`, value: text });
  }
  return { text, factory: (receiver === undefined ? value : value.bind(receiver)) as Factory };
}

/** The module itself, or its default export where that has what the module lacks (CommonJS). */
function exporterOf(module: object, name: string): unknown {
  if (hasAttribute(module, name)) return module;
  const byDefault = (module as Record<string, unknown>)['default'];
  return hasAttribute(byDefault, name) ? byDefault : module;
}

function hasAttribute(value: unknown, name: string): boolean {
  return value !== null && (typeof value === 'object' || typeof value === 'function') && name in value;
}
