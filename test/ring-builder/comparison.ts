import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { RingBuilder } from '../../src/ring/builder/ring-builder.ts';
import { BuilderError } from '../../src/ring/builder/builder-error.ts';
import { placementOf, type Placement } from './dispersion.ts';
import { applyChange, builderOf, type Topology } from './topology.ts';

/** What a rebalance led to, whoever did it: all but the time is counted here, from the assignments. */
export interface Outcome extends Placement {
  /** In percent. */
  readonly balance: number;
  /** Replicas of partitions. */
  readonly replicas: number;
  /** Replicas of partitions on another device than before. */
  readonly moved: number;
  readonly seconds: number;
}

export interface Pair {
  readonly apus: Outcome;
  readonly debian: Outcome;
  /** Debian's builder with another seed: how far it strays from itself. */
  readonly debianAgain: Outcome;
}

/** Both builders on the same builder files: a new ring, and the change of one that Apus built. */
export interface Comparison {
  readonly topology: Topology;
  readonly fresh: Pair;
  /** Undefined when both refuse the change, as too few devices have weight after it. */
  readonly changed: Pair | undefined;
}

interface Step {
  readonly before: RingBuilder;
  readonly apus: Outcome | undefined;
  readonly from: string;
  readonly to: string;
  readonly toAgain: string;
}

interface DebianAnswer {
  readonly seconds?: number;
  readonly error?: string;
}

const OTHER_SEEDS = 1_000_000;
const SCRIPT = join(import.meta.dirname, 'debian-rebalance.py');

/** Rebalances every topology twice with both. `folder` takes the builder files. Throws when one refuses what the other does. */
export async function compareWithDebian(topologies: readonly Topology[], folder: string): Promise<Comparison[]> {
  const steps: Step[] = [];
  for (const [at, topology] of topologies.entries()) {
    const builder = builderOf(topology);
    steps.push(await step(builder, join(folder, `${at}-fresh`), at));
    builder.pretendMinPartHoursPassed();
    applyChange(builder, topology.change);
    steps.push(await step(builder, join(folder, `${at}-changed`), at));
  }
  const answers = rebalanceWithDebian(steps.map(({ from, to }, seed) => ({ from, to, seed })));
  const again = rebalanceWithDebian(
    steps.map(({ from, toAgain }, seed) => ({ from, to: toAgain, seed: seed + OTHER_SEEDS })),
  );
  const pairs: (Pair | undefined)[] = [];
  for (const [at, done] of steps.entries()) pairs.push(await pairOf(done, answers[at]!, again[at]!));
  return topologies.map((topology, at) => ({ topology, fresh: pairs[2 * at]!, changed: pairs[2 * at + 1] }));
}

async function step(builder: RingBuilder, base: string, seed: number): Promise<Step> {
  const [from, to, toAgain] = [`${base}.builder`, `${base}-debian.builder`, `${base}-again.builder`];
  await builder.save(from);
  const before = await RingBuilder.load(from);
  const began = performance.now();
  try {
    builder.rebalance({ seed });
  } catch (error) {
    if (!(error instanceof BuilderError)) throw error;
    return { before, apus: undefined, from, to, toAgain };
  }
  return { before, apus: outcome(before, builder, (performance.now() - began) / 1000), from, to, toAgain };
}

function rebalanceWithDebian(jobs: readonly { from: string; to: string; seed: number }[]): DebianAnswer[] {
  const input = JSON.stringify(jobs);
  const { stdout, stderr, status } = spawnSync('/usr/bin/python3', [SCRIPT], {
    input,
    encoding: 'utf8',
    maxBuffer: 1 << 30,
    timeout: 40 * 60_000,
  });
  if (status !== 0) throw new Error(`debian-rebalance.py: ${stderr}`);
  return JSON.parse(stdout) as DebianAnswer[];
}

async function pairOf(
  { before, apus, to, toAgain }: Step,
  answer: DebianAnswer,
  again: DebianAnswer,
): Promise<Pair | undefined> {
  if ((apus === undefined) !== (answer.error !== undefined))
    throw new Error(`${to}: ${answer.error ?? 'Apus refuses'}`);
  if (apus === undefined) return undefined;
  return {
    apus,
    debian: outcome(before, await RingBuilder.load(to), answer.seconds!),
    debianAgain: outcome(before, await RingBuilder.load(toAgain), again.seconds!),
  };
}

/** Checks the ring too. */
function outcome(before: RingBuilder, after: RingBuilder, seconds: number): Outcome {
  after.validate();
  const old = before.ringData().rows;
  let moved = 0;
  let replicas = 0;
  after.ringData().rows.forEach((row, replica) => {
    replicas += row.length;
    row.forEach((device, partition) => (moved += old[replica]?.[partition] === device ? 0 : 1));
  });
  return { balance: after.balance(), replicas, ...placementOf(after), moved, seconds };
}

const TINY = 1e-6;
/** A ring of few partitions may need a move or two more, for what rounding leaves open. */
const SPARE_MOVES = 2;
/** Replicas that rounding may set too close, where Debian's rounding happens to set them apart. */
const SPARE_REPLICAS = 3;
/** The same for larger rings, as a part of Debian's dispersion. */
const SPARE_PART = 1 / 8;

/** What is worse than Debian's without anything that is better for it. */
export function faultsOf({ fresh, changed }: Comparison): string[] {
  const faults = placementFaults('fresh', fresh);
  if (changed === undefined) return faults;
  faults.push(...placementFaults('changed', changed));
  const { apus, debian } = changed;
  if (apus.moved > 1.1 * debian.moved + SPARE_MOVES && !isBetterIn(['balance', 'dispersion'], changed)) {
    faults.push(`moved ${apus.moved} for ${debian.moved}`);
  }
  return faults;
}

function placementFaults(what: string, pair: Pair): string[] {
  const { apus, debian } = pair;
  const faults: string[] = [];
  if (apus.balance > debian.balance + TINY && !isBetterIn(['dispersion', 'spread'], pair)) {
    faults.push(`${what}: balance ${apus.balance} for ${debian.balance}`);
  }
  const spare = Math.max((100 * SPARE_REPLICAS) / apus.replicas, SPARE_PART * debian.dispersion);
  if (apus.dispersion > debian.dispersion + spare && !isBetterIn(['balance'], pair)) {
    faults.push(`${what}: dispersion ${apus.dispersion} for ${debian.dispersion}`);
  }
  return faults;
}

function isBetterIn(measures: readonly ('balance' | 'dispersion' | 'spread')[], { apus, debian }: Pair): boolean {
  return measures.some((measure) =>
    measure === 'spread' ? apus.spread > debian.spread + TINY : apus[measure] < debian[measure] - TINY,
  );
}

/** Rebalances in which one builder did better or worse than Debian's. */
export interface Standing {
  readonly balance: { readonly better: number; readonly worse: number };
  readonly dispersion: { readonly better: number; readonly worse: number };
  /** Changes after which it had moved more than 1.1 times as much. */
  readonly movedMore: number;
}

export interface Summary {
  readonly topologies: number;
  readonly rebalances: number;
  /** Means over all rebalances; of moves, the sum over those of changes. */
  readonly apus: Outcome;
  readonly debian: Outcome;
  readonly apusToDebian: Standing;
  /** Debian's builder, with another seed, beside itself. */
  readonly debianToItself: Standing;
}

export function summaryOf(comparisons: readonly Comparison[]): Summary {
  const changes = comparisons.flatMap(({ changed }) => (changed === undefined ? [] : [changed]));
  const all = [...comparisons.map(({ fresh }) => fresh), ...changes];
  const sum = (pairs: readonly Pair[], of: (pair: Pair) => number): number =>
    pairs.reduce((total, pair) => total + of(pair), 0);
  const mean = (who: keyof Pair): Outcome => ({
    balance: sum(all, (pair) => pair[who].balance) / all.length,
    spread: sum(all, (pair) => pair[who].spread) / all.length,
    replicas: sum(all, (pair) => pair[who].replicas),
    dispersion: sum(all, (pair) => pair[who].dispersion) / all.length,
    moved: sum(changes, (pair) => pair[who].moved),
    seconds: sum(all, (pair) => pair[who].seconds),
  });
  const standing = (who: 'apus' | 'debianAgain'): Standing => {
    const tally = (key: 'balance' | 'dispersion'): Standing['balance'] => ({
      better: all.filter((pair) => pair[who][key] < pair.debian[key] - TINY).length,
      worse: all.filter((pair) => pair[who][key] > pair.debian[key] + TINY).length,
    });
    const movedMore = changes.filter((pair) => pair[who].moved > 1.1 * pair.debian.moved).length;
    return { balance: tally('balance'), dispersion: tally('dispersion'), movedMore };
  };
  return {
    topologies: comparisons.length,
    rebalances: all.length,
    apus: mean('apus'),
    debian: mean('debian'),
    apusToDebian: standing('apus'),
    debianToItself: standing('debianAgain'),
  };
}
