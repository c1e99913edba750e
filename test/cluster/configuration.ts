/** Configs of a cluster for tests in which Debian's Swift and Apus are to behave alike: every filter, four devices, two policies. */

import { builtinEntryPoints } from '../../src/builtins.ts';

/** Options by section. */
export type Sections = Readonly<Record<string, Readonly<Record<string, string>>>>;

export interface ClusterConfig {
  /** Names of the proxy's pipeline. Default: DEFAULT_PIPELINE. */
  pipeline?: string;
  /** Workers of the proxy. Default: 0, which is one without a parent. */
  workers?: number;
  /** Options of proxy-server.conf, added to those of PROXY_SECTIONS: `{ 'filter:tempurl': { methods: 'GET' } }`. */
  proxy?: Sections;
  /** Options of swift.conf, added to those of SWIFT_CONF. */
  swiftConf?: Sections;
}

export const DEFAULT_PIPELINE: string = [
  ...['catch_errors', 'gatekeeper', 'healthcheck', 'proxy-logging', 'cache', 'etag-quoter', 'listing_formats', 'bulk'],
  ...['tempurl', 'ratelimit', 'crossdomain', 'domain_remap', 'tempauth', 'formpost', 'copy', 'container-quotas'],
  ...['account-quotas', 'slo', 'dlo', 'proxy-logging', 'proxy-server'],
].join(' ');

/** `account:user` and key of those whom tempauth knows. */
export const USERS = {
  tester: { user: 'test:tester', key: 'testing' },
  tester2: { user: 'test2:tester2', key: 'testing2' },
  tester3: { user: 'test:tester3', key: 'testing3' },
  admin: { user: 'admin:admin', key: 'admin' },
} as const;

const SWIFT_CONF: Sections = {
  'swift-hash': { swift_hash_path_prefix: 'changeme', swift_hash_path_suffix: 'changeme' },
  'storage-policy:0': { name: 'gold', policy_type: 'replication', default: 'yes' },
  'storage-policy:1': { name: 'silver', policy_type: 'replication' },
};

const PROXY_SECTIONS: Sections = {
  'app:proxy-server': {
    use: 'egg:swift#proxy',
    allow_account_management: 'true',
    account_autocreate: 'true',
  },
  'filter:catch_errors': { use: 'egg:swift#catch_errors' },
  'filter:gatekeeper': { use: 'egg:swift#gatekeeper' },
  'filter:healthcheck': { use: 'egg:swift#healthcheck' },
  'filter:proxy-logging': { use: 'egg:swift#proxy_logging' },
  'filter:cache': { use: 'egg:swift#memcache' },
  'filter:etag-quoter': { use: 'egg:swift#etag_quoter', enable_by_default: 'false' },
  'filter:listing_formats': { use: 'egg:swift#listing_formats' },
  'filter:bulk': { use: 'egg:swift#bulk' },
  'filter:tempurl': { use: 'egg:swift#tempurl' },
  'filter:ratelimit': { use: 'egg:swift#ratelimit' },
  'filter:crossdomain': { use: 'egg:swift#crossdomain' },
  'filter:domain_remap': { use: 'egg:swift#domain_remap', storage_domain: 'example.com' },
  'filter:tempauth': {
    use: 'egg:swift#tempauth',
    user_admin_admin: 'admin .admin .reseller_admin',
    user_test_tester: 'testing .admin',
    user_test_tester2: 'testing2 .admin',
    user_test_tester3: 'testing3',
    user_test2_tester2: 'testing2 .admin',
  },
  'filter:formpost': { use: 'egg:swift#formpost' },
  'filter:copy': { use: 'egg:swift#copy' },
  'filter:container-quotas': { use: 'egg:swift#container_quotas' },
  'filter:account-quotas': { use: 'egg:swift#account_quotas' },
  'filter:slo': { use: 'egg:swift#slo', allow_async_delete: 'yes' },
  'filter:dlo': { use: 'egg:swift#dlo' },
};

function merged(base: Sections, more: Sections = {}): Sections {
  const sections: Record<string, Readonly<Record<string, string>>> = { ...base };
  for (const [name, options] of Object.entries(more)) sections[name] = { ...sections[name], ...options };
  return sections;
}

function iniText(sections: Sections): string {
  return Object.entries(sections)
    .map(([name, options]) => [
      `[${name}]`,
      ...Object.entries(options).map(([key, value]) => `${key} = ${value}`),
      '',
      '',
    ])
    .flat()
    .join('\n');
}

export function swiftConfText({ swiftConf }: ClusterConfig): string {
  return iniText(merged(SWIFT_CONF, swiftConf));
}

export interface ProxyPlace {
  port: number;
  swiftDir: string;
  /** `host:port`; without one the cache filter keeps its own defaults. */
  memcached?: string;
  /** Leaves filters out that Apus does not have. */
  onlyBuiltins: boolean;
}

export function proxyConfText(config: ClusterConfig, place: ProxyPlace): string {
  const sections = merged(PROXY_SECTIONS, config.proxy);
  const names = (config.pipeline ?? DEFAULT_PIPELINE).split(/\s+/).filter((name) => name !== '');
  const kept = place.onlyBuiltins ? names.filter((name) => isBuiltin(sections[`filter:${name}`]?.['use'])) : names;
  const cache = place.memcached === undefined ? {} : { memcache_servers: place.memcached };
  const common = { bind_ip: '127.0.0.1', bind_port: String(place.port), user: 'root' };
  const workers = String(config.workers ?? 0);
  return iniText({
    DEFAULT: { ...common, workers, swift_dir: place.swiftDir, log_udp_host: '127.0.0.1', log_udp_port: '5599' },
    'pipeline:main': { pipeline: kept.join(' ') },
    ...merged(sections, { 'filter:cache': cache }),
  });
}

/** Of the pipeline's names those that Apus has no filter for. */
export function missingFilters(pipeline: string = DEFAULT_PIPELINE): string[] {
  return pipeline.split(/\s+/).filter((name) => !isBuiltin(PROXY_SECTIONS[`filter:${name}`]?.['use']));
}

/** Apps and filters of other packages count as there. */
function isBuiltin(use: string | undefined): boolean {
  const name = /^egg:swift#(.*)$/.exec(use ?? '')?.[1];
  return name === undefined || Object.hasOwn(builtinEntryPoints.packages['swift']?.entryPoints ?? {}, name);
}

export interface StoragePlace {
  port: number;
  swiftDir: string;
  devices: string;
  cacheDir: string;
  /** Entry point of the app. */
  app: string;
}

export type StorageType = 'account' | 'container' | 'object';

export function storageConfText(type: StorageType, place: StoragePlace): string {
  return iniText({
    DEFAULT: {
      devices: place.devices,
      mount_check: 'false',
      disable_fallocate: 'true',
      bind_ip: '127.0.0.1',
      bind_port: String(place.port),
      workers: '0',
      user: 'root',
      swift_dir: place.swiftDir,
      recon_cache_path: place.cacheDir,
      log_udp_host: '127.0.0.1',
      log_udp_port: '5599',
      log_level: 'ERROR',
    },
    'pipeline:main': { pipeline: `healthcheck recon ${type}-server` },
    [`app:${type}-server`]: { use: `egg:swift#${place.app}` },
    'filter:recon': { use: 'egg:swift#recon', recon_cache_path: place.cacheDir },
    'filter:healthcheck': { use: 'egg:swift#healthcheck' },
    [`${type}-replicator`]: {},
    [`${type}-auditor`]: {},
    [`${type}-updater`]: {},
  });
}
