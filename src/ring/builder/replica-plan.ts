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

/** Shares when replicas stand as far apart as can be, and the overload that takes. */
interface Dispersed {
  readonly overload: number;
  readonly shares: Float64Array;
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

/** For each node, how many replicas of a partition it may hold. */
interface Bounds {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/**
 * As far apart as tiers and devices allow, by the least overload with which that can be; what is open after that goes by weight.
 */
function dispersedReplicas(state: BuilderState, tree: TierTree, weighted: Float64Array): Dispersed {
  const bounds = dispersionBounds(state, tree, weighted);
  const overload = leastOverload(tree, weighted, bounds);
  const capped = withinOverload(tree, weighted, bounds, overload);
  return { overload, shares: shareDown(state, tree, weighted, capped) };
}

/** An equal division rounded down and up; where a tier has too few devices for that, its siblings may take what it cannot. */
function dispersionBounds(state: BuilderState, tree: TierTree, weighted: Float64Array): Bounds {
  const even = evenReplicas(state.replicas, tree);
  const room = Float64Array.from(tree.nodes, (node) => node.weightedDevices);
  const low = even.map((share, node) => Math.min(Math.floor(share + TINY), room[node]!));
  const high = even.map((share, node) => Math.min(Math.ceil(share - TINY), room[node]!));
  low[0] = high[0] = state.replicas;
  shareDown(state, tree, weighted, { low, high }, (children) => {
    for (const child of children) high[child] = room[child]!;
  });
  return { low, high };
}

/** Divides each node's replicas among its children; `onFull` is told of children that cannot take what their parent has, and may mend that. */
function shareDown(
  state: BuilderState,
  tree: TierTree,
  weighted: Float64Array,
  { low, high }: Bounds,
  onFull?: (children: readonly number[]) => void,
): Float64Array {
  const shares = new Float64Array(tree.nodes.length);
  shares[0] = state.replicas;
  tree.nodes.forEach((node, at) => {
    const children = weightedChildren(tree, node);
    if (children.length === 0) return;
    const of = (values: Float64Array): number[] => children.map((child) => values[child]!);
    if (of(high).reduce((sum, bound) => sum + bound, 0) < shares[at]! - TINY) onFull?.(children);
    shareOut(shares[at]!, of(weighted), of(low), of(high)).forEach((share, i) => (shares[children[i]!] = share));
  });
  return shares;
}

/** The bounds for devices that take no more than `overload` beyond their weight. */
function withinOverload(tree: TierTree, weighted: Float64Array, bounds: Bounds, overload: number): Bounds {
  const high = bounds.high.slice();
  for (let at = tree.nodes.length - 1; at >= 0; at--) {
    const { children, device } = tree.nodes[at]!;
    const most = device >= 0 ? weighted[at]! * (1 + overload) : children.reduce((sum, child) => sum + high[child]!, 0);
    high[at] = Math.min(high[at]!, most);
  }
  return { low: bounds.low, high };
}

function leastOverload(tree: TierTree, weighted: Float64Array, bounds: Bounds): number {
  const suffices = (overload: number): boolean => {
    const { low, high } = withinOverload(tree, weighted, bounds, overload);
    return tree.nodes.every(({ weight }, node) => weight <= 0 || high[node]! >= low[node]! - TINY);
  };
  if (suffices(0)) return 0;
  // No device takes more than one replica, so that this much is more than enough.
  let more = Math.max(
    ...tree.nodes.map(({ device }, node) => (device >= 0 && weighted[node]! > 0 ? 1 / weighted[node]! : 0)),
  );
  let less = 0;
  for (let step = 0; step < 60; step++) {
    const middle = (less + more) / 2;
    if (suffices(middle)) more = middle;
    else less = middle;
  }
  return more;
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
