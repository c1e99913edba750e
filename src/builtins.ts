/** The entry points of `egg:swift#…`: built-in filters and apps, imported when a config first names them. */

import type { BuiltinEntryPoint, BuiltinPackage, EntryPointTable } from './paste/entry-point-table.ts';

const filters: Readonly<Record<string, () => Promise<object>>> = {
  account_quotas: () => import('./middleware/account-quotas.ts'),
  backend_ratelimit: () => import('./middleware/backend-ratelimit.ts'),
  bulk: () => import('./middleware/bulk.ts'),
  catch_errors: () => import('./middleware/catch-errors.ts'),
  cname_lookup: () => import('./middleware/cname-lookup.ts'),
  container_quotas: () => import('./middleware/container-quotas.ts'),
  copy: () => import('./middleware/copy.ts'),
  crossdomain: () => import('./middleware/crossdomain.ts'),
  dlo: () => import('./middleware/dlo.ts'),
  domain_remap: () => import('./middleware/domain-remap.ts'),
  etag_quoter: () => import('./middleware/etag-quoter.ts'),
  formpost: () => import('./middleware/formpost.ts'),
  gatekeeper: () => import('./middleware/gatekeeper.ts'),
  healthcheck: () => import('./middleware/healthcheck.ts'),
  keystoneauth: () => import('./middleware/keystoneauth.ts'),
  list_endpoints: () => import('./middleware/list-endpoints.ts'),
  listing_formats: () => import('./middleware/listing-formats.ts'),
  memcache: () => import('./middleware/memcache.ts'),
  name_check: () => import('./middleware/name-check.ts'),
  proxy_logging: () => import('./middleware/proxy-logging.ts'),
  ratelimit: () => import('./middleware/ratelimit.ts'),
  read_only: () => import('./middleware/read-only.ts'),
  recon: () => import('./middleware/recon.ts'),
  slo: () => import('./middleware/slo.ts'),
  tempauth: () => import('./middleware/tempauth.ts'),
  tempurl: () => import('./middleware/tempurl.ts'),
  xprofile: () => import('./middleware/xprofile.ts'),
};

const apps: Readonly<Record<string, readonly [attribute: string, load: () => Promise<object>]>> = {
  proxy: ['appFactory', () => import('./proxy/app.ts')],
  object: ['appFactory', () => import('./obj/app.ts')],
  mem_object: ['memAppFactory', () => import('./obj/app.ts')],
  container: ['appFactory', () => import('./container/app.ts')],
  account: ['appFactory', () => import('./account/app.ts')],
};

/** Names that OpenStack's package has. */
const OPENSTACK_FILTERS = [
  'account_quotas',
  'backend_ratelimit',
  'bulk',
  'catch_errors',
  'cname_lookup',
  'container_quotas',
  'container_sync',
  'copy',
  'crossdomain',
  'dlo',
  'domain_remap',
  'encryption',
  'etag_quoter',
  'formpost',
  'gatekeeper',
  'healthcheck',
  'keymaster',
  'keystoneauth',
  'kmip_keymaster',
  'kms_keymaster',
  'list_endpoints',
  'listing_formats',
  'memcache',
  'name_check',
  'proxy_logging',
  'ratelimit',
  'read_only',
  'recon',
  's3api',
  's3token',
  'slo',
  'staticweb',
  'symlink',
  'tempauth',
  'tempurl',
  'versioned_writes',
  'xprofile',
] as const;

/** As OpenStack's sample configs have them, for `pipeline = auto`. */
const USUAL_ORDER = [
  'catch_errors',
  'gatekeeper',
  'healthcheck',
  'recon',
  'xprofile',
  'proxy_logging',
  'memcache',
  'backend_ratelimit',
  'cname_lookup',
  'domain_remap',
  'name_check',
  'read_only',
  'etag_quoter',
  'listing_formats',
  'list_endpoints',
  'crossdomain',
  'container_sync',
  'bulk',
  'tempurl',
  'ratelimit',
  'auth_token',
  's3api',
  's3token',
  'keystoneauth',
  'tempauth',
  'formpost',
  'staticweb',
  'copy',
  'container_quotas',
  'account_quotas',
  'slo',
  'dlo',
  'versioned_writes',
  'symlink',
  'keymaster',
  'kms_keymaster',
  'kmip_keymaster',
  'encryption',
] as const;

/** Python modules whose name is not that of the entry point. */
const PYTHON_MODULES: Readonly<Record<string, string>> = {
  s3api: 'swift.common.middleware.s3api.s3api',
  s3token: 'swift.common.middleware.s3api.s3token',
  encryption: 'swift.common.middleware.crypto',
  keymaster: 'swift.common.middleware.crypto.keymaster',
  kmip_keymaster: 'swift.common.middleware.crypto.kmip_keymaster',
  kms_keymaster: 'swift.common.middleware.crypto.kms_keymaster',
};

const PYTHON_APPS: Readonly<Record<string, string>> = {
  proxy: 'swift.proxy.server',
  object: 'swift.obj.server',
  mem_object: 'swift.obj.mem_server',
  container: 'swift.container.server',
  account: 'swift.account.server',
};

function entryPoints(): Record<string, BuiltinEntryPoint> {
  const all: Record<string, BuiltinEntryPoint> = {};
  for (const [name, load] of Object.entries(filters)) {
    all[name] = { protocol: 'paste.filter_factory', attribute: 'filterFactory', load };
  }
  for (const [name, [attribute, load]] of Object.entries(apps)) {
    all[name] = { protocol: 'paste.app_factory', attribute, load };
  }
  return all;
}

function pythonModules(): EntryPointTable['modules'] {
  const modules: Record<string, { package: string; entryPoint: string }> = {};
  for (const name of OPENSTACK_FILTERS) {
    const module = PYTHON_MODULES[name] ?? `swift.common.middleware.${name}`;
    modules[module] = { package: 'swift', entryPoint: name };
  }
  for (const [name, module] of Object.entries(PYTHON_APPS)) modules[module] = { package: 'swift', entryPoint: name };
  return modules;
}

/** Keystone's own package of filters. */
const KEYSTONE: BuiltinPackage = {
  name: 'keystonemiddleware',
  entryPoints: {
    auth_token: {
      protocol: 'paste.filter_factory',
      attribute: 'filterFactory',
      load: () => import('./middleware/authtoken.ts'),
    },
  },
  unavailable: new Set(['audit', 'ec2_token', 's3_token']),
};

export const builtinEntryPoints: EntryPointTable = {
  packages: {
    swift: {
      name: 'swift',
      entryPoints: entryPoints(),
      unavailable: new Set(OPENSTACK_FILTERS.filter((name) => !Object.hasOwn(filters, name))),
    },
    keystonemiddleware: KEYSTONE,
  },
  modules: {
    ...pythonModules(),
    'keystonemiddleware.auth_token': { package: 'keystonemiddleware', entryPoint: 'auth_token' },
  },
  usualOrder: USUAL_ORDER,
};
