import { partitionCount, type BuilderState, type DispersionEntry } from './builder-state.ts';
import { mostWhenDispersed } from './even-replicas.ts';
import { buildTierTree, TIER_LEVELS, type TierTree } from './tier-tree.ts';

export interface DispersionOptions {
  /** Only tiers whose name it matches at its beginning, as Swift's search does; all unless given. */
  readonly filter?: RegExp;
  /** Count anew, which raises the builder's version. */
  readonly recalculate?: boolean;
}

export interface TierDispersion {
  /** `r1`, `r1z2`, `r1z2-10.0.0.1` or `r1z2-10.0.0.1/sdb`. */
  readonly name: string;
  /** How many replicas of a partition stand here when they are set as far apart as can be. */
  readonly maxReplicas: number;
  /** Replicas that stand here. */
  readonly placedParts: number;
  /** Percentage of those that are above `maxReplicas`. */
  readonly dispersion: number;
  /** Partitions with no replica here, with one, with two, … */
  readonly replicas: readonly number[];
}

export interface DispersionReport {
  /** Of the worst tier, in percent. */
  readonly maxDispersion: number;
  /** Null when no tier is at risk. */
  readonly worstTier: string | null;
  /** In order of region, zone, server, device, a tier before what is in it. */
  readonly tiers: readonly TierDispersion[];
}

/** See RingBuilder.dispersionReport. */
export function reportDispersion(state: BuilderState, options: DispersionOptions): DispersionReport {
  const most = mostByTier(state);
  const tiers: TierDispersion[] = [];
  let worst: TierDispersion | undefined;
  for (const { tier, counts } of [...state.dispersionGraph].sort((a, b) => compareTiers(a.tier, b.tier))) {
    const name = tierName(state, tier);
    if (options.filter !== undefined && !matchesAtStart(options.filter, name)) continue;
    const maxReplicas = most.get(JSON.stringify(tier)) ?? 0;
    const placedParts = counts.reduce((sum, parts, replicas) => sum + parts * replicas, 0);
    const atRisk = counts.reduce((sum, parts, replicas) => sum + parts * Math.max(replicas - maxReplicas, 0), 0);
    const entry = { name, maxReplicas, placedParts, dispersion: (100 * atRisk) / placedParts, replicas: counts };
    if (entry.dispersion > (worst?.dispersion ?? 0)) worst = entry;
    tiers.push(entry);
  }
  return { maxDispersion: worst?.dispersion ?? 0, worstTier: worst?.name ?? null, tiers };
}

function matchesAtStart(filter: RegExp, name: string): boolean {
  return new RegExp(`^(?:${filter.source})`, filter.flags).test(name);
}

function mostByTier(state: BuilderState): Map<string, number> {
  const tree = buildTierTree(state);
  const most = mostWhenDispersed(state, tree);
  return new Map(tree.nodes.map(({ tier }, node) => [JSON.stringify(tier), most[node] as number]));
}

/** As Python orders tuples. */
function compareTiers(a: readonly (number | string)[], b: readonly (number | string)[]): number {
  for (let at = 0; at < Math.min(a.length, b.length); at++) {
    if (a[at] !== b[at]) return (a[at] as number) < (b[at] as number) ? -1 : 1;
  }
  return a.length - b.length;
}

function tierName(state: BuilderState, tier: readonly (number | string)[]): string {
  const [region, zone, ip, id] = tier;
  const device = tier.length < 4 ? '' : `/${state.devices[id as number]?.device ?? `IDd${id}`}`;
  return `r${region}${tier.length < 2 ? '' : `z${zone}`}${tier.length < 3 ? '' : `-${ip}`}${device}`;
}

/** Counts where the replicas of each partition stand; sets the builder's graph and dispersion, and raises its version. */
export function updateDispersion(state: BuilderState): void {
  const tree = buildTierTree(state);
  const count = new TierCount(state, tree);
  for (let partition = 0; partition < partitionCount(state); partition++) count.add(partition);
  state.dispersionGraph = count.graph();
  state.dispersion = (100 * count.partsAtRisk) / (partitionCount(state) * state.replicas);
  state.version += 1;
}

class TierCount {
  partsAtRisk = 0;
  readonly #state: BuilderState;
  readonly #tree: TierTree;
  readonly #most: Int32Array;
  /** Partitions by node and number of replicas. */
  readonly #parts: Uint32Array;
  readonly #width: number;
  /** Replicas of the partition at hand by node; all 0 between partitions. */
  readonly #here: Uint16Array;
  readonly #risk: number[] = [];

  constructor(state: BuilderState, tree: TierTree) {
    this.#state = state;
    this.#tree = tree;
    this.#most = mostWhenDispersed(state, tree);
    this.#width = Math.ceil(state.replicas) + 1;
    this.#parts = new Uint32Array(tree.nodes.length * this.#width);
    this.#here = new Uint16Array(tree.nodes.length);
  }

  add(partition: number): void {
    const { path } = this.#tree;
    const rows = this.#state.rows ?? [];
    this.#risk.fill(0);
    for (const row of rows) {
      if (partition >= row.length) continue;
      const from = row[partition]! * TIER_LEVELS;
      for (let at = from; at < from + TIER_LEVELS; at++) this.#here[path[at]!]!++;
    }
    for (const row of rows) {
      if (partition >= row.length) continue;
      const from = row[partition]! * TIER_LEVELS;
      for (let level = 0; level < TIER_LEVELS; level++) this.#take(path[from + level]!, level);
    }
    this.partsAtRisk += Math.max(0, ...this.#risk);
  }

  /** Each node once, however many replicas stand in it. */
  #take(node: number, level: number): void {
    const replicas = this.#here[node]!;
    if (replicas === 0) return;
    this.#here[node] = 0;
    this.#parts[node * this.#width + replicas]!++;
    this.#risk[level] = (this.#risk[level] ?? 0) + Math.max(replicas - this.#most[node]!, 0);
  }

  graph(): DispersionEntry[] {
    const entries: DispersionEntry[] = [];
    this.#tree.nodes.forEach(({ tier }, node) => {
      const counts = Array.from(this.#parts.subarray(node * this.#width, (node + 1) * this.#width));
      const holding = counts.reduce((sum, parts) => sum + parts, 0);
      if (tier.length === 0 || holding === 0) return;
      counts[0] = partitionCount(this.#state) - holding;
      entries.push({ tier, counts });
    });
    return entries;
  }
}
