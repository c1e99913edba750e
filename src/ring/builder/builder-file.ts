import { readFile } from 'node:fs/promises';
import {
  PickleArray,
  PickleError,
  PickleFloat,
  PickleTuple,
  pickleDict,
  readPickle,
  writePickle,
  type PickleDict,
  type PickleValue,
} from '../../common/pickle.ts';
import { errorCode } from '../../common/system-calls.ts';
import type { AssignmentRow } from '../ring-file.ts';
import { BuilderError } from './builder-error.ts';
import {
  deviceIdBytes,
  partitionCount,
  type BuilderState,
  type DispersionEntry,
  type MutableDevice,
} from './builder-state.ts';

/** Builder files: a pickle of protocol 2. Source: spec swift-formats 1.7. */

/** Throws BuilderError ('missing', 'permission', 'invalid'). */
export async function loadBuilderState(path: string): Promise<BuilderState> {
  let bytes: Buffer;
  try {
    bytes = await readFile(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') throw new BuilderError('missing', `Ring Builder file does not exist: ${path}`, error);
    if (code === 'EACCES' || code === 'EPERM') {
      throw new BuilderError('permission', `Ring Builder file cannot be accessed: ${path}`, error);
    }
    throw error;
  }
  return parseBuilder(bytes, path);
}

/** Throws BuilderError ('invalid'); `name` stands in its message. */
export function parseBuilder(bytes: Uint8Array, name: string): BuilderState {
  try {
    const value = readPickle(bytes, { arrays: true });
    if (!(value instanceof Map)) throw new PickleError('no dict');
    return new BuilderReader(value).state();
  } catch (error) {
    if (!(error instanceof PickleError)) throw error;
    throw new BuilderError('invalid', `Ring Builder file is invalid: ${name}`, error);
  }
}

/** Turns a dict into a builder; whatever an old builder's file lacks gets the value that Swift gives it. */
class BuilderReader {
  readonly #dict: PickleDict;
  /** A device marked for removal stands in the file once, and is referred to twice. */
  readonly #devices = new Map<PickleDict, MutableDevice>();

  constructor(dict: PickleDict) {
    this.#dict = dict;
  }

  state(): BuilderState {
    const partPower = this.#number('part_power');
    if (!Number.isInteger(partPower) || partPower < 0 || partPower > 32) throw new PickleError('part_power');
    const devices = this.#list('devs').map((device) => (device === null ? undefined : this.#device(device)));
    return {
      partPower,
      nextPartPower: this.#optional('next_part_power', 'number') ?? null,
      replicas: this.#number('replicas'),
      minPartHours: this.#number('min_part_hours'),
      devices,
      devicesChanged: this.#dict.get('devs_changed') === true,
      version: this.#number('version'),
      overload: this.#optional('overload', 'number') ?? 0,
      rows: this.#rows(devices),
      lastMoves: this.#lastMoves(2 ** partPower),
      lastMovesEpoch: this.#optional('_last_part_moves_epoch', 'number') ?? 0,
      lastGatherStart: this.#optional('_last_part_gather_start', 'number') ?? 0,
      dispersionGraph: this.#graph(),
      dispersion: this.#optional('dispersion', 'number') ?? null,
      removedDevices: this.#list('_remove_devs').map((device) => this.#device(device)),
      id: this.#optional('id', 'string') ?? null,
    };
  }

  #device(value: PickleValue): MutableDevice {
    if (!(value instanceof Map)) throw new PickleError('device is no dict');
    const known = this.#devices.get(value);
    if (known !== undefined) return known;
    const read = Object.fromEntries(value as ReadonlyMap<string, PickleValue>) as unknown as Partial<MutableDevice>;
    for (const key of ['id', 'zone', 'port', 'weight'] as const) {
      if (typeof read[key] !== 'number') throw new PickleError(`device has no ${key}`);
    }
    if (typeof read.ip !== 'string' || typeof read.device !== 'string')
      throw new PickleError('device has no ip or name');
    const device = {
      ...read,
      region: read.region ?? 1,
      meta: read.meta ?? '',
      replication_ip: read.replication_ip ?? read.ip,
      replication_port: read.replication_port ?? read.port,
      parts: read.parts ?? 0,
    } as MutableDevice;
    this.#devices.set(value, device);
    return device;
  }

  #rows(devices: readonly unknown[]): AssignmentRow[] | undefined {
    const value = this.#dict.get('_replica2part2dev');
    if (value === null || value === undefined) return undefined;
    if (!Array.isArray(value)) throw new PickleError('assignments are no list');
    return value.map((row) => {
      const ids = row instanceof PickleArray ? row.values : undefined;
      if (!(ids instanceof Uint16Array || ids instanceof Uint32Array))
        throw new PickleError('assignments are no array');
      for (const id of ids) if (devices[id] === undefined) throw new PickleError(`device ${id} is missing`);
      return ids;
    });
  }

  /** An array; a list after Swift raised the partition power; None in old files. */
  #lastMoves(partitions: number): Uint8Array {
    const value = this.#dict.get('_last_part_moves') ?? null;
    if (value === null) return new Uint8Array(partitions);
    const hours = value instanceof PickleArray ? value.values : Array.isArray(value) ? value : [];
    const moves = Uint8Array.from(hours as Iterable<number>);
    if (moves.length !== partitions) throw new PickleError('_last_part_moves has a wrong length');
    return moves;
  }

  #graph(): DispersionEntry[] {
    const value = this.#dict.get('_dispersion_graph');
    if (!(value instanceof Map)) return [];
    return [...value].map(([tier, counts]) => {
      if (!(tier instanceof PickleTuple) || !Array.isArray(counts)) throw new PickleError('dispersion graph');
      return { tier: tier.items as (number | string)[], counts: counts as number[] };
    });
  }

  #list(key: string): PickleValue[] {
    const value = this.#dict.get(key);
    if (!Array.isArray(value)) throw new PickleError(`${key} is no list`);
    return value;
  }

  #number(key: string): number {
    const value = this.#optional(key, 'number');
    if (value === undefined) throw new PickleError(`${key} is missing`);
    return value;
  }

  #optional(key: string, type: 'number'): number | undefined;
  #optional(key: string, type: 'string'): string | undefined;
  #optional(key: string, type: 'number' | 'string'): PickleValue | undefined {
    const value = this.#dict.get(key) ?? undefined;
    if (value !== undefined && typeof value !== type) throw new PickleError(`${key} is no ${type}`);
    return value;
  }
}

/** The bytes of a builder file. */
export function formatBuilder(state: BuilderState): Buffer {
  const devices = new Map(
    [...state.devices, ...state.removedDevices].flatMap((device) =>
      device === undefined ? [] : [[device, pickledDevice(device)] as const],
    ),
  );
  return writePickle(
    pickleDict({
      part_power: state.partPower,
      next_part_power: state.nextPartPower,
      replicas: new PickleFloat(state.replicas),
      min_part_hours: state.minPartHours,
      parts: partitionCount(state),
      devs: state.devices.map((device) => (device === undefined ? null : (devices.get(device) as PickleDict))),
      devs_changed: state.devicesChanged,
      dev_id_bytes: deviceIdBytes(state),
      version: state.version,
      overload: new PickleFloat(state.overload),
      _replica2part2dev: state.rows?.map((row) => new PickleArray(row)) ?? null,
      _last_part_moves_epoch: state.lastMovesEpoch,
      _last_part_moves: new PickleArray(state.lastMoves),
      _last_part_gather_start: state.lastGatherStart,
      _dispersion_graph: new Map(
        state.dispersionGraph.map(({ tier, counts }) => [new PickleTuple(tier), [...counts]] as const),
      ),
      dispersion: state.dispersion === null ? null : new PickleFloat(state.dispersion),
      _remove_devs: state.removedDevices.map((device) => devices.get(device) as PickleDict),
      id: state.id,
    }),
  );
}

function pickledDevice(device: MutableDevice): PickleDict {
  const dict = pickleDict(device as unknown as Record<string, PickleValue>);
  dict.set('weight', new PickleFloat(device.weight));
  return dict;
}
