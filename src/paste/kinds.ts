/** The three kinds of thing to load, and what sections and entry points make each. Source: spec paste-deploy 1. */

import type { Protocol } from './entry-point-table.ts';

export type Kind = 'app' | 'filter' | 'server';

interface KindRules {
  /** Section prefixes; within a group the first that matches hides the others. */
  readonly prefixGroups: readonly (readonly string[])[];
  /** Factory keys, which are entry point groups too; within a group the first is preferred, two groups are ambiguous. */
  readonly factoryGroups: readonly (readonly Protocol[])[];
  /** What `call:` means where nothing else tells. */
  readonly protocol: Protocol;
}

export const KINDS: Readonly<Record<Kind, KindRules>> = {
  app: {
    prefixGroups: [['app', 'application'], ['composite', 'composit'], ['pipeline'], ['filter-app']],
    factoryGroups: [['paste.app_factory'], ['paste.composite_factory'], ['paste.composit_factory']],
    protocol: 'paste.app_factory',
  },
  filter: {
    prefixGroups: [['filter']],
    factoryGroups: [['paste.filter_factory', 'paste.filter_app_factory']],
    protocol: 'paste.filter_factory',
  },
  server: {
    prefixGroups: [['server']],
    factoryGroups: [['paste.server_factory', 'paste.server_runner']],
    protocol: 'paste.server_factory',
  },
};

/** What `call:` means in a section with this header. */
export function protocolOfHeader(header: string): Protocol | undefined {
  switch (header.split(':', 1)[0]) {
    case 'app':
    case 'application':
      return 'paste.app_factory';
    case 'composite':
    case 'composit':
      return 'paste.composite_factory';
    case 'filter':
    case 'filter-app':
      return 'paste.filter_factory';
    case 'server':
      return 'paste.server_factory';
    default:
      return undefined;
  }
}

/** Keys that mean something to the loader; in [DEFAULT] they are without effect or in the way. */
export const MEANINGFUL_KEYS: readonly string[] = [
  'use',
  'pipeline',
  'next',
  'filter-with',
  'require',
  ...Object.values(KINDS).flatMap((kind) => kind.factoryGroups.flat()),
];
