/** The entry points of Paste and PasteDeploy themselves. */

import type { BuiltinEntryPoint, BuiltinPackage, EntryPointTable, Protocol } from './entry-point-table.ts';

function entry(protocol: Protocol, attribute: string, load: () => Promise<object>): BuiltinEntryPoint {
  return { protocol, attribute, load };
}

const paste: BuiltinPackage = {
  name: 'Paste',
  entryPoints: {
    urlmap: entry('paste.composite_factory', 'urlMapFactory', () => import('./urlmap.ts')),
    http: entry('paste.server_runner', 'serverRunner', () => import('./http-runner.ts')),
  },
  unavailable: new Set(['cascade', 'static', 'test', 'translogger', 'gzip', 'cgitb', 'evalerror', 'httpexceptions']),
};

const pasteDeploy: BuiltinPackage = {
  name: 'PasteDeploy',
  entryPoints: {
    prefix: entry('paste.filter_app_factory', 'prefixFilterFactory', () => import('./prefix-filter.ts')),
    config: entry('paste.filter_app_factory', 'configFilterFactory', () => import('./config-filter.ts')),
  },
  unavailable: new Set(),
};

const OWN: EntryPointTable = {
  packages: { paste, pastedeploy: pasteDeploy },
  modules: {
    'paste.urlmap': { package: 'paste', entryPoint: 'urlmap' },
    'paste.httpserver': { package: 'paste', entryPoint: 'http' },
  },
};

/** A table with these added. */
export function withPasteEntryPoints(table: EntryPointTable | undefined): EntryPointTable {
  return {
    packages: { ...OWN.packages, ...table?.packages },
    modules: { ...OWN.modules, ...table?.modules },
    usualOrder: table?.usualOrder ?? [],
  };
}
