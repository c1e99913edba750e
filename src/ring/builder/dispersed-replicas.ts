import type { BuilderState } from './builder-state.ts';
import { evenReplicas, weightedChildren } from './even-replicas.ts';
import { shareOut } from './share-out.ts';
import type { TierTree } from './tier-tree.ts';

/** Sums of shares are right to about 1e-15; what is nearer to a whole number than this is that number. */
const TINY = 1e-9;

/** For each node, how many replicas of a partition it may hold. */
interface Bounds {
  readonly low: Float64Array;
  readonly high: Float64Array;
}

/** Shares when replicas stand as far apart as can be, and the overload that takes. */
export interface DispersedReplicas {
  readonly overload: number;
  /** By node. */
  readonly shares: Float64Array;
}

/**
 * As far apart as tiers and devices allow, by the least overload with which that can be. What that leaves open keeps every device as near to
 * its weight as can be, and then goes by weight. `weighted` by node.
 */
export function dispersedReplicas(state: BuilderState, tree: TierTree, weighted: Float64Array): DispersedReplicas {
  const bounds = dispersionBounds(state, tree, weighted);
  const largest = tree.nodes.reduce(
    (most, { device }, node) => (device >= 0 && weighted[node]! > 0 ? Math.max(most, 1 / weighted[node]!) : most),
    1,
  );
  const overload = least(0, largest, (more) => isPossible(tree, withinDeviation(tree, weighted, bounds, more, 1)));
  // An operator who allows more overload than that may have it, where it spares other devices from holding too little.
  const allowed = Math.max(overload, state.overload);
  const near = (deviation: number): Bounds =>
    withinDeviation(tree, weighted, bounds, Math.max(overload, Math.min(deviation, allowed)), Math.min(deviation, 1));
  const deviation = least(0, Math.max(1, allowed), (most) => isPossible(tree, near(most)));
  return { overload, shares: shareDown(state, tree, weighted, near(deviation)) };
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
/** The bounds for devices that take at most `over` beyond their weight, and at least that less `under`; both are fractions. */
function withinDeviation(tree: TierTree, weighted: Float64Array, bounds: Bounds, over: number, under: number): Bounds {
  const low = bounds.low.slice();
  const high = bounds.high.slice();
  for (let at = tree.nodes.length - 1; at >= 0; at--) {
    const { children, device, weight } = tree.nodes[at]!;
    if (weight <= 0) continue;
    const sum = (of: Float64Array): number => children.reduce((all, child) => all + of[child]!, 0);
    high[at] = Math.min(high[at]!, device >= 0 ? weighted[at]! * (1 + over) : sum(high));
    low[at] = Math.max(low[at]!, device >= 0 ? Math.min(weighted[at]! * (1 - under), high[at]!) : sum(low));
  }
  return { low, high };
}

/** Bounds of nodes that already take in those of their children. */
function isPossible(tree: TierTree, { low, high }: Bounds): boolean {
  return tree.nodes.every(({ weight }, node) => weight <= 0 || high[node]! >= low[node]! - TINY);
}

/** The least number from `low` to `high` that suffices, to within rounding; `high` does. */
function least(low: number, high: number, suffices: (value: number) => boolean): number {
  if (suffices(low)) return low;
  let [less, more] = [low, high];
  for (let step = 0; step < 60; step++) {
    const middle = (less + more) / 2;
    if (suffices(middle)) more = middle;
    else less = middle;
  }
  return more;
}
