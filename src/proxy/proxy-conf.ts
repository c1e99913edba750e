/** Options of `[app:proxy-server]` and of `[proxy-server:policy:N]`, read once into typed values. */

import type { Conf } from '../common/conf.ts';
import { mergeConfs } from '../common/conf-origin.ts';
import { readConf, type TypedConf } from '../common/conf-spec.ts';
import { collectFault, type ConfigError, joinFaults } from '../common/config-error.ts';
import type { LocalTest, Priority } from './affinity.ts';
import type { SortingMethod } from './node-iteration.ts';
import { type NodeCount, POLICY_SPEC, SERVER_SPEC } from './proxy-conf-spec.ts';

/** What may differ by storage policy. */
export interface PolicyOptions {
  readonly sortingMethod: SortingMethod;
  readonly readAffinity: Priority;
  /** null: all nodes are equal for writes. */
  readonly isLocalForWrites: LocalTest | null;
  readonly writeAffinityNodeCount: NodeCount;
  /** null: as many as there are primaries that are not local. */
  readonly writeAffinityHandoffDeleteCount: number | null;
  readonly rebalanceMissingSuppressionCount: number;
  readonly concurrentGets: boolean;
  readonly concurrencyTimeoutMs: number;
}

export interface ProxyConf extends PolicyOptions {
  readonly recheckAccountExistenceSec: number;
  readonly recheckContainerExistenceSec: number;
  readonly recheckUpdatingShardRangesSec: number;
  readonly recheckListingShardRangesSec: number;
  readonly updatingShardRangesSkipCachePercent: number;
  readonly accountExistenceSkipCachePercent: number;
  readonly containerExistenceSkipCachePercent: number;
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
  readonly requestNodeCount: NodeCount;
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
 * `conf`: the server's options, local over global. `policySections`: those of `[proxy-server:policy:N]` by N. Throws ConfigError
 * with every fault found.
 */
export function parseProxyConf(conf: Conf, policySections: ReadonlyMap<number, Conf> = new Map()): ProxyConf {
  const faults: ConfigError[] = [];
  const server = collectFault(faults, () => serverOptions(readConf(SERVER_SPEC, conf, conf)));
  const connectTimeoutMs = server?.connectTimeoutMs ?? 0;
  const common = collectFault(faults, () => policyOptions(conf, connectTimeoutMs));
  const policies = new Map<number, PolicyOptions | undefined>();
  for (const [index, section] of policySections) {
    const merged = mergeConfs(conf, section, { __name__: `proxy-server:policy:${index}` });
    policies.set(
      index,
      collectFault(faults, () => policyOptions(merged, connectTimeoutMs)),
    );
  }
  if (server === undefined || common === undefined || faults.length > 0) throw joinFaults(faults);
  return { ...server, ...common, forPolicy: (policyIndex) => policies.get(policyIndex) ?? common };
}

function serverOptions(options: TypedConf<typeof SERVER_SPEC>): Omit<ProxyConf, keyof PolicyOptions | 'forPolicy'> {
  return {
    recheckAccountExistenceSec: options.recheck_account_existence,
    recheckContainerExistenceSec: options.recheck_container_existence,
    recheckUpdatingShardRangesSec: options.recheck_updating_shard_ranges,
    recheckListingShardRangesSec: options.recheck_listing_shard_ranges,
    updatingShardRangesSkipCachePercent: options.container_updating_shard_ranges_skip_cache_pct,
    accountExistenceSkipCachePercent: options.account_existence_skip_cache_pct,
    containerExistenceSkipCachePercent: options.container_existence_skip_cache_pct,
    nodeTimeoutMs: options.node_timeout * 1000,
    recoverableNodeTimeoutMs: (options.recoverable_node_timeout ?? options.node_timeout) * 1000,
    connectTimeoutMs: options.conn_timeout * 1000,
    postQuorumTimeoutMs: options.post_quorum_timeout * 1000,
    errorSuppressionIntervalSec: options.error_suppression_interval,
    errorSuppressionLimit: options.error_suppression_limit,
    logHandoffs: options.log_handoffs,
    allowAccountManagement: options.allow_account_management,
    accountAutocreate: options.account_autocreate,
    maxContainersPerAccount: options.max_containers_per_account,
    maxContainersWhitelist: options.max_containers_whitelist,
    denyHostHeaders: options.deny_host_headers,
    timingExpirySec: options.timing_expiry,
    requestNodeCount: options.request_node_count,
    swiftOwnerHeaders: options.swift_owner_headers.map((name) => name.toLowerCase()),
    strictCorsMode: options.strict_cors_mode,
    corsAllowOrigin: options.cors_allow_origin,
    corsExposeHeaders: options.cors_expose_headers,
    exposeInfo: options.expose_info,
    adminKey: options.admin_key,
    disallowedSections: options.disallowed_sections,
    allowOpenExpired: options.allow_open_expired,
    expiringObjectsAccountName: options.expiring_objects_account_name,
    expiringObjectsContainerDivisorSec: options.expiring_objects_container_divisor,
  };
}

/** `conf`: the server's options, or those of a policy over them. */
function policyOptions(conf: Conf, connectTimeoutMs: number): PolicyOptions {
  const options = readConf(POLICY_SPEC, conf, conf);
  return {
    sortingMethod: options.sorting_method,
    readAffinity: options.read_affinity,
    isLocalForWrites: options.write_affinity,
    writeAffinityNodeCount: options.write_affinity_node_count,
    writeAffinityHandoffDeleteCount: options.write_affinity_handoff_delete_count,
    rebalanceMissingSuppressionCount: options.rebalance_missing_suppression_count,
    concurrentGets: options.concurrent_gets,
    concurrencyTimeoutMs:
      options.concurrency_timeout === undefined ? connectTimeoutMs : options.concurrency_timeout * 1000,
  };
}
