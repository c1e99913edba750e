import { existsSync } from 'node:fs';
import { formatBuilder } from '../../ring/builder/builder-file.ts';
import type { BuilderState, MutableDevice } from '../../ring/builder/builder-state.ts';
import { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { loadRingFileAsync, type RingData } from '../../ring/ring-file.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command } from './command.ts';
import { integerOrEnd } from './set-ring.ts';

const DEFAULT_MIN_PART_HOURS = 24;

export const writeBuilder: Command = {
  kind: 'without builder',
  usage: ['[<min_part_hours>]'],
  about: `Makes a builder from the ring file, for want of the one that made it (keep
backups of builders). What rings do not hold is lost: <min_part_hours> is 24
unless given, the overload is 0, and when partitions moved is not known.`,
  leastWords: 0,
  async run({ terminal, builderFile, ringFile, words: [hours] }) {
    if (existsSync(builderFile)) {
      throw new CommandEnd(FAILURE, `Cowardly refusing to overwrite existing Ring Builder file: ${builderFile}`);
    }
    const minPartHours = hours === undefined ? DEFAULT_MIN_PART_HOURS : integerOrEnd(hours);
    if (hours === undefined) {
      terminal.warn('WARNING: default min_part_hours may not match the value in the lost builder.');
    }
    const state = stateFromRing(await loadRingFileAsync(ringFile), minPartHours);
    await RingBuilder.parse(formatBuilder(state), builderFile).save(builderFile);
    return SUCCESS;
  },
};

function stateFromRing(ring: RingData, minPartHours: number): BuilderState {
  const devices = ring.devices.map((device): MutableDevice | undefined =>
    device === undefined ? undefined : { ...device, parts: 0, parts_wanted: 0 },
  );
  for (const row of ring.rows) for (const id of row) (devices[id] as MutableDevice).parts += 1;
  const [first, last] = [ring.rows[0], ring.rows.at(-1)];
  return {
    partPower: 32 - ring.partShift,
    nextPartPower: ring.nextPartPower,
    replicas: ring.rows.length - 1 + (last?.length ?? 0) / (first?.length ?? 1),
    minPartHours,
    devices,
    devicesChanged: false,
    version: ring.version ?? 0,
    overload: 0,
    rows: [...ring.rows],
    // As after pretend_min_part_hours_passed: nobody knows better.
    lastMoves: new Uint8Array(2 ** (32 - ring.partShift)).fill(0xff),
    lastMovesEpoch: 0,
    lastGatherStart: 0,
    dispersionGraph: [],
    dispersion: null,
    removedDevices: [],
    id: null,
  };
}
