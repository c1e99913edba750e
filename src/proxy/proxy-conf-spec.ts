/** The options of `[app:proxy-server]` and of `[proxy-server:policy:N]`: types, defaults and meaning. */

import type { ConfSpec } from '../common/conf.ts';
import { type LocalTest, parseReadAffinity, parseWriteAffinity, type Priority } from './affinity.ts';
import type { SortingMethod } from './node-iteration.ts';

/** How many nodes, by the number of replicas. */
export type NodeCount = (replicas: number) => number;

const OWNER_HEADERS = [
  'x-container-read',
  'x-container-write',
  'x-container-sync-key',
  'x-container-sync-to',
  'x-account-meta-temp-url-key',
  'x-account-meta-temp-url-key-2',
  'x-container-meta-temp-url-key',
  'x-container-meta-temp-url-key-2',
  'x-account-access-control',
];

/** Options that a policy's own section may set. */
export const POLICY_SPEC = {
  sorting_method: {
    type: 'text',
    default: 'shuffle',
    parse: (text: string): SortingMethod => parseSortingMethod(text),
    doc: 'How nodes are ordered for reads.',
  },
  read_affinity: {
    type: 'text',
    default: '',
    parse: (text: string): Priority => parseReadAffinity(text),
    doc: 'Preferred regions and zones: r1z1=100, r2=300; lower is better.',
  },
  write_affinity: {
    type: 'text',
    default: '',
    parse: (text: string): LocalTest | null => parseWriteAffinity(text),
    doc: 'Local regions and zones for object writes: r1, r2z3.',
  },
  write_affinity_node_count: {
    type: 'text',
    default: '2 * replicas',
    parse: (text: string): NodeCount => parseNodeCount(text),
    doc: 'Local nodes tried first on a write: a number, or a number * replicas.',
  },
  write_affinity_handoff_delete_count: {
    type: 'text',
    default: 'auto',
    parse: (text: string): number | null => parseCountOrAuto(text),
    doc: 'Local handoffs that also get a DELETE; auto: as many as there are primaries elsewhere.',
  },
  rebalance_missing_suppression_count: {
    type: 'integer',
    default: 1,
    doc: 'How many 404s from primaries that never saw the item are not believed.',
  },
  concurrent_gets: { type: 'boolean', default: false, doc: 'Ask several nodes at once on a read.' },
  concurrency_timeout: {
    type: 'seconds',
    doc: 'Wait before the next node is asked beside the first. Default: conn_timeout.',
  },
} as const;

/** The options of the server alone. */
export const SERVER_SPEC = {
  recheck_account_existence: { type: 'seconds', default: 60, doc: 'How long account info is cached.' },
  recheck_container_existence: { type: 'seconds', default: 60, doc: 'How long container info is cached.' },
  recheck_updating_shard_ranges: { type: 'seconds', default: 3600, doc: 'How long shards for updates are cached.' },
  recheck_listing_shard_ranges: { type: 'seconds', default: 600, doc: 'How long shards for listings are cached.' },
  container_updating_shard_ranges_skip_cache_pct: {
    type: 'number',
    default: 0,
    min: 0,
    max: 100,
    doc: 'Per cent of updates that ask the container although shards are cached.',
  },
  account_existence_skip_cache_pct: {
    type: 'number',
    default: 0,
    min: 0,
    max: 100,
    doc: "Per cent of the proxy's own account lookups that ask the account although it is cached.",
  },
  container_existence_skip_cache_pct: {
    type: 'number',
    default: 0,
    min: 0,
    max: 100,
    doc: "Per cent of the proxy's own container lookups that ask the container although it is cached.",
  },
  object_chunk_size: {
    type: 'bytes',
    default: 65536,
    doc: 'No meaning here: bodies pass in the pieces in which they come.',
  },
  client_chunk_size: {
    type: 'bytes',
    default: 65536,
    doc: 'No meaning here: bodies pass in the pieces in which they come.',
  },
  node_timeout: { type: 'seconds', default: 10, doc: 'Longest wait for a storage node.' },
  recoverable_node_timeout: {
    type: 'seconds',
    doc: 'Longest wait for a storage node on reads that another node can carry on. Default: node_timeout.',
  },
  conn_timeout: { type: 'seconds', default: 0.5, doc: 'Longest wait for a connection to a storage node.' },
  post_quorum_timeout: { type: 'seconds', default: 0.5, doc: 'Wait for the rest of the nodes after a quorum.' },
  error_suppression_interval: {
    type: 'seconds',
    default: 60,
    doc: 'How long a node that erred too often is not asked. 0: never rest nodes.',
  },
  error_suppression_limit: { type: 'integer', default: 10, doc: 'Errors before a node is not asked.' },
  put_queue_depth: { type: 'integer', default: 10, doc: 'No meaning here: back-pressure comes from the sockets.' },
  log_handoffs: { type: 'boolean', default: true, doc: 'Warn when handoffs are used.' },
  allow_account_management: { type: 'boolean', default: false, doc: 'Let authorized users PUT and DELETE accounts.' },
  account_autocreate: { type: 'boolean', default: false, doc: 'Create accounts when they are first used.' },
  max_containers_per_account: {
    type: 'integer',
    default: 0,
    emptyIsMissing: true,
    doc: 'Containers an account may have. 0: any number.',
  },
  max_containers_whitelist: { type: 'list', default: [], doc: 'Accounts that the limit does not hold for.' },
  deny_host_headers: { type: 'list', default: [], doc: 'Host headers that get 403.' },
  timing_expiry: { type: 'seconds', default: 300, doc: 'How long timings of nodes count (sorting_method = timing).' },
  request_node_count: {
    type: 'text',
    default: '2 * replicas',
    parse: (text: string): NodeCount => parseNodeCount(text),
    doc: 'Nodes asked for one request: a number, or a number * replicas.',
  },
  swift_owner_headers: {
    type: 'list',
    default: OWNER_HEADERS as readonly string[],
    doc: 'Headers that only owners of an account see.',
  },
  strict_cors_mode: { type: 'boolean', default: true, doc: 'CORS headers only for origins that a container allows.' },
  cors_allow_origin: { type: 'list', default: [], doc: 'Origins allowed for every container.' },
  cors_expose_headers: { type: 'list', default: [], doc: 'Headers exposed to scripts besides those of the container.' },
  expose_info: { type: 'boolean', default: true, doc: 'Answer GET /info.' },
  admin_key: { type: 'text', default: '', doc: 'Key that signs requests for admin info. Empty: no admin info.' },
  disallowed_sections: {
    type: 'list',
    default: ['swift.valid_api_versions', 'swift.auto_create_account_prefix'],
    doc: 'Sections and section.key of /info that are not shown.',
  },
  expiring_objects_account_name: {
    type: 'text',
    default: 'expiring_objects',
    emptyIsMissing: true,
    doc: 'Account of the expirer queue, behind auto_create_account_prefix; the same on all servers.',
  },
  expiring_objects_container_divisor: {
    type: 'integer',
    default: 86400,
    min: 1,
    emptyIsMissing: true,
    doc: 'Seconds that share containers of the expirer queue; the same on all servers.',
  },
  allow_open_expired: { type: 'boolean', default: false, doc: 'Let X-Open-Expired show expired objects.' },
  write_legacy_ec_crc: { type: 'text', doc: 'No meaning here: erasure coding is not done by liberasurecode.' },
} as const;

/** All options. */
export const confSpec: ConfSpec = { ...POLICY_SPEC, ...SERVER_SPEC };

function parseSortingMethod(text: string): SortingMethod {
  const value = text.trim().toLowerCase();
  if (value === 'shuffle' || value === 'timing' || value === 'affinity') return value;
  throw new Error('expected shuffle or timing or affinity');
}

/** `6` or `2 * replicas`. */
function parseNodeCount(text: string): NodeCount {
  const match = /^(\d+)(\s*\*\s*replicas)?$/i.exec(text.trim());
  if (match === null) throw new Error("expected a number or '<number> * replicas'");
  const count = Number(match[1]);
  return match[2] === undefined ? () => count : (replicas) => count * replicas;
}

function parseCountOrAuto(text: string): number | null {
  const value = text.trim().toLowerCase();
  if (value === 'auto') return null;
  if (!/^\d+$/.test(value)) throw new Error('expected auto or a whole number');
  return Number(value);
}
