/** `egg:package#name`: entry points of built-in and of installed packages. Source: spec paste-deploy 7.3 and 11.3. */

import { join } from 'node:path';
import { ConfigError } from '../common/config-error.ts';
import { strip } from '../common/ini-dialect.ts';
import { nearestName } from '../common/nearest-name.ts';
import { type Context, kindOfProtocol, newContext } from './context.ts';
import type { BuiltinPackage, Protocol } from './entry-point-table.ts';
import { type Kind, KINDS } from './kinds.ts';
import { findPackage, type InstalledPackage, normaliseName } from './packages.ts';
import type { Ask, ResolverOptions } from './resolver.ts';
import { loadBuiltin, type ResolvedTarget, resolveTarget, unavailable } from './targets.ts';

export interface EggRequest {
  /** As written. */
  readonly package: string;
  readonly entryPoint: string;
  readonly ask: Ask;
  /** Folder from which packages are seen. */
  readonly relativeTo: string | undefined;
}

export async function resolveEgg(request: EggRequest, options: ResolverOptions): Promise<Context> {
  const name = strip(request.package);
  const key = normaliseName(name);
  const builtins = Object.hasOwn(options.table.packages, key) ? options.table.packages[key] : undefined;
  const { protocol, target } =
    builtins === undefined ? await fromInstalled(request, name, options) : await fromBuiltins(request, builtins);
  const context = newContext({
    kind: kindOfProtocol(protocol),
    place: request.ask.trail.at(-1) ?? {},
    target,
    protocol,
    globals: new Map(request.ask.globals),
    trail: request.ask.trail,
  });
  context.distribution = name;
  context.entryPointName = request.entryPoint;
  return context;
}

interface Found {
  protocol: Protocol;
  target: ResolvedTarget;
}

async function fromBuiltins(request: EggRequest, builtins: BuiltinPackage): Promise<Found> {
  const { entryPoint: name, ask } = request;
  const place = ask.trail.at(-1) ?? {};
  const groups = new Map<string, readonly string[]>();
  for (const [each, { protocol }] of Object.entries(builtins.entryPoints)) {
    groups.set(protocol, [...(groups.get(protocol) ?? []), each]);
  }
  if (builtins.unavailable.has(name)) throw unavailable(builtins, name, place);
  const protocol = chooseGroup(request, builtins.name, groups);
  const entryPoint = builtins.entryPoints[name];
  if (entryPoint === undefined) throw new Error(`no entry point ${name}`);
  return { protocol, target: await loadBuiltin(entryPoint, name, `egg:${builtins.name}#${name}`, place) };
}

async function fromInstalled(request: EggRequest, name: string, options: ResolverOptions): Promise<Found> {
  const place = request.ask.trail.at(-1) ?? {};
  const { found, places } = findPackage(name, request.relativeTo, options.packagePaths);
  if (found === undefined) {
    const text = `no package ${name} is installed`;
    const details = [`looked for in: ${places.join(', ')}`];
    throw new ConfigError({
      ...place,
      code: 'distribution-missing',
      text,
      value: `egg:${request.package}`,
      name,
      details,
    });
  }
  const groups = new Map(Object.entries(found.entryPoints).map(([group, entries]) => [group, Object.keys(entries)]));
  const protocol = chooseGroup(request, name, groups);
  return { protocol, target: await packageTarget(request, found, protocol, options) };
}

/** The entry point's target; module paths are relative to the package. Errors tell the entry point as well. */
async function packageTarget(
  request: EggRequest,
  found: InstalledPackage,
  protocol: Protocol,
  options: ResolverOptions,
): Promise<ResolvedTarget> {
  const name = request.entryPoint;
  const written = found.entryPoints[protocol]?.[name] ?? '';
  const place = request.ask.trail.at(-1) ?? {};
  try {
    return await resolveTarget(written, found.folder, place, options);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new ConfigError({
      ...place,
      code: error.code,
      text: error.text,
      value: written,
      name: error.wanted,
      candidates: error.candidates,
      details: [`entry point ${name} (${protocol}) of ${join(found.folder, 'package.json')}`],
      cause: error.cause ?? error,
    });
  }
}

/** The group of the kind that has the entry point. Throws ConfigError `entry-point-missing`, `entry-point-ambiguous`. */
function chooseGroup(
  request: EggRequest,
  packageName: string,
  groups: ReadonlyMap<string, readonly string[]>,
): Protocol {
  const { entryPoint: name, ask } = request;
  const rules = KINDS[ask.kind].factoryGroups;
  const has = (group: Protocol): boolean => groups.get(group)?.includes(name) === true;
  const matching = rules.map((pair) => pair.find(has)).filter((group) => group !== undefined);
  const [group, another] = matching;
  if (group !== undefined && another === undefined) return group;
  const place = ask.trail.at(-1) ?? {};
  const value = `egg:${request.package}#${name}`;
  if (group !== undefined) {
    const text = `${name} of ${packageName} is ambiguous: it stands in ${matching.join(' and ')}`;
    throw new ConfigError({ ...place, code: 'entry-point-ambiguous', text, value, name, candidates: matching });
  }
  const wanted = rules.flat();
  const existing = wanted.flatMap((each) => groups.get(each) ?? []);
  const near = nearestName(name, existing);
  const hint = near === undefined ? '' : `; did you mean ${near}?`;
  const elsewhere = otherKindOf(name, ask.kind, groups);
  const text = `the package ${packageName} has no entry point ${name} in ${wanted.join(', ')}${elsewhere}${hint}`;
  const details = [`it has: ${existing.join(', ') || 'none of this kind'}`];
  throw new ConfigError({ ...place, code: 'entry-point-missing', text, value, name, candidates: existing, details });
}

function otherKindOf(name: string, kind: Kind, groups: ReadonlyMap<string, readonly string[]>): string {
  for (const [other, rules] of Object.entries(KINDS)) {
    if (other === kind) continue;
    if (rules.factoryGroups.flat().some((group) => groups.get(group)?.includes(name) === true)) {
      return `; it is the name of a ${other}`;
    }
  }
  return '';
}
