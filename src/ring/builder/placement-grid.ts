import type { AssignmentRow } from '../ring-file.ts';
import type { ReplicaPlan } from './replica-plan.ts';
import { TIER_LEVELS, type TierTree } from './tier-tree.ts';

/**
 * Who holds what while a ring is being changed: the rows, and by node of the tree how many replicas it holds, how many it shall hold,
 * and how many of the partition at hand stand in it.
 */
export class PlacementGrid {
  readonly rows: readonly AssignmentRow[];
  readonly partitions: number;
  readonly tree: TierTree;
  /** For each partition. */
  readonly least: Int32Array;
  readonly most: Int32Array;
  /** By node: replicas that its devices lack, those left out that have enough. */
  readonly lacking: Int32Array;
  /** By node: replicas of the partition that was entered. */
  readonly here: Uint16Array;
  /** Stands in rows for "not assigned". */
  readonly none: number;
  /** Replicas beyond what their devices shall hold. */
  excess = 0;
  readonly #path: Int32Array;
  readonly #held: Int32Array;
  readonly #wanted: Int32Array;

  /** `counts` by node, from countParts. */
  constructor(rows: readonly AssignmentRow[], tree: TierTree, plan: ReplicaPlan, counts: Int32Array) {
    this.rows = rows;
    this.partitions = rows[0]!.length;
    this.tree = tree;
    this.least = plan.least;
    this.most = plan.most;
    this.lacking = new Int32Array(tree.nodes.length);
    this.here = new Uint16Array(tree.nodes.length);
    this.none = rows[0]! instanceof Uint16Array ? 0xffff : 0xffffffff;
    this.#path = tree.path;
    const devices = tree.path.length / TIER_LEVELS;
    this.#held = new Int32Array(devices);
    this.#wanted = new Int32Array(devices);
    for (let device = 0; device < devices; device++) {
      const node = this.nodeOf(device);
      if (node < 0) continue;
      this.#wanted[device] = counts[node]!;
      this.#addLack(device, counts[node]!);
    }
    for (const row of rows) for (const device of row) if (device !== this.none) this.#hold(device);
  }

  /** A device's own node; -1 when there is no such device. */
  nodeOf(device: number): number {
    return this.#path[device * TIER_LEVELS + TIER_LEVELS - 1]!;
  }

  /** How many replicas a device holds beyond what it shall; negative when it lacks some. */
  excessOf(device: number): number {
    return this.#held[device]! - this.#wanted[device]!;
  }

  /** The same in proportion to what it shall hold. */
  relativeExcessOf(device: number): number {
    return this.excessOf(device) / (this.#wanted[device]! + 1);
  }

  /** Makes a partition the one at hand. */
  enter(partition: number): void {
    for (const row of this.rows) {
      if (partition < row.length && row[partition] !== this.none) this.put(row[partition]!);
    }
  }

  leave(partition: number): void {
    for (const row of this.rows) {
      if (partition >= row.length || row[partition] === this.none) continue;
      const from = row[partition]! * TIER_LEVELS;
      for (let at = from; at < from + TIER_LEVELS; at++) this.here[this.#path[at]!] = 0;
    }
  }

  /** Counts a device for the partition at hand; `lift` takes that back. Rows stay as they are. */
  put(device: number): void {
    const from = device * TIER_LEVELS;
    for (let at = from; at < from + TIER_LEVELS; at++) this.here[this.#path[at]!]!++;
  }

  lift(device: number): void {
    const from = device * TIER_LEVELS;
    for (let at = from; at < from + TIER_LEVELS; at++) this.here[this.#path[at]!]!--;
  }

  /** Whether one more replica of the partition at hand may stand on a device. */
  admits(device: number): boolean {
    const from = device * TIER_LEVELS;
    for (let at = from; at < from + TIER_LEVELS; at++) {
      const node = this.#path[at]!;
      if (this.here[node]! >= this.most[node]!) return false;
    }
    return true;
  }

  /** In how many tiers of a device the partition at hand has more replicas than the plan lets it have. */
  crowdedTiers(device: number): number {
    let crowded = 0;
    const from = device * TIER_LEVELS;
    for (let at = from; at < from + TIER_LEVELS; at++) {
      const node = this.#path[at]!;
      if (this.here[node]! > this.most[node]!) crowded++;
    }
    return crowded;
  }

  /** Whether the partition at hand has, in a tier of the device, fewer replicas than the plan wants. */
  isMissedBy(device: number): boolean {
    const from = device * TIER_LEVELS;
    for (let at = from; at < from + TIER_LEVELS; at++) {
      const node = this.#path[at]!;
      if (this.here[node]! < this.least[node]!) return true;
    }
    return false;
  }

  /**
   * Replicas of the partition at hand beyond what `allowed` (by node) lets stand in a tier, at the level where that is worst: what
   * dispersion counts.
   */
  riskOf(partition: number, allowed: Int32Array): number {
    let worst = 0;
    for (let level = 0; level < TIER_LEVELS; level++) {
      let risk = 0;
      for (const row of this.rows) {
        if (partition >= row.length || row[partition] === this.none) continue;
        const node = this.#path[row[partition]! * TIER_LEVELS + level]!;
        // Each of n replicas in a tier brings its nth of what is too many there.
        if (this.here[node]! > allowed[node]!) risk += (this.here[node]! - allowed[node]!) / this.here[node]!;
      }
      if (risk > worst) worst = risk;
    }
    return worst;
  }

  /** Gives a replica to a device; the partition at hand, if any, is not told. */
  assign(partition: number, row: number, device: number): void {
    this.release(partition, row);
    this.rows[row]![partition] = device;
    this.#hold(device);
  }

  release(partition: number, row: number): void {
    const device = this.rows[row]![partition]!;
    if (device === this.none) return;
    this.rows[row]![partition] = this.none;
    if (this.excessOf(device) > 0) this.excess--;
    else this.#addLack(device, 1);
    this.#held[device]!--;
  }

  #hold(device: number): void {
    if (this.excessOf(device) >= 0) this.excess++;
    else this.#addLack(device, -1);
    this.#held[device]!++;
  }

  #addLack(device: number, count: number): void {
    this.lacking[0]! += count;
    const from = device * TIER_LEVELS;
    for (let at = from; at < from + TIER_LEVELS; at++) this.lacking[this.#path[at]!]! += count;
  }
}
