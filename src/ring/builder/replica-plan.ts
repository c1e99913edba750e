import { BuilderError } from './builder-error.ts';
import type { BuilderState } from './builder-state.ts';
import { dispersedReplicas } from './dispersed-replicas.ts';
import { shareOut } from './share-out.ts';
import { buildTierTree, TIER_LEVELS, type TierTree } from './tier-tree.ts';

/** Sums of shares are right to about 1e-15; what is nearer to a whole number than this is that number. */
const TINY = 1e-9;

/** How many replicas of a partition each tier shall hold, by node of the tree. */
export interface ReplicaPlan {
  /** On average over all partitions. */
  readonly target: Float64Array;
  /** For each single partition: the target rounded down and up. */
  readonly least: Int32Array;
  readonly most: Int32Array;
}

/** Between what weights give and what sets replicas furthest apart, by as much as the builder's overload allows. */
export function planReplicas(state: BuilderState, tree: TierTree): ReplicaPlan {
  const weighted = weightedReplicas(state, tree);
  const dispersed = dispersedReplicas(state, tree, weighted);
  const portion = dispersed.overload === 0 ? 1 : Math.min(state.overload / dispersed.overload, 1);
  const target = weighted.map((share, node) => share + portion * (dispersed.shares[node]! - share));
  return {
    target,
    least: Int32Array.from(target, (share) => Math.floor(share + TINY)),
    most: Int32Array.from(target, (share) => Math.ceil(share - TINY)),
  };
}

/** See RingBuilder.requiredOverload. */
export function requiredOverloadOf(state: BuilderState): number {
  const tree = buildTierTree(state);
  return dispersedReplicas(state, tree, weightedReplicas(state, tree)).overload;
}

/** By weight alone, except that no device can hold more than one replica of a partition. */
function weightedReplicas({ replicas }: BuilderState, { nodes, path }: TierTree): Float64Array {
  const all = new Float64Array(nodes.length);
  const devices = nodes.filter((node) => node.level === TIER_LEVELS && node.weight > 0);
  if (devices.length === 0) throw noDevices();
  if (devices.length < replicas) throw tooFewDevices(replicas, devices.length);
  const weights = devices.map((node) => node.weight);
  const shares = shareOut(
    replicas,
    weights,
    weights.map(() => 0),
    weights.map(() => 1),
  );
  devices.forEach(({ device }, at) => {
    all[0]! += shares[at]!;
    for (let level = 0; level < TIER_LEVELS; level++) all[path[device * TIER_LEVELS + level]!]! += shares[at]!;
  });
  return all;
}

function noDevices(): BuilderError {
  return new BuilderError('empty', 'There are no devices in this ring, or all devices have been deleted');
}

function tooFewDevices(replicas: number, devices: number): BuilderError {
  const count = Number.isInteger(replicas) ? `${replicas}.0` : String(replicas);
  return new BuilderError('validation', `Replica count of ${count} requires more than ${devices} devices`);
}
