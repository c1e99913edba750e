/** The proxy-server.conf of a test's cluster. */

import { isAbsolute, resolve } from 'node:path';
import type { Conf, FilterModule } from '../http/contract.ts';
import type { BuiltinEntryPoint, BuiltinPackage } from '../paste/entry-point-table.ts';
import { PROXY_DEFAULTS } from './cluster-files.ts';

/** A filter to put into the pipeline, by one of `module`, `use` and `factory`. */
export interface ClusterFilter {
  /** Name of its section, `[filter:<name>]`. */
  name: string;
  /** The filter's module itself, as `import * as module` gives it. */
  module?: FilterModule;
  /** As in a config: `egg:package#name`. */
  use?: string;
  /** As in a config, `paste.filter_factory`: `./filter.ts:filterFactory`, relative to the working folder. */
  factory?: string;
  options?: Conf;
  /** Name of the section that it goes in front of, the last of that name. Default: the app. */
  before?: string;
}

export const DEFAULT_PIPELINE =
  'catch_errors gatekeeper healthcheck proxy-logging cache listing_formats tempauth proxy-logging proxy-server';

/** Package name under which the filters that are given as modules are found. */
const PACKAGE = 'filters-under-test';

const SECTIONS = `
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true

[filter:catch_errors]
use = egg:swift#catch_errors

[filter:gatekeeper]
use = egg:swift#gatekeeper

[filter:healthcheck]
use = egg:swift#healthcheck

[filter:proxy-logging]
use = egg:swift#proxy_logging

[filter:cache]
use = egg:swift#memcache

[filter:listing_formats]
use = egg:swift#listing_formats

[filter:tempauth]
use = egg:swift#tempauth
user_test_tester = testing .admin
user_test_tester2 = testing2 .admin
user_test_tester3 = testing3
user_test2_tester2 = testing2 .admin
user_admin_admin = admin .admin .reseller_admin
`;

export function proxyConf(pipeline: string, filters: readonly ClusterFilter[]): string {
  const names = pipeline.split(/\s+/).filter((name) => name !== '');
  for (const filter of filters) names.splice(placeOf(filter, names), 0, filter.name);
  const sections = filters.map(sectionOf).join('');
  const usual = withoutSections(SECTIONS, filters) + sections;
  return `${PROXY_DEFAULTS}\n[pipeline:main]\npipeline = ${names.join(' ')}\n${usual}${plainSections(names, usual)}`;
}

/** Sections of the other filters that a pipeline names: those built in, without options. */
function plainSections(names: readonly string[], sections: string): string {
  const missing = names.slice(0, -1).filter((name) => !sections.includes(`[filter:${name}]`));
  return missing.map((name) => sectionOf({ name, use: `egg:swift#${name.replaceAll('-', '_')}` })).join('');
}

/** The entry points of filters that are given as modules. */
export function filterPackages(filters: readonly ClusterFilter[]): Record<string, BuiltinPackage> {
  const entryPoints: Record<string, BuiltinEntryPoint> = {};
  for (const { name, module } of filters) {
    if (module === undefined) continue;
    const load = (): Promise<object> => Promise.resolve(module);
    entryPoints[name] = { protocol: 'paste.filter_factory', attribute: 'filterFactory', load };
  }
  return { [PACKAGE]: { name: PACKAGE, entryPoints, unavailable: new Set() } };
}

function placeOf(filter: ClusterFilter, names: readonly string[]): number {
  if (names.includes(filter.name)) throw new RangeError(`the pipeline has a ${filter.name} already`);
  const before = filter.before ?? (names.at(-1) as string);
  const at = names.lastIndexOf(before);
  if (at < 0) throw new RangeError(`${filter.name} is to stand before ${before}, which the pipeline does not have`);
  return at;
}

function sectionOf(filter: ClusterFilter): string {
  const options = Object.entries(filter.options ?? {}).map(
    ([key, value]) => `${key} = ${value.replaceAll('\n', '\n  ')}\n`,
  );
  return `\n[filter:${filter.name}]\n${factoryLine(filter)}${options.join('')}`;
}

function factoryLine({ name, module, use, factory }: ClusterFilter): string {
  if (module !== undefined) return `use = egg:${PACKAGE}#${name}\n`;
  if (use !== undefined) return `use = ${use}\n`;
  if (factory === undefined) throw new RangeError(`${name} needs one of module, use and factory`);
  const isPath = /^\.{1,2}\//.test(factory) && !isAbsolute(factory);
  return `paste.filter_factory = ${isPath ? resolve(factory) : factory}\n`;
}

/** A filter that is given replaces the section of the same name. */
function withoutSections(text: string, filters: readonly ClusterFilter[]): string {
  const given = new Set(filters.map(({ name }) => `[filter:${name}]`));
  return text
    .split(/\n(?=\[)/)
    .filter((section) => !given.has(section.slice(0, section.indexOf(']') + 1)))
    .join('\n');
}
