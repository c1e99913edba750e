import { partitionCount, type BuilderDevice, type BuilderState } from './builder-state.ts';
import { mostWhenDispersed } from './even-replicas.ts';
import type { ReplicaPlan } from './replica-plan.ts';
import { TIER_LEVELS, type TierTree } from './tier-tree.ts';

/** Guards products of a share and a partition count against rounding; shares are right to about 1e-15. */
const TINY = 1e-6;

/** From the least to the most partitions that each node may hold. */
interface Ranges {
  readonly low: Int32Array;
  readonly high: Int32Array;
}

/**
 * How many replicas of partitions each node of the tree shall hold, in whole numbers: every device its target rounded up or down, so that
 * the worst deviation from the share by weight is the least possible, every tier as many as can lie in it without breaking the plan,
 * and among what is left open, what the devices hold now. `total` are the replicas of all partitions.
 */
export function countParts(state: BuilderState, tree: TierTree, plan: ReplicaPlan, total: number): Int32Array {
  const rounding = new Rounding(state, tree, plan, total);
  return rounding.allotted(rounding.tightestRanges());
}

class Rounding {
  readonly #tree: TierTree;
  readonly #plan: ReplicaPlan;
  readonly #state: BuilderState;
  readonly #parts: number;
  readonly #total: number;
  /** By node: replicas that it can hold without any standing closer together than they need. */
  readonly #harmless: Float64Array;

  constructor(state: BuilderState, tree: TierTree, plan: ReplicaPlan, total: number) {
    this.#state = state;
    this.#tree = tree;
    this.#plan = plan;
    this.#parts = partitionCount(state);
    this.#total = total;
    this.#harmless = Float64Array.from(mostWhenDispersed(state, tree), (most) => most * this.#parts);
  }

  /** The ranges for the least deviation that leaves a solution: a search over the deviations that occur. */
  tightestRanges(): Ranges {
    const deviations = [...new Set(this.#deviations())].sort((a, b) => a - b);
    let from = 0;
    let to = deviations.length - 1;
    const loosest = this.#ranges(Infinity, true);
    const isGuarded = loosest !== undefined;
    let best = loosest ?? this.#ranges(Infinity, false) ?? this.#looseRanges();
    while (from <= to) {
      const middle = (from + to) >> 1;
      const ranges = this.#ranges(deviations[middle]!, isGuarded);
      if (ranges === undefined) from = middle + 1;
      else {
        best = ranges;
        to = middle - 1;
      }
    }
    return best;
  }

  /** Fills the ranges from the cluster down. */
  allotted({ low, high }: Ranges): Int32Array {
    const { nodes } = this.#tree;
    const wish = this.#wishes(low, high);
    const counts = new Int32Array(nodes.length);
    counts[0] = this.#total;
    nodes.forEach(({ children }, node) => {
      if (children.length === 0) return;
      let left = counts[node]!;
      for (const child of children) left -= counts[child] = low[child]!;
      while (left > 0) {
        const child = this.#neediest(children, counts, high, wish);
        if (child < 0) break;
        const gap = wish[child]! - counts[child]!;
        // A tier far below its wish takes what it lacks at one go; ties are settled by single parts.
        const taken = gap > 0 ? Math.min(gap, left) : 1;
        counts[child]! += taken;
        left -= taken;
      }
    });
    return counts;
  }

  #neediest(children: readonly number[], counts: Int32Array, high: Int32Array, wish: Int32Array): number {
    let best = -1;
    let bestNeed = -Infinity;
    for (const child of children) {
      if (counts[child]! >= high[child]!) continue;
      const isWished = counts[child]! < wish[child]!;
      const isHarmless = counts[child]! < this.#harmless[child]!;
      const need =
        this.#plan.target[child]! * this.#parts - counts[child]! + (isHarmless ? 1e12 : 0) + (isWished ? 1e10 : 0);
      if (need > bestNeed) {
        best = child;
        bestNeed = need;
      }
    }
    return best;
  }

  /** What devices hold now, as near as the ranges come to it: each part more or less would be one moved for nothing. */
  #wishes(low: Int32Array, high: Int32Array): Int32Array {
    const { nodes } = this.#tree;
    const wish = new Int32Array(nodes.length);
    for (let node = nodes.length - 1; node >= 0; node--) {
      const { device, children } = nodes[node]!;
      const held = device >= 0 ? this.#device(device).parts : children.reduce((sum, child) => sum + wish[child]!, 0);
      wish[node] = Math.min(Math.max(held, low[node]!), high[node]!);
    }
    return wish;
  }

  *#deviations(): Generator<number> {
    for (const { device, level, weight } of this.#tree.nodes) {
      if (level !== TIER_LEVELS || weight <= 0) continue;
      const [down, up] = this.#roundings(device);
      yield this.#deviation(device, down);
      yield this.#deviation(device, up);
    }
  }

  /** Undefined when no solution has all devices within `deviation`; guarded as in `#gathered`. */
  #ranges(deviation: number, isGuarded: boolean): Ranges | undefined {
    return this.#gathered(
      (device) => {
        const [down, up] = this.#roundings(device);
        const isDownFine = this.#deviation(device, down) <= deviation;
        const isUpFine = this.#deviation(device, up) <= deviation;
        if (!isDownFine && !isUpFine) return undefined;
        return [isDownFine ? down : up, isUpFine ? up : down];
      },
      true,
      isGuarded,
    );
  }

  /** Where a replica count's fraction of a partition is cut off, a tier may miss its least by that. */
  #looseRanges(): Ranges {
    return this.#gathered((device) => this.#roundings(device), false) as Ranges;
  }

  /**
   * From devices up to the cluster, each tier within what the plan lets a partition have there. Guarded, tiers whose replicas stand closer
   * together than they need get no part that rounding could give to others.
   */
  #gathered(
    ofDevice: (device: number) => readonly [number, number] | undefined,
    isBounded: boolean,
    isGuarded = false,
  ): Ranges | undefined {
    const { nodes } = this.#tree;
    const low = new Int32Array(nodes.length);
    const high = new Int32Array(nodes.length);
    for (let node = nodes.length - 1; node >= 0; node--) {
      const { device, children, weight } = nodes[node]!;
      if (weight <= 0) continue;
      if (device >= 0) {
        const range = ofDevice(device);
        if (range === undefined) return undefined;
        [low[node], high[node]] = range;
        continue;
      }
      const [least, most] = !isBounded
        ? [0, Infinity]
        : node === 0
          ? [this.#total, this.#total]
          : [this.#plan.least[node]! * this.#parts, this.#plan.most[node]! * this.#parts];
      const sum = (bound: Int32Array): number => children.reduce((all, child) => all + bound[child]!, 0);
      low[node] = Math.max(sum(low), least);
      const guard = Math.max(this.#harmless[node]!, Math.floor(this.#plan.target[node]! * this.#parts + TINY));
      high[node] = Math.min(sum(high), isGuarded && node > 0 ? Math.min(most, Math.max(guard, low[node]!)) : most);
      if (low[node]! > high[node]!) return undefined;
    }
    return { low, high };
  }

  #roundings(device: number): readonly [number, number] {
    const exact = this.#plan.target[this.#tree.path[device * TIER_LEVELS + TIER_LEVELS - 1]!]! * this.#parts;
    return [Math.floor(exact + TINY), Math.ceil(exact - TINY)];
  }

  #deviation(device: number, count: number): number {
    const due = (this.#device(device).weight * this.#parts * this.#state.replicas) / this.#tree.nodes[0]!.weight;
    return Math.abs(count - due) / due;
  }

  #device(id: number): BuilderDevice {
    return this.#state.devices[id] as BuilderDevice;
  }
}
