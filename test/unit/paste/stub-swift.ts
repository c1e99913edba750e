import type { FilterFactory, Handler } from '../../../src/http/contract.ts';
import type {
  BuiltinEntryPoint,
  BuiltinPackage,
  EntryPointTable,
  FactoryModule,
} from '../../../src/paste/entry-point-table.ts';

const FILTERS = [
  'catch_errors',
  'copy',
  'dlo',
  'gatekeeper',
  'healthcheck',
  'listing_formats',
  'memcache',
  'proxy_logging',
  'ratelimit',
  'crossdomain',
  'recon',
  'slo',
  'tempauth',
  'tempurl',
  'versioned_writes',
];
const APPS = ['proxy', 'object', 'mem_object', 'container', 'account'];

const filterFactory: FilterFactory = () => (app) => async (req) => app(req);
const appFactory = (): Handler => async () => {
  throw new Error('never asked');
};

/** A package `swift` whose filters pass requests through; `changes` gives modules of their own to some names. */
export function stubSwiftTable(
  changes: Record<string, FactoryModule & object> = {},
  without: readonly string[] = [],
): EntryPointTable {
  const entryPoints: Record<string, BuiltinEntryPoint> = {};
  for (const name of FILTERS) {
    if (without.includes(name)) continue;
    const load = async (): Promise<object> => ({ filterFactory, ...changes[name] });
    entryPoints[name] = { protocol: 'paste.filter_factory', attribute: 'filterFactory', load };
  }
  for (const name of APPS) {
    const load = async (): Promise<object> => ({ appFactory, ...changes[name] });
    entryPoints[name] = { protocol: 'paste.app_factory', attribute: 'appFactory', load };
  }
  const swift: BuiltinPackage = { name: 'swift', entryPoints, unavailable: new Set(without) };
  return {
    packages: { swift },
    modules: { 'swift.common.middleware.catch_errors': { package: 'swift', entryPoint: 'catch_errors' } },
  };
}
