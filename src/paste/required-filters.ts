/** The filters that Swift's proxy adds to its pipeline by itself. Source: spec paste-deploy 10.6. */

import { type Context, newContext } from './context.ts';
import type { EntryPointTable } from './entry-point-table.ts';
import { builtinEntryPoint, loadBuiltin } from './targets.ts';

interface RequiredFilter {
  readonly name: string;
  /** Filters behind which it goes. */
  readonly behind: readonly string[];
  /** Only when this is the very first of the pipeline. */
  readonly behindFirst?: string;
}

const BEFORE_COPY = ['staticweb', 'tempauth', 'keystoneauth', 'catch_errors', 'gatekeeper', 'proxy_logging'];

const REQUIRED_FILTERS: readonly RequiredFilter[] = [
  { name: 'catch_errors', behind: [] },
  { name: 'gatekeeper', behind: [], behindFirst: 'catch_errors' },
  { name: 'listing_formats', behind: ['catch_errors', 'gatekeeper', 'proxy_logging', 'memcache'] },
  { name: 'copy', behind: BEFORE_COPY },
  { name: 'dlo', behind: ['copy', ...BEFORE_COPY] },
  { name: 'versioned_writes', behind: ['slo', 'dlo', 'copy', ...BEFORE_COPY] },
];

export interface AddedFilters {
  readonly inserted: readonly { readonly name: string; readonly index: number }[];
  /** Those that this installation does not have. */
  readonly leftOut: readonly string[];
}

/** Adds to a resolved pipeline what is missing in it by entry point name. */
export async function addRequiredFilters(pipeline: Context, table: EntryPointTable): Promise<AddedFilters> {
  const inserted: { name: string; index: number }[] = [];
  const leftOut: string[] = [];
  for (const required of REQUIRED_FILTERS.toReversed()) {
    if (entryPointIndex(pipeline, required.name) >= 0) continue;
    const filter = await requiredContext(required.name, pipeline, table);
    if (filter === undefined) {
      leftOut.unshift(required.name);
      continue;
    }
    const index = placeFor(required, pipeline);
    pipeline.filters.splice(index, 0, filter);
    inserted.push({ name: required.name, index });
  }
  return { inserted, leftOut };
}

/** The filters behind which one that Swift adds goes. */
export function requiredBehind(name: string): readonly string[] {
  const required = REQUIRED_FILTERS.find((each) => each.name === name);
  return required?.behindFirst === undefined ? (required?.behind ?? []) : [required.behindFirst];
}

/** Names for people: what a part was asked for by, else its entry point. */
export function pipelineNames(pipeline: Context): string[] {
  const parts = [...pipeline.filters, ...(pipeline.app === undefined ? [] : [pipeline.app])];
  return parts.map((part) => part.name ?? part.entryPointName ?? part.target?.text ?? '?');
}

function placeFor(required: RequiredFilter, pipeline: Context): number {
  if (required.behindFirst !== undefined) return pipeline.filters[0]?.entryPointName === required.behindFirst ? 1 : 0;
  return Math.max(0, ...required.behind.map((name) => entryPointIndex(pipeline, name) + 1));
}

function entryPointIndex(pipeline: Context, name: string): number {
  return pipeline.filters.findIndex((filter) => filter.entryPointName === name);
}

/** The built-in filter with the pipeline's globals and no settings of its own. */
async function requiredContext(name: string, pipeline: Context, table: EntryPointTable): Promise<Context | undefined> {
  const swift = Object.hasOwn(table.packages, 'swift') ? table.packages['swift'] : undefined;
  const entryPoint = swift === undefined ? undefined : builtinEntryPoint(swift, name);
  if (entryPoint === undefined) return undefined;
  const context = newContext({
    kind: 'filter',
    place: pipeline.place,
    target: await loadBuiltin(entryPoint, name, `egg:swift#${name}`, pipeline.place),
    protocol: entryPoint.protocol,
    globals: new Map(pipeline.globals),
    trail: [],
  });
  context.name = name;
  context.distribution = 'swift';
  context.entryPointName = name;
  return context;
}
