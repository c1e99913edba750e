import { randomBytes } from 'node:crypto';
import { writeFileDurably } from '../../common/durable-file.ts';
import type { RingDevice } from '../../common/host.ts';
import type { RingData } from '../ring-file.ts';
import { balanceByDevice, worstBalance } from './balance.ts';
import { BuilderError } from './builder-error.ts';
import { formatBuilder, loadBuilderState, parseBuilder } from './builder-file.ts';
import type { BuilderOptions, DeviceInfo, NewDevice, RebalanceOptions, RebalanceResult } from './builder-options.ts';
import { partitionCount, type BuilderDevice, type BuilderState, type MutableDevice } from './builder-state.ts';
import { reportDispersion, updateDispersion, type DispersionOptions, type DispersionReport } from './dispersion.ts';
import { rebalanceState } from './rebalance.ts';
import { requiredOverloadOf } from './replica-plan.ts';
import { validateState, type RingUsage } from './validation.ts';

export type { BuilderOptions, DeviceInfo, NewDevice, RebalanceOptions, RebalanceResult } from './builder-options.ts';

/**
 * Builds rings: which devices there are, and which of them hold which partitions. Its files are Swift's `.builder` files, and a builder
 * may go to and fro between the two. Whatever is refused throws BuilderError, with Swift's message.
 */
export class RingBuilder {
  readonly #state: BuilderState;
  readonly #nowSec: () => number;

  private constructor(state: BuilderState, options: BuilderOptions) {
    this.#state = state;
    this.#nowSec = options.nowSec ?? (() => Date.now() / 1000);
  }

  /** An empty builder. Throws BuilderError ('value') for a partition power above 32, less than 1 replica, or negative hours. */
  static create(partPower: number, replicas: number, minPartHours: number, options: BuilderOptions = {}): RingBuilder {
    if (partPower > 32) throw new BuilderError('value', `part_power must be at most 32 (was ${partPower})`);
    if (replicas < 1) throw new BuilderError('value', `replicas must be at least 1 (was ${replicas.toFixed(6)})`);
    if (minPartHours < 0) throw new BuilderError('value', `min_part_hours must be non-negative (was ${minPartHours})`);
    return new RingBuilder(
      {
        partPower,
        nextPartPower: null,
        replicas,
        minPartHours,
        devices: [],
        devicesChanged: false,
        version: 0,
        overload: 0,
        rows: undefined,
        lastMoves: new Uint8Array(2 ** partPower),
        lastMovesEpoch: 0,
        lastGatherStart: 0,
        dispersionGraph: [],
        dispersion: 0,
        removedDevices: [],
        id: null,
      },
      options,
    );
  }

  /** Reads a builder file. Throws BuilderError ('missing', 'permission', 'invalid'), and what else reading throws. */
  static async load(path: string, options: BuilderOptions = {}): Promise<RingBuilder> {
    return new RingBuilder(await loadBuilderState(path), options);
  }

  /** The same from the bytes of a file. Throws BuilderError ('invalid'); `name` stands in its message. */
  static parse(bytes: Uint8Array, name: string, options: BuilderOptions = {}): RingBuilder {
    return new RingBuilder(parseBuilder(bytes, name), options);
  }

  /**
   * Writes the builder file: aside, fsynced, renamed. A builder without an id gets one, and keeps it only if writing succeeds.
   * Backups are files like any other: the caller names them (Swift's: `backups/<seconds>.<base name>`, beside each rebalance).
   */
  async save(path: string): Promise<void> {
    const before = this.#state.id;
    this.#state.id ??= randomBytes(16).toString('hex');
    try {
      await writeFileDurably(path, formatBuilder(this.#state), { mode: 0o644 });
    } catch (error) {
      this.#state.id = before;
      throw error;
    }
  }

  get partPower(): number {
    return this.#state.partPower;
  }

  /** Number of partitions. */
  get parts(): number {
    return partitionCount(this.#state);
  }

  /** Set while the partition power is being raised: the power to come, then until `finish…` the same as `partPower`. */
  get nextPartPower(): number | null {
    return this.#state.nextPartPower;
  }

  /** May have a fraction. */
  get replicas(): number {
    return this.#state.replicas;
  }

  get minPartHours(): number {
    return this.#state.minPartHours;
  }

  /** Whole seconds until partitions that moved last may move again; 0 when they may. */
  get minPartSecondsLeft(): number {
    const elapsed = Math.trunc(this.#nowSec() - this.#state.lastMovesEpoch);
    return Math.max(this.#state.minPartHours * 3600 - elapsed, 0);
  }

  /** Raised by each change of devices, each rebalance, and each step of a partition power increase. */
  get version(): number {
    return this.#state.version;
  }

  /** A fraction: 0.1 for 10 %. */
  get overload(): number {
    return this.#state.overload;
  }

  /** 32 hex digits; null until the first save. */
  get id(): string | null {
    return this.#state.id;
  }

  /** Whether devices or replicas changed since the last rebalance. */
  get devicesChanged(): boolean {
    return this.#state.devicesChanged;
  }

  get everRebalanced(): boolean {
    return this.#state.rows !== undefined;
  }

  /** Percentage of replicas that stand closer together than they need, as of the last rebalance; null when the file does not tell. */
  get dispersion(): number | null {
    return this.#state.dispersion;
  }

  /** By id; undefined where a device was removed. Those marked for removal are still there. */
  get devices(): readonly (BuilderDevice | undefined)[] {
    return this.#state.devices;
  }

  /** Devices that the next rebalance takes out. */
  get removedDevices(): readonly BuilderDevice[] {
    return this.#state.removedDevices;
  }

  /** Adds a device and gives its id. Nothing moves before the next rebalance. Throws BuilderError ('duplicate') for an id in use. */
  addDevice(device: NewDevice): number {
    const { devices } = this.#state;
    const id = device.id ?? freeId(devices);
    if (devices[id] !== undefined) throw new BuilderError('duplicate', `Duplicate device id: ${id}`);
    while (devices.length < id) devices.push(undefined);
    devices[id] = {
      ...device,
      id,
      meta: device.meta ?? '',
      replication_ip: device.replication_ip ?? device.ip,
      replication_port: device.replication_port ?? device.port,
      parts: 0,
    };
    this.#changed();
    return id;
  }

  /** Marks a device for removal, its weight becoming 0; the next rebalance takes it out, whatever `minPartHours` says. */
  removeDevice(id: number): void {
    const device = this.#device(id);
    device.weight = 0;
    this.#state.removedDevices.push(device);
    this.#changed();
  }

  /** Throws BuilderError ('value') for a device that is marked for removal; so do the next two. */
  setDeviceWeight(id: number, weight: number): void {
    this.#changeable(id, 'weight').weight = weight;
    this.#changed();
  }

  setDeviceRegion(id: number, region: number): void {
    this.#changeable(id, 'region').region = region;
    this.#changed();
  }

  setDeviceZone(id: number, zone: number): void {
    this.#changeable(id, 'zone').zone = zone;
    this.#changed();
  }

  /** Changes addresses and the like; as in Swift this raises no version and asks for no rebalance. */
  setDeviceInfo(id: number, info: DeviceInfo): void {
    Object.assign(this.#device(id), info);
  }

  /** Takes effect at the next rebalance. */
  setReplicas(replicas: number): void {
    const slots = (count: number): number => Math.trunc(this.parts * count);
    if (slots(replicas) !== slots(this.#state.replicas)) this.#state.devicesChanged = true;
    this.#state.replicas = replicas;
  }

  /** As a fraction: 0.1 for 10 %. */
  setOverload(overload: number): void {
    this.#state.overload = overload;
  }

  setMinPartHours(hours: number): void {
    this.#state.minPartHours = hours;
  }

  /** Lets the next rebalance move any partition. */
  pretendMinPartHoursPassed(): void {
    this.#state.lastMovesEpoch = 0;
    this.#state.lastMoves.fill(0xff);
  }

  /**
   * Assigns partitions by weight, their replicas as far apart as can be, moving as few as possible: at most one replica of a partition,
   * and none within `minPartHours` of its last move, except from devices marked for removal, which it takes out.
   * Throws BuilderError: 'validation' when fewer devices than replicas have weight, 'empty' when none has.
   */
  rebalance(options: RebalanceOptions = {}): RebalanceResult {
    const { movedParts, removedDevices } = rebalanceState(this.#state, {
      nowSec: this.#nowSec(),
      seed: options.seed === undefined ? undefined : String(options.seed),
      onProgress: options.onProgress,
    });
    return { movedParts, balance: this.balance(), removedDevices };
  }

  /**
   * The worst device's deviation from its share by weight, in percent (0.83 for 124 partitions where 123 are due); 999.99 when a
   * device without weight holds any. Throws BuilderError ('empty') when no device has weight.
   */
  balance(): number {
    return worstBalance(this.#state);
  }

  /** Each device's deviation from its share by weight in percent, negative when it holds too few; 999.99 as in `balance`. */
  balanceByDevice(): Map<number, number> {
    return balanceByDevice(this.#state);
  }

  /** The least overload, as a fraction, with which replicas can stand as far apart as the tiers allow; 0 when weights allow it already. */
  requiredOverload(): number {
    return requiredOverloadOf(this.#state);
  }

  /**
   * Checks that every partition is assigned to existing devices, to none twice, and that the counts of devices agree. Gives the
   * partitions on each device (by id) and the worst deviation in percent. Throws BuilderError ('validation') for the first fault.
   */
  validate(): RingUsage {
    return validateState(this.#state);
  }

  /** How far apart replicas stand, by tier. With `recalculate` counts anew, which raises the version as in Swift. */
  dispersionReport(options: DispersionOptions = {}): DispersionReport {
    if (options.recalculate === true || this.#state.dispersionGraph.length === 0) updateDispersion(this.#state);
    return reportDispersion(this.#state, options);
  }

  /** Ids of a partition's devices, row by row, with duplicates; empty before the first rebalance. */
  devicesOfPartition(partition: number): number[] {
    const rows = this.#state.rows ?? [];
    return rows.flatMap((row) => (partition < row.length ? [row[partition] as number] : []));
  }

  /** Doubles the partitions to come: false when an increase is under way already. */
  prepareIncreasePartitionPower(): boolean {
    if (this.#state.nextPartPower) return false;
    return this.#setNextPartPower(this.#state.partPower + 1);
  }

  /** Doubles the partitions: 2p and 2p+1 lie where p lay. False unless prepared. Throws BuilderError ('validation') before the first rebalance. */
  increasePartitionPower(): boolean {
    const state = this.#state;
    if (state.nextPartPower !== state.partPower + 1) return false;
    if (state.rows === undefined) throw notRebalanced();
    state.rows = state.rows.map(doubled);
    state.lastMoves = doubled(state.lastMoves);
    for (const device of state.devices) if (device !== undefined) device.parts *= 2;
    state.partPower += 1;
    state.version += 1;
    return true;
  }

  /** Gives up a prepared increase; `finish…` must follow. False unless prepared and not yet increased. */
  cancelIncreasePartitionPower(): boolean {
    if (this.#state.nextPartPower !== this.#state.partPower + 1) return false;
    return this.#setNextPartPower(this.#state.partPower);
  }

  /** Ends an increase that was carried out or cancelled; false when there is none. */
  finishIncreasePartitionPower(): boolean {
    if (this.#state.nextPartPower !== this.#state.partPower) return false;
    return this.#setNextPartPower(null);
  }

  /** What the ring file holds, to be written by `writeRingFile`. Rows are shared with the builder. Without rows before the first rebalance. */
  ringData(): RingData {
    const { rows, devices, nextPartPower, version, partPower } = this.#state;
    return {
      devices: devices.map((device) => (device === undefined ? undefined : ringDevice(device))),
      partShift: 32 - partPower,
      rows: rows ?? [],
      nextPartPower,
      version,
    };
  }

  #setNextPartPower(power: number | null): true {
    this.#state.nextPartPower = power;
    this.#state.version += 1;
    return true;
  }

  #changed(): void {
    this.#state.devicesChanged = true;
    this.#state.version += 1;
  }

  #device(id: number): MutableDevice {
    const device = this.#state.devices[id];
    if (device === undefined) throw new BuilderError('value', `There is no device ${id}`);
    return device;
  }

  #changeable(id: number, what: string): MutableDevice {
    if (this.#state.removedDevices.some((device) => device.id === id)) {
      throw new BuilderError('value', `Can not set ${what} of dev_id ${id} because it is marked for removal`);
    }
    return this.#device(id);
  }
}

function freeId(devices: readonly unknown[]): number {
  const hole = devices.indexOf(undefined);
  return hole < 0 ? devices.length : hole;
}

function notRebalanced(): BuilderError {
  return new BuilderError('validation', '_replica2part2dev empty; did you forget to rebalance?');
}

function doubled<T extends Uint8Array | Uint16Array | Uint32Array>(values: T): T {
  const twice = values.constructor as new (length: number) => T;
  const out = new twice(values.length * 2);
  for (let at = 0; at < values.length; at++) out[2 * at] = out[2 * at + 1] = values[at] as number;
  return out;
}

function ringDevice({ parts: _parts, parts_wanted: _wanted, ...device }: BuilderDevice): RingDevice {
  return device;
}
