import type { BuilderState } from './builder-state.ts';
import { TIER_LEVELS, type TierNode, type TierTree } from './tier-tree.ts';

/** Replicas divided equally among regions, those of each region among its zones, and so on; a device takes one at most. */
export function evenReplicas(replicas: number, tree: TierTree): Float64Array {
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

/** Those that have weight. */
export function weightedChildren(tree: TierTree, node: TierNode): number[] {
  return node.children.filter((child) => tree.nodes[child]!.weight > 0);
}
