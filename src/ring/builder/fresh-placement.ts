import type { AssignmentRow } from '../ring-file.ts';
import type { Random } from './random.ts';
import type { TierTree } from './tier-tree.ts';

/**
 * Assigns all replicas of a ring that has none yet, in such a way that every node of the tree gets exactly its count, and every partition
 * has, in every node, the node's average number of replicas rounded up or down: replicas then stand as far apart as the counts admit.
 *
 * Think of a node's replicas as a line of slots on which each partition recurs after one round of all partitions. Children are given
 * consecutive pieces of the line; a piece not longer than k rounds meets no partition more than k times. Before the pieces are cut, the
 * partitions are shuffled, so that devices share partitions with as many others as can be.
 */
export function placeAfresh(rows: readonly AssignmentRow[], tree: TierTree, counts: Int32Array, random: Random): void {
  const placement = new FreshPlacement(rows, tree, counts, random);
  placement.place();
}

class FreshPlacement {
  readonly #rows: readonly AssignmentRow[];
  readonly #tree: TierTree;
  readonly #counts: Int32Array;
  readonly #random: Random;
  readonly #partitions: number;
  /** Rows of each partition that are assigned so far. */
  readonly #filled: Uint16Array;
  /** How often each partition occurs in the list at hand; all 0 between lists. */
  readonly #occurrences: Uint16Array;

  constructor(rows: readonly AssignmentRow[], tree: TierTree, counts: Int32Array, random: Random) {
    this.#rows = rows;
    this.#tree = tree;
    this.#counts = counts;
    this.#random = random;
    this.#partitions = rows[0]!.length;
    this.#filled = new Uint16Array(this.#partitions);
    this.#occurrences = new Uint16Array(this.#partitions);
  }

  place(): void {
    const all = new Uint32Array(this.#rows.reduce((sum, row) => sum + row.length, 0));
    for (let slot = 0; slot < all.length; slot++) all[slot] = slot % this.#partitions;
    this.#fill(0, all);
    this.#shuffleRows();
  }

  /** `slots` are the partitions whose replicas the node takes, each as often as it takes one. */
  #fill(node: number, slots: Uint32Array): void {
    const { device, children } = this.#tree.nodes[node]!;
    if (device >= 0) {
      for (const partition of slots) this.#rows[this.#filled[partition]!++]![partition] = device;
      return;
    }
    const line = this.#line(slots);
    const order = children.filter((child) => this.#counts[child]! > 0);
    this.#random.shuffle(order);
    let from = 0;
    for (const child of order) {
      const to = from + this.#counts[child]!;
      this.#fill(child, line.subarray(from, to));
      from = to;
    }
  }

  /** The slots in rounds: first the partitions that occur once more than the others, so that they begin one round more. */
  #line(slots: Uint32Array): Uint32Array {
    const rounds = Math.floor(slots.length / this.#partitions);
    for (const partition of slots) this.#occurrences[partition]!++;
    const round = new Uint32Array(Math.min(slots.length, this.#partitions));
    let more = 0;
    let fewer = round.length;
    for (const partition of slots) {
      const occurrences = this.#occurrences[partition]!;
      if (occurrences === 0) continue;
      this.#occurrences[partition] = 0;
      if (occurrences > rounds) round[more++] = partition;
      else round[--fewer] = partition;
    }
    this.#random.shuffle(round.subarray(0, more));
    this.#random.shuffle(round.subarray(more));
    const line = new Uint32Array(slots.length);
    for (let slot = 0; slot < line.length; slot++) line[slot] = round[slot % round.length]!;
    return line;
  }

  /** No tier shall have the first replicas of all partitions. */
  #shuffleRows(): void {
    for (let partition = 0; partition < this.#partitions; partition++) {
      for (let left = this.#filled[partition]!; left > 1; left--) {
        const [one, other] = [this.#rows[this.#random.below(left)]!, this.#rows[left - 1]!];
        const kept = one[partition]!;
        one[partition] = other[partition]!;
        other[partition] = kept;
      }
    }
  }
}
