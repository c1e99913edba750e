import type { AssignmentRow } from '../ring-file.ts';
import { deviceIdBytes, partitionCount, presentDevices, type BuilderState } from './builder-state.ts';
import { updateDispersion } from './dispersion.ts';
import { placeAfresh } from './fresh-placement.ts';
import { GradualPlacement } from './gradual-placement.ts';
import { countParts } from './part-counts.ts';
import { PlacementGrid } from './placement-grid.ts';
import { Random } from './random.ts';
import { mix } from './mixing.ts';
import { mostWhenDispersed } from './even-replicas.ts';
import { planReplicas } from './replica-plan.ts';
import { buildTierTree, TIER_LEVELS } from './tier-tree.ts';

export interface RebalanceProgress {
  /** A new ring is placed and mixed; of one that stands, what must move is gathered, then loads are balanced. Counting ends both. */
  readonly phase: 'place' | 'mix' | 'gather' | 'balance' | 'count';
  /** Partitions dealt with in this pass, of all; a phase may take several passes. */
  readonly done: number;
  readonly total: number;
}

export interface RebalanceTask {
  /** Unix time. */
  readonly nowSec: number;
  readonly seed: string | undefined;
  readonly onProgress: ((progress: RebalanceProgress) => void) | undefined;
}

export interface RebalanceCount {
  readonly movedParts: number;
  readonly removedDevices: number;
}

/** See RingBuilder.rebalance. */
export function rebalanceState(state: BuilderState, task: RebalanceTask): RebalanceCount {
  const tree = buildTierTree(state);
  const plan = planReplicas(state, tree);
  const lengths = rowLengths(state);
  const counts = countParts(
    state,
    tree,
    plan,
    lengths.reduce((sum, length) => sum + length, 0),
  );
  ageMoves(state, task.nowSec);
  const random = new Random(task.seed);
  const allowed = mostWhenDispersed(state, tree);
  const before = state.rows ?? [];
  const rows = lengths.map((length, replica) => resized(before[replica], length, deviceIdBytes(state)));
  const begin = (phase: 'place' | 'count'): void => task.onProgress?.({ phase, done: 0, total: partitionCount(state) });
  if (state.rows === undefined) {
    begin('place');
    placeAfresh(rows, tree, counts, random);
    mix(new PlacementGrid(rows, tree, plan, counts), allowed, random, (done, total) =>
      task.onProgress?.({ phase: 'mix', done, total }),
    );
  } else replaceSome(state, new PlacementGrid(rows, tree, plan, counts), allowed, random, task);
  state.rows = rows;
  begin('count');
  const movedParts = noteMoves(state, before);
  countDevices(state, (id) => counts[tree.path[id * TIER_LEVELS + TIER_LEVELS - 1]!]!);
  const removedDevices = state.removedDevices.length;
  for (const { id } of state.removedDevices) state.devices[id] = undefined;
  state.removedDevices = [];
  state.devicesChanged = false;
  updateDispersion(state);
  return { movedParts, removedDevices };
}

/** Changes as little as leads to the plan, within what `minPartHours` lets move. */
function replaceSome(
  state: BuilderState,
  grid: PlacementGrid,
  allowed: Int32Array,
  random: Random,
  task: RebalanceTask,
): void {
  for (const { id } of state.removedDevices) {
    grid.rows.forEach((row, replica) => {
      for (let partition = row.indexOf(id); partition >= 0; partition = row.indexOf(id, partition + 1)) {
        grid.release(partition, replica);
      }
    });
  }
  const frozen = Uint8Array.from(state.lastMoves, (hours) => (hours < state.minPartHours ? 1 : 0));
  const placement = new GradualPlacement(grid, allowed, frozen, random, (phase, done) =>
    task.onProgress?.({ phase, done, total: grid.partitions }),
  );
  placement.run();
}

/** Whole rows, and a short one for the fraction, unless that comes to less than one partition. */
function rowLengths(state: BuilderState): number[] {
  const parts = partitionCount(state);
  const whole = Math.trunc(state.replicas);
  const rest = Math.trunc(parts * (state.replicas - whole));
  return [...Array.from({ length: whole }, () => parts), ...(rest > 0 ? [rest] : [])];
}

/** A copy; what is new in it is assigned to nothing, which all bits set stand for. */
function resized(row: AssignmentRow | undefined, length: number, idBytes: 2 | 4): AssignmentRow {
  const copy = idBytes === 2 ? new Uint16Array(length) : new Uint32Array(length);
  const kept = row?.subarray(0, length) ?? new Uint16Array(0);
  copy.set(kept);
  copy.fill(idBytes === 2 ? 0xffff : 0xffffffff, kept.length);
  return copy;
}

/** Adds the hours that passed to the ages of all moves. */
function ageMoves(state: BuilderState, nowSec: number): void {
  const hours = Math.floor((nowSec - state.lastMovesEpoch) / 3600);
  if (hours <= 0) return;
  for (let at = 0; at < state.lastMoves.length; at++) {
    state.lastMoves[at] = Math.min(state.lastMoves[at]! + hours, 0xff);
  }
  state.lastMovesEpoch = Math.trunc(nowSec);
}

/** Marks the partitions of which a replica has another device than before, and counts those replicas. */
function noteMoves(state: BuilderState, before: readonly AssignmentRow[]): number {
  let moved = 0;
  (state.rows ?? []).forEach((row, replica) => {
    const old = before[replica];
    for (let partition = 0; partition < row.length; partition++) {
      if (old !== undefined && partition < old.length && old[partition] === row[partition]) continue;
      state.lastMoves[partition] = 0;
      moved++;
    }
  });
  return moved;
}

function countDevices(state: BuilderState, wanted: (id: number) => number): void {
  const held = new Uint32Array(state.devices.length);
  for (const row of state.rows ?? []) for (const id of row) held[id]!++;
  for (const device of presentDevices(state)) {
    device.parts = held[device.id]!;
    device.parts_wanted = wanted(device.id) - device.parts;
  }
}
