import { DeviceChoice } from './device-choice.ts';
import type { PlacementGrid } from './placement-grid.ts';
import type { Random } from './random.ts';

/** Replicas looked at while exchanges are sought; beyond that, what is left over stays where it is. */
const EXCHANGE_BUDGET = 60_000_000;

/** Settled replicas looked at when one finds no place. */
const REARRANGE_TRIES = 500;

/** Devices tried when some would set replicas closer together than others. */
const SAMPLES = 4;

/** Differences of risk below this are rounding. */
const TINY = 1e-9;

/** How choosy a pass over all partitions is: each is less so than the one before. */
type Way = 'safer' | 'as safe' | 'strict' | 'loose' | 'rearranging';
const WAYS: readonly Way[] = ['safer', 'as safe', 'strict', 'loose', 'rearranging'];

const NOTHING: readonly number[] = [];

/** Moves at most one replica of a partition, and none of those that `isFrozen` names, apart from replicas without a device. */
export class GradualPlacement {
  readonly #grid: PlacementGrid;
  readonly #random: Random;
  readonly #choice: DeviceChoice;
  /** By partition: 1 when none of its replicas may be moved, or moved any more. */
  readonly #frozen: Uint8Array;
  /** By node: replicas of a partition that stand no closer than they need; undefined when the plan never has more. */
  readonly #allowed: Int32Array | undefined;
  /** Replicas that were given a device, as partition and row by turns: they may be given another one at no cost. */
  readonly #settled: number[] = [];
  readonly #onProgress: (phase: 'gather' | 'balance', done: number) => void;

  /** `allowed` by node, from mostWhenDispersed. */
  constructor(
    grid: PlacementGrid,
    allowed: Int32Array,
    frozen: Uint8Array,
    random: Random,
    onProgress: (phase: 'gather' | 'balance', done: number) => void,
  ) {
    this.#grid = grid;
    this.#frozen = frozen;
    this.#allowed = grid.most.some((most, node) => most > allowed[node]!) ? allowed : undefined;
    this.#random = random;
    this.#choice = new DeviceChoice(grid, random);
    this.#onProgress = onProgress;
  }

  run(): void {
    this.#eachPartition('gather', (partition) => this.#placeMissing(partition));
    this.#eachPartition('gather', (partition) => this.#spread(partition));
    for (const way of this.#allowed === undefined ? WAYS.slice(2) : WAYS) {
      if (this.#grid.excess > 0) this.#eachPartition('balance', (partition) => this.#unload(partition, way));
    }
    if (this.#grid.excess > 0) this.#exchange();
  }

  /** In a random order; a partition is at hand while it is visited. */
  #eachPartition(phase: 'gather' | 'balance', visit: (partition: number) => void): void {
    const { partitions } = this.#grid;
    let partition = this.#random.below(partitions);
    const stride = 2 * this.#random.below(Math.ceil(partitions / 2)) + 1; // odd, and there are 2^n partitions: all are met
    for (let step = 0; step < partitions; step++) {
      visit(partition);
      partition = (partition + stride) % partitions;
      if ((step & 0xffff) === 0xffff) this.#onProgress(phase, step + 1);
    }
  }

  /** Replicas that have no device: new ones, and those of removed devices. Their partitions shall not lose another one now. */
  #placeMissing(partition: number): void {
    const { rows, none } = this.#grid;
    if (!rows.some((row) => row[partition] === none)) return;
    this.#grid.enter(partition);
    rows.forEach((row, replica) => {
      if (row[partition] === none) this.#settle(partition, replica);
    });
    this.#grid.leave(partition);
  }

  /** Moves one replica of a partition that has more in some tier than the plan lets it have. */
  #spread(partition: number): void {
    if (this.#frozen[partition]) return;
    const grid = this.#grid;
    grid.enter(partition);
    let worst = -1;
    let worstCost = 0;
    grid.rows.forEach((row, replica) => {
      if (partition >= row.length) return;
      const crowded = grid.crowdedTiers(row[partition]!);
      if (crowded === 0) return;
      const cost = 1e6 * crowded + grid.relativeExcessOf(row[partition]!);
      if (worst >= 0 && cost <= worstCost) return;
      worst = replica;
      worstCost = cost;
    });
    if (worst >= 0) {
      grid.lift(grid.rows[worst]![partition]!);
      grid.release(partition, worst);
      this.#settle(partition, worst);
    }
    grid.leave(partition);
  }

  /** Gives a device to a replica of the partition at hand that has none. */
  #settle(partition: number, replica: number): void {
    let device = this.#safest(partition, replica);
    if (device < 0) device = this.#choice.lacking(false);
    if (device < 0) device = this.#rearranged(partition);
    if (device < 0) device = this.#choice.leastLoaded();
    this.#take(partition, replica, device);
  }

  #take(partition: number, replica: number, device: number): void {
    this.#grid.assign(partition, replica, device);
    this.#grid.put(device);
    this.#settled.push(partition, replica);
    this.#frozen[partition] = 1;
  }

  /** Of some devices that lack replicas, the one with which fewest of the partition's stand too close; -1 when there is none. */
  #safest(partition: number, replica: number): number {
    let best = this.#choice.lacking(true);
    if (best < 0 || this.#allowed === undefined) return best;
    let leastRisk = this.#riskOn(partition, replica, best);
    for (let sample = 1; sample < SAMPLES && leastRisk > 0; sample++) {
      const device = this.#choice.lacking(true);
      const risk = this.#riskOn(partition, replica, device);
      if (risk >= leastRisk) continue;
      best = device;
      leastRisk = risk;
    }
    return best;
  }

  /** The risk of the partition at hand if a replica that is lifted stood on `device`. */
  #riskOn(partition: number, replica: number, device: number): number {
    if (this.#allowed === undefined) return 0;
    const row = this.#grid.rows[replica]!;
    const kept = row[partition]!;
    row[partition] = device;
    this.#grid.put(device);
    const risk = this.#grid.riskOf(partition, this.#allowed);
    this.#grid.lift(device);
    row[partition] = kept;
    return risk;
  }

  /**
   * Where no device that lacks replicas may have this partition: the device of a replica that was settled before and can go to one of
   * those instead; -1 when none is found.
   */
  #rearranged(partition: number): number {
    const grid = this.#grid;
    const slots = this.#settled.length / 2;
    if (slots === 0 || grid.lacking[0]! === 0) return -1;
    const start = this.#random.below(slots);
    for (let step = 0; step < Math.min(slots, REARRANGE_TRIES); step++) {
      const at = 2 * ((start + step) % slots);
      const [other, replica] = [this.#settled[at]!, this.#settled[at + 1]!];
      const device = grid.rows[replica]![other]!;
      if (other === partition || device === grid.none || !grid.admits(device)) continue;
      grid.leave(partition);
      grid.enter(other);
      grid.lift(device);
      const taker = this.#choice.lacking(false);
      grid.put(taker < 0 ? device : taker);
      if (taker >= 0) grid.assign(other, replica, taker);
      grid.leave(other);
      grid.enter(partition);
      if (taker >= 0) return device;
    }
    return -1;
  }

  /** Moves a replica from a device that has too many to one that lacks some, if the plan admits it. */
  #unload(partition: number, way: Way): void {
    const grid = this.#grid;
    if (this.#frozen[partition] || grid.excess === 0) return;
    const replicas = this.#fromOverloaded(partition);
    if (replicas.length === 0) return;
    grid.enter(partition);
    for (const replica of replicas) {
      const device = grid.rows[replica]![partition]!;
      const taker = this.#taker(partition, replica, device, way);
      if (taker < 0) continue;
      grid.lift(device);
      this.#take(partition, replica, taker);
      break;
    }
    grid.leave(partition);
  }

  /** Where a replica of the partition at hand may go from `device`; -1 when nowhere. */
  #taker(partition: number, replica: number, device: number, way: Way): number {
    const grid = this.#grid;
    const before = this.#allowed === undefined ? 0 : grid.riskOf(partition, this.#allowed);
    if (way === 'safer' && before === 0) return -1;
    grid.lift(device);
    let taker =
      way === 'loose' || way === 'rearranging' ? this.#choice.lacking(false) : this.#safest(partition, replica);
    if (taker >= 0 && (way === 'safer' || way === 'as safe')) {
      const change = this.#riskOn(partition, replica, taker) - before;
      if (change > (way === 'safer' ? -TINY : TINY)) taker = -1;
    }
    if (taker < 0 && way === 'rearranging') {
      // The row still names the device, which must not be counted twice.
      grid.put(device);
      grid.leave(partition);
      grid.rows[replica]![partition] = grid.none;
      grid.enter(partition);
      taker = this.#rearranged(partition);
      grid.rows[replica]![partition] = device;
    }
    grid.put(device);
    return taker;
  }

  /** Replicas on devices that have too many, the most overloaded first. */
  #fromOverloaded(partition: number): readonly number[] {
    const grid = this.#grid;
    let found: number[] | undefined;
    for (let replica = 0; replica < grid.rows.length; replica++) {
      const row = grid.rows[replica]!;
      if (partition < row.length && grid.excessOf(row[partition]!) > 0) (found ??= []).push(replica);
    }
    if (found === undefined) return NOTHING;
    const load = (replica: number): number => grid.relativeExcessOf(grid.rows[replica]![partition]!);
    return found.length === 1 ? found : found.sort((a, b) => load(b) - load(a));
  }

  /**
   * What no single move could mend: a replica goes from an overloaded device to one that has enough, which gives one of another partition
   * to a device that lacks some.
   */
  #exchange(): void {
    const grid = this.#grid;
    let budget = EXCHANGE_BUDGET;
    for (const { device, weight } of grid.tree.nodes) {
      if (device < 0 || weight <= 0) continue;
      while (grid.excessOf(device) < 0 && grid.excess > 0 && budget > 0) {
        budget -= grid.partitions * grid.rows.length;
        const givers = this.#givers(device, -grid.excessOf(device));
        if (!this.#pullThrough(givers, device)) break;
      }
    }
  }

  /** By device: partitions of which it might give its replica to `taker`, up to `limit`. */
  #givers(taker: number, limit: number): Map<number, number[]> {
    const grid = this.#grid;
    const givers = new Map<number, number[]>();
    this.#eachPartition('balance', (partition) => {
      if (this.#frozen[partition]) return;
      grid.enter(partition);
      for (const row of grid.rows) {
        if (partition >= row.length) continue;
        const device = row[partition]!;
        const given = givers.get(device);
        if (given !== undefined && given.length >= limit) continue;
        grid.lift(device);
        if (grid.admits(taker)) {
          if (given === undefined) givers.set(device, [partition]);
          else given.push(partition);
        }
        grid.put(device);
      }
      grid.leave(partition);
    });
    return givers;
  }

  /** Whether any exchange was made. */
  #pullThrough(givers: Map<number, number[]>, taker: number): boolean {
    const grid = this.#grid;
    let isAny = false;
    this.#eachPartition('balance', (partition) => {
      if (this.#frozen[partition] || grid.excessOf(taker) >= 0 || grid.excess === 0) return;
      const replicas = this.#fromOverloaded(partition);
      if (replicas.length === 0) return;
      grid.enter(partition);
      for (const replica of replicas) {
        const device = grid.rows[replica]![partition]!;
        grid.lift(device);
        const giver = this.#middleman(givers, partition, device);
        if (giver < 0) {
          grid.put(device);
          continue;
        }
        grid.leave(partition);
        this.#passOn(givers.get(giver)!.pop()!, giver, taker);
        grid.enter(partition);
        this.#frozen[partition] = 1;
        grid.lift(device);
        grid.assign(partition, replica, giver);
        grid.put(giver);
        isAny = true;
        break;
      }
      grid.leave(partition);
    });
    return isAny;
  }

  /** A device that may take a replica of the partition at hand, and can give one of another partition; -1 when there is none. */
  #middleman(givers: Map<number, number[]>, partition: number, from: number): number {
    for (const [giver, partitions] of givers) {
      while (partitions.length > 0 && this.#frozen[partitions[partitions.length - 1]!]) partitions.pop();
      const other = partitions[partitions.length - 1];
      if (other !== undefined && other !== partition && giver !== from && this.#grid.admits(giver)) return giver;
    }
    return -1;
  }

  #passOn(partition: number, giver: number, taker: number): void {
    const replica = this.#grid.rows.findIndex((row) => row[partition] === giver);
    this.#frozen[partition] = 1;
    this.#grid.assign(partition, replica, taker);
  }
}
