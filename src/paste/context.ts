/** What resolving a config gives: a tree of contexts, of which nothing has been made yet. */

import type { Place } from '../common/config-error.ts';
import type { ConfigSource } from './config-source.ts';
import type { Protocol } from './entry-point-table.ts';
import type { Setting, Settings } from './settings.ts';
import type { ResolvedTarget } from './targets.ts';

export type ContextKind = 'application' | 'composite' | 'filter' | 'server' | 'pipeline' | 'filter-app';

export interface Context {
  kind: ContextKind;
  /** What it was asked for by: a section's name or a URI. Kept in Swift's flavour alone. */
  name: string | undefined;
  /** The outermost section that it was made from. */
  place: Place;
  /** The factory; pipelines have none. */
  target: ResolvedTarget | undefined;
  /** How the factory is called; undefined for a pipeline, and for `call:` until a section or position tells. */
  protocol: Protocol | undefined;
  globals: Settings;
  locals: Settings;
  /** Where a composite finds its children. */
  source: ConfigSource | undefined;
  distribution: string | undefined;
  entryPointName: string | undefined;
  /** App of a pipeline, or what a filter-app stands in front of. */
  app: Context | undefined;
  /** Filters of a pipeline, outermost first. */
  filters: Context[];
  /** The order of the filters was worked out: `pipeline = auto`. */
  isAutomatic: boolean;
  /** What `filter-with` names, innermost first. */
  filterWith: Context[];
  /** The sections that were being resolved, outermost first. */
  trail: readonly Place[];
}

export function kindOfProtocol(protocol: Protocol): ContextKind {
  switch (protocol) {
    case 'paste.app_factory':
      return 'application';
    case 'paste.composite_factory':
    case 'paste.composit_factory':
      return 'composite';
    case 'paste.filter_factory':
    case 'paste.filter_app_factory':
      return 'filter';
    case 'paste.server_factory':
    case 'paste.server_runner':
      return 'server';
  }
}

/** Fills in how a `call:` is called where nothing has told so far. */
export function closeProtocol(context: Context, protocol: Protocol | undefined): Context {
  if (context.protocol === undefined && context.target !== undefined && protocol !== undefined) {
    context.protocol = protocol;
    if (context.kind !== 'filter-app') context.kind = kindOfProtocol(protocol);
  }
  return context;
}

/** A context without children. */
export function newContext(init: {
  kind: ContextKind;
  place: Place;
  target?: ResolvedTarget;
  protocol?: Protocol | undefined;
  globals: Settings;
  locals?: Map<string, Setting>;
  source?: ConfigSource | undefined;
  trail: readonly Place[];
}): Context {
  return {
    kind: init.kind,
    name: undefined,
    place: init.place,
    target: init.target,
    protocol: init.protocol,
    globals: init.globals,
    locals: init.locals ?? new Map(),
    source: init.source,
    distribution: undefined,
    entryPointName: undefined,
    app: undefined,
    filters: [],
    isAutomatic: false,
    filterWith: [],
    trail: init.trail,
  };
}
