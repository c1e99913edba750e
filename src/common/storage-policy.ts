export type PolicyType = 'replication' | 'erasure_coding';

/** Scheme of an erasure coding policy; parsed so that its writes can be refused by name. */
export interface ErasureCodingScheme {
  readonly ec_type: string;
  readonly ec_num_data_fragments: number;
  readonly ec_num_parity_fragments: number;
  readonly ec_object_segment_size: number;
  readonly ec_duplication_factor: number;
}

export interface StoragePolicy {
  readonly index: number;
  /** The first of `aliases`. */
  readonly name: string;
  /** Every name, the policy's own first. */
  readonly aliases: readonly string[];
  readonly type: PolicyType;
  readonly isDefault: boolean;
  readonly isDeprecated: boolean;
  readonly erasureCoding: ErasureCodingScheme | undefined;
}

/** The storage policies of swift.conf. */
export interface Policies extends Iterable<StoragePolicy> {
  readonly default: StoragePolicy;
  get(index: number): StoragePolicy | undefined;
  /** By name or alias, ignoring case. */
  byName(name: string): StoragePolicy | undefined;
}

/** Replicas that must agree: (n + 1) div 2. */
export function quorumSize(replicas: number): number {
  return Math.floor((replicas + 1) / 2);
}

/** `objects` with the index: `objects` for policy 0, `objects-1` for policy 1; likewise `async_pending`, `tmp`. */
export function policyFolder(base: string, policyIndex: number): string {
  return policyIndex === 0 ? base : `${base}-${policyIndex}`;
}
