import { BuilderError } from './builder-error.ts';
import type { BuilderState } from './builder-state.ts';
import { shareOut } from './share-out.ts';
import { buildTierTree, TIER_LEVELS, type TierNode, type TierTree } from './tier-tree.ts';

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
  const required = largestOverload(tree, weighted, dispersed);
  const portion = required === 0 ? 1 : Math.min(state.overload / required, 1);
  const target = weighted.map((share, node) => share + portion * (dispersed[node]! - share));
  return {
    target,
    least: Int32Array.from(target, (share) => Math.floor(share + TINY)),
    most: Int32Array.from(target, (share) => Math.ceil(share - TINY)),
  };
}

/** See RingBuilder.requiredOverload. */
export function requiredOverloadOf(state: BuilderState): number {
  const tree = buildTierTree(state);
  const weighted = weightedReplicas(state, tree);
  return largestOverload(tree, weighted, dispersedReplicas(state, tree, weighted));
}

function largestOverload(tree: TierTree, weighted: Float64Array, dispersed: Float64Array): number {
  let largest = 0;
  tree.nodes.forEach(({ level, weight }, node) => {
    if (level === TIER_LEVELS && weight > 0) {
      largest = Math.max(largest, (dispersed[node]! - weighted[node]!) / weighted[node]!);
    }
  });
  return largest < TINY ? 0 : largest;
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

/** As far apart as tiers and devices allow; what that leaves open goes by weight. */
function dispersedReplicas(state: BuilderState, tree: TierTree, weighted: Float64Array): Float64Array {
  const even = evenReplicas(state.replicas, tree);
  const all = new Float64Array(tree.nodes.length);
  all[0] = state.replicas;
  tree.nodes.forEach((node, at) => {
    const children = weightedChildren(tree, node);
    if (children.length === 0) return;
    const room = children.map((child) => tree.nodes[child]!.weightedDevices);
    const high = children.map((child, i) => Math.min(Math.ceil(even[child]! - TINY), room[i]!));
    const low = children.map((child, i) => Math.min(Math.floor(even[child]! + TINY), room[i]!));
    const isFull = high.reduce((sum, bound) => sum + bound, 0) < all[at]! - TINY;
    const shares = shareOut(
      all[at]!,
      children.map((child) => weighted[child]!),
      low,
      isFull ? room : high,
    );
    children.forEach((child, i) => (all[child] = shares[i]!));
  });
  return all;
}

/** Replicas divided equally among regions, those of each region among its zones, and so on; a device takes one at most. */
function evenReplicas(replicas: number, tree: TierTree): Float64Array {
  return splitEvenly(replicas, tree, (share) => share);
}

/**
 * The most replicas of a partition that a tier holds when they are set as far apart as they can be; what is above that counts as
 * a risk. By node; 0 where no device has weight.
 */
export function mostWhenDispersed(state: BuilderState, tree: TierTree): Int32Array {
  return Int32Array.from(splitEvenly(state.replicas, tree, Math.ceil));
}

function splitEvenly(replicas: number, tree: TierTree, rounded: (share: number) => number): Float64Array {
  const all = new Float64Array(tree.nodes.length);
  all[0] = replicas;
  tree.nodes.forEach((node, at) => {
    const children = weightedChildren(tree, node);
    for (const child of children) {
      const share = rounded(all[at]! / children.length);
      all[child] = node.level === TIER_LEVELS - 1 ? Math.min(1, share) : share;
    }
  });
  return all;
}

function weightedChildren(tree: TierTree, node: TierNode): number[] {
  return node.children.filter((child) => tree.nodes[child]!.weight > 0);
}

function noDevices(): BuilderError {
  return new BuilderError('empty', 'There are no devices in this ring, or all devices have been deleted');
}

function tooFewDevices(replicas: number, devices: number): BuilderError {
  const count = Number.isInteger(replicas) ? `${replicas}.0` : String(replicas);
  return new BuilderError('validation', `Replica count of ${count} requires more than ${devices} devices`);
}
