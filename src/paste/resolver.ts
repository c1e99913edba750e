/** The first stage of loading: from a URI and a name to a tree of contexts. Source: spec paste-deploy 4, 5, 7. */

import { dirname, resolve } from 'node:path';
import { ConfigError, type ConfigErrorInit, joinFaults, type Place } from '../common/config-error.ts';
import { type IniSection, strip, words } from '../common/ini-dialect.ts';
import { nearestName } from '../common/nearest-name.ts';
import { readConfigFile } from '../common/config-files.ts';
import { inAutomaticOrder } from './automatic-order.ts';
import { ConfigSource, type Flavor } from './config-source.ts';
import { closeProtocol, type Context, kindOfProtocol, newContext } from './context.ts';
import { resolveEgg } from './egg.ts';
import { type Kind, KINDS, protocolOfHeader } from './kinds.ts';
import { findPackage } from './packages.ts';
import { addSettings, type Setting, type Settings, takeSetting } from './settings.ts';
import { resolveTarget, type TargetOptions } from './targets.ts';
import { configPathOf, isUri, parseUri } from './uri.ts';

export interface ResolverOptions extends TargetOptions {
  readonly flavor: Flavor;
  /** Further folders that hold packages. */
  readonly packagePaths: readonly string[];
}

/** What is asked for, by whom. */
export interface Ask {
  readonly kind: Kind;
  /** A section's name or a URI; undefined only from a composite's loader. */
  readonly name: string | undefined;
  readonly globals: ReadonlyMap<string, Setting> | undefined;
  /** The sections being resolved, outermost first, each with the key that refers on. */
  readonly trail: readonly Place[];
}

export class Resolver {
  readonly options: ResolverOptions;

  constructor(options: ResolverOptions) {
    this.options = options;
  }

  /** Resolves a URI. `ask.name` wins over the URI's fragment; `relativeTo` is for relative paths. */
  async fromUri(text: string, ask: Ask, relativeTo: string | undefined): Promise<Context> {
    const place = ask.trail.at(-1) ?? {};
    const uri = parseUri(text, place);
    const name = ask.name ?? uri.fragment;
    switch (uri.scheme) {
      case 'config': {
        const path = configPathOf(uri, relativeTo, place);
        const source = this.openFile(path, ask);
        return this.fromSource(source, { ...ask, name: name ?? 'main' });
      }
      case 'egg':
        if (name !== undefined && isUri(name)) return this.fromUri(name, { ...ask, name: undefined }, relativeTo);
        return resolveEgg({ package: uri.path, entryPoint: name ?? 'main', ask, relativeTo }, this.options);
      case 'call': {
        const target = await resolveTarget(uri.path, relativeTo, { ...place, value: text } as Place, this.options);
        const globals = new Map(ask.globals);
        return newContext({ kind: kindOfProtocol(KINDS[ask.kind].protocol), place, target, globals, trail: ask.trail });
      }
    }
  }

  /** Opens a file with the caller's globals among its defaults. */
  openFile(path: string, ask: Ask): ConfigSource {
    try {
      const file = readConfigFile(path);
      return new ConfigSource(file, { flavor: this.options.flavor, callerGlobals: ask.globals });
    } catch (error) {
      const place = ask.trail.at(-1);
      if (!(error instanceof ConfigError) || error.code !== 'file-missing' || place === undefined) throw error;
      throw new ConfigError({
        ...fault(ask.trail, { code: 'file-missing', text: `no such file: ${resolve(path)}` }),
        cause: error,
      });
    }
  }

  /** Resolves a section of a file, or a URI that stands where a section's name could. */
  async fromSource(source: ConfigSource, ask: Ask): Promise<Context> {
    const { name } = ask;
    const context =
      name !== undefined && isUri(name)
        ? await this.fromUri(name, { ...ask, name: undefined }, source.folder)
        : await this.#section(source, findSection(source, ask), ask);
    if (this.options.flavor === 'swift') {
      context.name = name;
      if (name !== undefined) context.locals.set('__name__', { value: name, place: undefined });
      else context.locals.delete('__name__');
    }
    return context;
  }

  async #section(source: ConfigSource, section: IniSection, ask: Ask): Promise<Context> {
    const place: Place = { file: section.file, line: section.line, section: section.name };
    refuseCycle(ask.trail, place);
    const { globals, locals, sets } = source.settingsOf(section, ask.globals);
    const step: Step = { source, section, kind: ask.kind, place, globals, locals, sets, trail: ask.trail };
    const filterWith = ask.kind === 'server' ? undefined : takeSetting(locals, 'filter-with');
    this.#require(step, takeSetting(locals, 'require'));
    const context = await this.#structure(step);
    if (filterWith !== undefined) await this.#filterWith(step, context, filterWith);
    return context;
  }

  async #structure(step: Step): Promise<Context> {
    const { section, locals } = step;
    if (section.name.startsWith('filter-app:')) return this.#filterApp(step);
    if (section.name.startsWith('pipeline:')) return this.#pipeline(step);
    return locals.has('use') ? this.#use(step) : this.#explicit(step);
  }

  /** `use`: what is named, with this section's settings over its own. */
  async #use(step: Step): Promise<Context> {
    const use = takeSetting(step.locals, 'use') as Setting;
    const context = await this.#refer(step, use, 'use', step.kind, use.value);
    addSettings(context.globals, step.sets);
    addSettings(context.locals, step.locals);
    const file = step.globals.get('__file__');
    if (file !== undefined) context.globals.set('__file__', file);
    context.source = step.source;
    context.place = step.place;
    return closeProtocol(context, protocolOfHeader(step.section.name));
  }

  async #pipeline(step: Step): Promise<Context> {
    const { place, locals } = step;
    const list = takeSetting(locals, 'pipeline');
    if (list === undefined) {
      throw failure(step, { ...place, code: 'pipeline-no-key', text: 'expected a key: pipeline = filter ... app' });
    }
    if (locals.size > 0) {
      const keys = [...locals.keys()].join(', ');
      const text = `expected no settings but pipeline, not: ${keys} (write "set key = value" to reach all its parts)`;
      throw failure(step, { ...place, key: keys, code: 'pipeline-extra-keys', text });
    }
    const isAutomatic = list.value.trim() === 'auto' && step.source.findSections('app', 'auto').length === 0;
    const names = isAutomatic ? automaticNames(step) : words(list.value);
    const last = names.pop();
    if (last === undefined) {
      const text = 'expected names of filters and, last, of an app';
      throw failure(step, { ...place, key: 'pipeline', code: 'empty-pipeline', text });
    }
    const context = newContext({ ...step, kind: 'pipeline' });
    const faults: ConfigError[] = [];
    context.app = await collect(faults, this.#position(step, list, 'pipeline', 'app', last));
    for (const name of names) {
      const filter = await collect(faults, this.#position(step, list, 'pipeline', 'filter', name));
      if (filter !== undefined) context.filters.push(filter);
    }
    if (faults.length > 0) throw joinFaults(faults);
    if (isAutomatic) {
      const at = { ...place, ...list.place, section: step.section.name };
      context.filters = inAutomaticOrder(context.filters, this.options.table.usualOrder ?? [], at);
      context.isAutomatic = true;
    }
    return context;
  }

  async #filterApp(step: Step): Promise<Context> {
    const next = takeSetting(step.locals, 'next');
    if (next === undefined) {
      const text = 'expected a key: next = the name of an app';
      throw failure(step, { ...step.place, key: 'next', code: 'filter-app-no-next', text });
    }
    const app = await this.#position(step, next, 'next', 'app', next.value);
    const inner: Step = { ...step, kind: 'filter' };
    const context = step.locals.has('use') ? await this.#use(inner) : await this.#explicit(inner);
    context.app = app;
    context.kind = 'filter-app';
    return context;
  }

  async #explicit(step: Step): Promise<Context> {
    const { source, section, kind, place, globals, locals } = step;
    const { factoryGroups } = KINDS[kind];
    const found = factoryGroups.map((group) => group.find((key) => locals.has(key))).filter((key) => key !== undefined);
    const [protocol] = found;
    if (protocol === undefined) {
      const keys = factoryGroups.flat();
      const text = `expected use = ... or one of ${keys.join(', ')}`;
      throw failure(step, { ...place, code: 'factory-none', text, candidates: keys });
    }
    if (found.length > 1) {
      const both = found.map((key) => `${key} = ${locals.get(key)?.value}`).join(' and ');
      throw failure(step, {
        ...place,
        code: 'factory-multiple',
        text: `expected one factory, not ${both}`,
        candidates: found,
      });
    }
    const setting = takeSetting(locals, protocol) as Setting;
    const at = { ...place, ...setting.place, section: section.name, key: protocol };
    const target = await resolveTarget(setting.value, folderOf(setting, source), at, this.options);
    return newContext({
      kind: kindOfProtocol(protocol),
      place,
      target,
      protocol,
      globals,
      locals,
      source,
      trail: [...step.trail, place],
    });
  }

  async #filterWith(step: Step, context: Context, filterWith: Setting): Promise<void> {
    if (this.options.flavor === 'swift' && context.kind === 'pipeline') {
      const text = 'filter-with on a pipeline is refused: the filters that Swift inserts by itself could not be added';
      throw failure(step, {
        ...step.place,
        ...filterWith.place,
        key: 'filter-with',
        code: 'pipeline-filter-with',
        text,
      });
    }
    context.filterWith.push(await this.#position(step, filterWith, 'filter-with', 'filter', filterWith.value));
  }

  #require(step: Step, require: Setting | undefined): void {
    for (const name of words(require?.value ?? '')) {
      if (isBuiltinPackage(name, this.options)) continue;
      const { found, places } = findPackage(name, step.source.folder, this.options.packagePaths);
      if (found !== undefined) continue;
      const details = [`looked for in: ${places.join(', ')}`];
      const text = `no package ${name} is installed`;
      throw failure(step, {
        ...step.place,
        ...require?.place,
        key: 'require',
        code: 'distribution-missing',
        text,
        name,
        details,
      });
    }
  }

  /** Follows a reference to a place where the kind alone tells how a `call:` is called. */
  async #position(step: Step, by: Setting, key: string, kind: Kind, name: string): Promise<Context> {
    return closeProtocol(await this.#refer(step, by, key, kind, name), KINDS[kind].protocol);
  }

  async #refer(step: Step, by: Setting, key: string, kind: Kind, name: string): Promise<Context> {
    const place: Place = { ...step.place, ...by.place, section: step.section.name, key };
    return this.fromSource(step.source, { kind, name, globals: step.globals, trail: [...step.trail, place] });
  }
}

/** A section in the course of being resolved. */
interface Step {
  readonly source: ConfigSource;
  readonly section: IniSection;
  readonly kind: Kind;
  readonly place: Place;
  readonly globals: Settings;
  readonly locals: Settings;
  readonly sets: Settings;
  readonly trail: readonly Place[];
}

/** All filters of the file and, last, its one app. */
function automaticNames(step: Step): string[] {
  const { source, place } = step;
  const headers = [...source.file.sections.keys()].filter((header) => /^app(lication)?:/.test(header));
  const [app] = headers;
  if (headers.length !== 1 || app === undefined) {
    const found = headers.length === 0 ? 'none' : headers.map((each) => `[${each}]`).join(', ');
    const text = `pipeline = auto: expected one [app:...] section in the file, found ${found}`;
    throw failure(step, { ...place, key: 'pipeline', code: 'empty-pipeline', text, candidates: headers });
  }
  return [...source.namesOf('filter'), strip(app.slice(app.indexOf(':') + 1))];
}

function isBuiltinPackage(name: string, options: ResolverOptions): boolean {
  return Object.hasOwn(options.table.packages, name.toLowerCase());
}

/** Folder of the file in which a setting stands. */
function folderOf(setting: Setting, source: ConfigSource): string {
  return setting.place?.file === undefined ? source.folder : dirname(setting.place.file);
}

function findSection(source: ConfigSource, ask: Ask): IniSection {
  const found = source.findSections(ask.kind, ask.name);
  const [section] = found;
  if (found.length === 1 && section !== undefined) return section;
  const name = ask.name ?? 'main';
  const prefixes = KINDS[ask.kind].prefixGroups.flat();
  const { path } = source.file;
  const given = ask.trail.length === 0 ? { file: path } : {};
  if (section !== undefined) {
    const candidates = found.map((each) => each.name);
    const text = `${name} is ambiguous in ${path}: expected one of ${prefixes.map((each) => `[${each}:${name}]`).join(', ')}, found ${candidates.map((each) => `[${each}]`).join(' and ')}`;
    throw new ConfigError({ ...given, ...fault(ask.trail, { code: 'section-ambiguous', text, name, candidates }) });
  }
  const near = nearestName(name, source.namesOf(ask.kind));
  const others = prefixes.slice(1).map((each) => `${each}:`);
  const alternatives = others.length === 0 ? '' : ` (or with the prefix ${others.join(', ')})`;
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  const text = `expected a section [${prefixes[0]}:${name}]${alternatives} in ${path}, and there is none${hint}`;
  const candidates = near === undefined ? [] : [near];
  throw new ConfigError({ ...given, ...fault(ask.trail, { code: 'section-missing', text, name, candidates }) });
}

function refuseCycle(trail: readonly Place[], place: Place): void {
  const start = trail.findIndex((each) => each.file === place.file && each.section === place.section);
  if (start < 0) return;
  const cycle = [...trail.slice(start), place].map((each) => `[${each.section}]`);
  throw new ConfigError({
    ...trail.at(-1),
    code: 'recursion',
    text: `the sections refer to each other: ${cycle.join(' -> ')}`,
  });
}

/** An error at the last reference, with those before it as the chain. */
function fault(trail: readonly Place[], init: ConfigErrorInit): ConfigErrorInit {
  return { ...trail.at(-1), ...init, chain: trail.slice(0, -1).reverse() };
}

/** An error at a place within a section. */
function failure(step: Step, init: ConfigErrorInit): ConfigError {
  return new ConfigError({ ...init, chain: [...step.trail].reverse() });
}

async function collect<T>(faults: ConfigError[], promise: Promise<T>): Promise<T | undefined> {
  try {
    return await promise;
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    faults.push(error);
    return undefined;
  }
}
