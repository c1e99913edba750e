/** Options of `[app:proxy-server]` and of `[proxy-server:policy:N]`, read once into typed values. */

import { ConfigError, joinFaults } from '../common/config-error.ts';
import { isTrueValue } from '../common/text.ts';
import type { Conf } from '../http/contract.ts';
import { parseReadAffinity, parseWriteAffinity, type Located } from './affinity.ts';
import type { SortingMethod } from './node-iteration.ts';
import { confSpec } from './proxy-conf-spec.ts';

export { confSpec };

/** What may differ by storage policy. */
export interface PolicyOptions {
  readonly sortingMethod: SortingMethod;
  readonly readAffinity: (node: Located) => number;
  /** null: all nodes are equal for writes. */
  readonly isLocalForWrites: ((node: Located) => boolean) | null;
  readonly writeAffinityNodeCount: (replicas: number) => number;
  /** null: as many as there are primaries that are not local. */
  readonly writeAffinityHandoffDeleteCount: number | null;
  readonly rebalanceMissingSuppressionCount: number;
  readonly concurrentGets: boolean;
  readonly concurrencyTimeoutMs: number;
  readonly concurrentEcExtraRequests: number;
}

export interface ProxyConf extends PolicyOptions {
  readonly recheckAccountExistenceSec: number;
  readonly recheckContainerExistenceSec: number;
  readonly recheckUpdatingShardRangesSec: number;
  readonly recheckListingShardRangesSec: number;
  readonly updatingShardRangesSkipCachePercent: number;
  readonly listingShardRangesSkipCachePercent: number;
  readonly accountExistenceSkipCachePercent: number;
  readonly containerExistenceSkipCachePercent: number;
  readonly objectChunkSizeBytes: number;
  readonly clientChunkSizeBytes: number;
  readonly clientTimeoutMs: number;
  readonly nodeTimeoutMs: number;
  readonly recoverableNodeTimeoutMs: number;
  readonly connectTimeoutMs: number;
  readonly postQuorumTimeoutMs: number;
  readonly errorSuppressionIntervalSec: number;
  readonly errorSuppressionLimit: number;
  readonly logHandoffs: boolean;
  readonly allowAccountManagement: boolean;
  readonly accountAutocreate: boolean;
  readonly maxContainersPerAccount: number;
  readonly maxContainersWhitelist: readonly string[];
  readonly denyHostHeaders: readonly string[];
  readonly timingExpirySec: number;
  readonly requestNodeCount: (replicas: number) => number;
  /** Lower case. */
  readonly swiftOwnerHeaders: readonly string[];
  readonly strictCorsMode: boolean;
  readonly corsAllowOrigin: readonly string[];
  readonly corsExposeHeaders: readonly string[];
  readonly exposeInfo: boolean;
  /** '' for none. */
  readonly adminKey: string;
  readonly disallowedSections: readonly string[];
  readonly allowOpenExpired: boolean;
  /** Without the prefix. */
  readonly expiringObjectsAccountName: string;
  readonly expiringObjectsContainerDivisorSec: number;
  /** The options of a policy: its own section's over the server's. */
  forPolicy(policyIndex: number): PolicyOptions;
}

/**
 * `policySections`: options of `[proxy-server:policy:N]` by N. Throws ConfigError with every fault found: section, option, value and
 * what was expected.
 */
export function parseProxyConf(conf: Conf, policySections: ReadonlyMap<number, Conf> = new Map()): ProxyConf {
  const faults: ConfigError[] = [];
  const options = new Options(conf, faults);
  const nodeTimeout = options.number('node_timeout');
  const connTimeout = options.number('conn_timeout');
  const server = policyOptions(options, connTimeout);
  const policies = new Map<number, PolicyOptions>();
  for (const [index, section] of policySections) {
    const merged = { ...conf, ...section, __name__: `proxy-server:policy:${index}` };
    policies.set(index, policyOptions(new Options(merged, faults), connTimeout));
  }
  const parsed: ProxyConf = {
    ...server,
    recheckAccountExistenceSec: options.number('recheck_account_existence'),
    recheckContainerExistenceSec: options.number('recheck_container_existence'),
    recheckUpdatingShardRangesSec: options.number('recheck_updating_shard_ranges'),
    recheckListingShardRangesSec: options.number('recheck_listing_shard_ranges'),
    updatingShardRangesSkipCachePercent: options.number('container_updating_shard_ranges_skip_cache_pct'),
    listingShardRangesSkipCachePercent: options.number('container_listing_shard_ranges_skip_cache_pct'),
    accountExistenceSkipCachePercent: options.number('account_existence_skip_cache_pct'),
    containerExistenceSkipCachePercent: options.number('container_existence_skip_cache_pct'),
    objectChunkSizeBytes: options.number('object_chunk_size'),
    clientChunkSizeBytes: options.number('client_chunk_size'),
    clientTimeoutMs: options.number('client_timeout') * 1000,
    nodeTimeoutMs: nodeTimeout * 1000,
    recoverableNodeTimeoutMs: options.number('recoverable_node_timeout', nodeTimeout) * 1000,
    connectTimeoutMs: connTimeout * 1000,
    postQuorumTimeoutMs: options.number('post_quorum_timeout') * 1000,
    errorSuppressionIntervalSec: options.number('error_suppression_interval'),
    errorSuppressionLimit: options.number('error_suppression_limit'),
    logHandoffs: options.boolean('log_handoffs'),
    allowAccountManagement: options.boolean('allow_account_management'),
    accountAutocreate: options.boolean('account_autocreate'),
    maxContainersPerAccount: options.number('max_containers_per_account'),
    maxContainersWhitelist: options.list('max_containers_whitelist'),
    denyHostHeaders: options.list('deny_host_headers'),
    timingExpirySec: options.number('timing_expiry'),
    requestNodeCount: options.parsed('request_node_count', nodeCount),
    swiftOwnerHeaders: options.list('swift_owner_headers').map((name) => name.toLowerCase()),
    strictCorsMode: options.boolean('strict_cors_mode'),
    corsAllowOrigin: options.list('cors_allow_origin'),
    corsExposeHeaders: options.list('cors_expose_headers'),
    exposeInfo: options.boolean('expose_info'),
    adminKey: options.text('admin_key'),
    disallowedSections: options.list('disallowed_sections'),
    allowOpenExpired: options.boolean('allow_open_expired'),
    expiringObjectsAccountName: options.text('expiring_objects_account_name'),
    expiringObjectsContainerDivisorSec: options.number('expiring_objects_container_divisor'),
    forPolicy: (policyIndex) => policies.get(policyIndex) ?? server,
  };
  if (faults.length > 0) throw joinFaults(faults);
  return parsed;
}

function policyOptions(options: Options, connTimeoutSec: number): PolicyOptions {
  return {
    sortingMethod: options.choice('sorting_method') as SortingMethod,
    readAffinity: options.parsed('read_affinity', parseReadAffinity),
    isLocalForWrites: options.parsed('write_affinity', parseWriteAffinity),
    writeAffinityNodeCount: options.parsed('write_affinity_node_count', nodeCount),
    writeAffinityHandoffDeleteCount: options.parsed('write_affinity_handoff_delete_count', countOrAuto),
    rebalanceMissingSuppressionCount: options.number('rebalance_missing_suppression_count'),
    concurrentGets: options.boolean('concurrent_gets'),
    concurrencyTimeoutMs: options.number('concurrency_timeout', connTimeoutSec) * 1000,
    concurrentEcExtraRequests: options.number('concurrent_ec_extra_requests'),
  };
}

/** `6` or `2 * replicas` as a function of the number of replicas. */
function nodeCount(text: string): (replicas: number) => number {
  const match = /^(\d+)(\s*\*\s*replicas)?$/i.exec(text.trim());
  if (match === null) throw new Error("expected a number or '<number> * replicas'");
  const count = Number(match[1]);
  return match[2] === undefined ? () => count : (replicas) => count * replicas;
}

function countOrAuto(text: string): number | null {
  const value = text.trim().toLowerCase();
  if (value === 'auto') return null;
  if (!/^\d+$/.test(value)) throw new Error('expected auto or a whole number');
  return Number(value);
}

/** Values of a section by the types and defaults of confSpec. Faults are collected; a faulty option has its default. */
class Options {
  readonly #conf: Conf;
  readonly #faults: ConfigError[];

  constructor(conf: Conf, faults: ConfigError[]) {
    this.#conf = conf;
    this.#faults = faults;
  }

  text(name: string): string {
    return this.#conf[name] ?? this.#defaultText(name);
  }

  choice(name: string): string {
    const choices = confSpec[name]?.choices ?? [];
    return this.parsed(name, (text) => {
      const value = text.trim().toLowerCase();
      if (!choices.includes(value)) throw new Error(`expected ${choices.join(' or ')}`);
      return value;
    });
  }

  /** What `parse` makes of the text; it throws Error with what it expected. */
  parsed<T>(name: string, parse: (text: string) => T): T {
    try {
      return parse(this.text(name));
    } catch (error) {
      this.#fault(name, (error as Error).message);
      return parse(this.#defaultText(name));
    }
  }

  number(name: string, fallback = 0): number {
    const spec = confSpec[name];
    const byDefault = typeof spec?.default === 'number' ? spec.default : fallback;
    const text = this.#conf[name];
    if (text === undefined) return byDefault;
    const value = Number(text);
    const { min = spec?.type === 'integer' ? -Infinity : 0, max = Infinity } = spec ?? {};
    const isWhole = spec?.type !== 'integer' && spec?.type !== 'bytes' ? true : Number.isInteger(value);
    if (text.trim() !== '' && isWhole && value >= min && value <= max) return value;
    const kind = spec?.type === 'integer' || spec?.type === 'bytes' ? 'a whole number' : 'a number';
    this.#fault(
      name,
      `expected ${kind}${min === -Infinity ? '' : ` of ${min} or more`}${max === Infinity ? '' : `, ${max} at most`}`,
    );
    return byDefault;
  }

  boolean(name: string): boolean {
    const value = this.#conf[name];
    return value === undefined ? confSpec[name]?.default === true : isTrueValue(value);
  }

  list(name: string): readonly string[] {
    const value = this.#conf[name];
    if (value === undefined) return confSpec[name]?.default as readonly string[];
    return value
      .split(',')
      .map((piece) => piece.trim())
      .filter((piece) => piece !== '');
  }

  #defaultText(name: string): string {
    return (confSpec[name]?.default as string | undefined) ?? '';
  }

  #fault(key: string, expected: string): void {
    const value = this.#conf[key];
    this.#faults.push(
      new ConfigError({
        code: 'option-invalid',
        file: this.#conf['__file__'],
        section: this.#conf['__name__'],
        key,
        value,
        text: `${expected}, not ${JSON.stringify(value)}`,
      }),
    );
  }
}
