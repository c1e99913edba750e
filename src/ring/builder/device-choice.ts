import type { PlacementGrid } from './placement-grid.ts';
import type { Random } from './random.ts';
import type { TierTree } from './tier-tree.ts';

/**
 * Finds a device for a replica of the partition at hand, from the cluster down: first where the plan misses a replica, then where the
 * partition may have one more, at random in proportion to what is lacking there.
 */
export class DeviceChoice {
  readonly #grid: PlacementGrid;
  readonly #tree: TierTree;
  readonly #random: Random;
  /** Children under consideration, a list for each level. */
  readonly #candidates: number[][] = [[], [], [], []];

  constructor(grid: PlacementGrid, random: Random) {
    this.#grid = grid;
    this.#tree = grid.tree;
    this.#random = random;
  }

  /**
   * A device that lacks replicas and may have one of this partition, or -1. With `isStrict`, tiers that the plan wants a replica in go
   * before all others: there, or nowhere.
   */
  lacking(isStrict: boolean): number {
    return this.#grid.lacking[0]! > 0 ? this.#descend(0, isStrict) : -1;
  }

  #descend(node: number, isStrict: boolean): number {
    const { children, device, level } = this.#tree.nodes[node]!;
    if (device >= 0) return device;
    const { here, least, most, lacking } = this.#grid;
    const candidates = this.#candidates[level]!;
    for (let isMissing = true; ; isMissing = false) {
      candidates.length = 0;
      let total = 0;
      let missing = 0;
      for (const child of children) {
        const isShort = here[child]! < least[child]!;
        if (isShort) missing++;
        if (here[child]! >= most[child]! || lacking[child]! <= 0 || isShort !== isMissing) continue;
        candidates.push(child);
        total += lacking[child]!;
      }
      const found = this.#tryEach(candidates, total, isStrict);
      if (found >= 0 || !isMissing || (isStrict && missing > 0)) return found;
    }
  }

  #tryEach(candidates: number[], total: number, isStrict: boolean): number {
    const { lacking } = this.#grid;
    let left = total;
    while (candidates.length > 0) {
      let at = 0;
      for (let ticket = this.#random.below(left); ticket >= lacking[candidates[at]!]!; at++) {
        ticket -= lacking[candidates[at]!]!;
      }
      const child = candidates[at]!;
      const found = this.#descend(child, isStrict);
      if (found >= 0) return found;
      left -= lacking[child]!;
      candidates[at] = candidates[candidates.length - 1]!;
      candidates.pop();
    }
    return -1;
  }

  /**
   * A device that may have a replica of this partition, though it has enough: the one that has least too many. Where even that does not
   * exist, the one that breaks the plan in the fewest tiers.
   */
  leastLoaded(): number {
    const { most, here } = this.#grid;
    let best = -1;
    let bestCost = Infinity;
    let ties = 0;
    for (const { device, weight } of this.#tree.nodes) {
      if (
        device < 0 ||
        weight <= 0 ||
        here[this.#grid.nodeOf(device)]! >= Math.max(most[this.#grid.nodeOf(device)]!, 1)
      )
        continue;
      const cost =
        (this.#grid.admits(device) ? 0 : 1e6 * (1 + this.#overcrowded(device))) + this.#grid.relativeExcessOf(device);
      if (cost > bestCost) continue;
      ties = cost < bestCost ? 1 : ties + 1;
      if (this.#random.below(ties) > 0) continue;
      best = device;
      bestCost = cost;
    }
    return best;
  }

  /** Tiers that would have too many if the device took one. */
  #overcrowded(device: number): number {
    this.#grid.put(device);
    const crowded = this.#grid.crowdedTiers(device);
    this.#grid.lift(device);
    return crowded;
  }
}
