import type { RingDevice } from '../../common/host.ts';
import type { AssignmentRow } from '../ring-file.ts';

/**
 * A device in a builder. Keys that Apus does not know are kept as they were read and go into the ring too, apart from `parts` and
 * `parts_wanted`.
 */
export interface BuilderDevice extends RingDevice {
  /** Replicas of partitions that it holds now. */
  readonly parts: number;
  /** How many more it wanted at the end of the last rebalance; negative when it holds too many. */
  readonly parts_wanted?: number;
}

/** The builder's own view: what callers may only read. */
export type MutableDevice = { -readonly [Key in keyof BuilderDevice]: BuilderDevice[Key] };

/** For each tier that holds replicas: [partitions with none there, with one, with two, …]. */
export interface DispersionEntry {
  /** `[region]`, `[region, zone]`, `[region, zone, ip]` or `[region, zone, ip, id]`. */
  readonly tier: readonly (number | string)[];
  readonly counts: readonly number[];
}

/** All that a builder file holds. Source: spec swift-formats 1.7. */
export interface BuilderState {
  partPower: number;
  nextPartPower: number | null;
  /** May have a fraction. */
  replicas: number;
  minPartHours: number;
  /** By id; undefined where a device was removed. */
  devices: (MutableDevice | undefined)[];
  /** Whether devices or replicas changed since the last rebalance. */
  devicesChanged: boolean;
  version: number;
  /** 0.1 lets a device take 10 % more than its weight gives it, where that sets replicas further apart. */
  overload: number;
  /** Device ids by partition, a row for each replica; the last may be short. Undefined before the first rebalance. */
  rows: AssignmentRow[] | undefined;
  /** Hours since a replica of the partition moved, as of `lastMovesEpoch`; 255 stands for more. */
  lastMoves: Uint8Array;
  /** Seconds of Unix time; 0 when nothing ever moved. */
  lastMovesEpoch: number;
  /** Kept for Swift's own builder. */
  lastGatherStart: number;
  dispersionGraph: DispersionEntry[];
  /** Percentage of replicas that stand closer together than they need; null in files of old builders. */
  dispersion: number | null;
  /** Marked for removal by the next rebalance. */
  removedDevices: MutableDevice[];
  /** 32 hex digits, given at the first save. */
  id: string | null;
}

/** Width of device ids; ids of four bytes need rings of version 2, and a Swift that knows them. */
export function deviceIdBytes(state: BuilderState): 2 | 4 {
  if (state.devices.length > 0xffff) return 4;
  return state.rows?.some((row) => row instanceof Uint32Array) === true ? 4 : 2;
}

/** Partitions of the ring. */
export function partitionCount(state: BuilderState): number {
  return 2 ** state.partPower;
}

/** The devices that exist, those marked for removal included. */
export function* presentDevices(state: BuilderState): Generator<MutableDevice> {
  for (const device of state.devices) if (device !== undefined) yield device;
}
