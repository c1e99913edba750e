import { existsSync } from 'node:fs';
import type { RingDevice } from '../../common/host.ts';
import { BuilderError } from '../../ring/builder/builder-error.ts';
import type { BuilderDevice } from '../../ring/builder/builder-state.ts';
import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { loadRingFileAsync, type RingData } from '../../ring/ring-file.ts';
import { durationText, fixed } from '../python-text.ts';
import { SUCCESS, type Command, type Session } from './command.ts';
import { deviceTable } from './device-table.ts';

/** The bare builder file: the ring's figures and its devices. */
export const show: Command = {
  kind: 'with builder',
  usage: [''],
  about: 'The same as without a command: the ring and a table of its devices.',
  leastWords: 0,
  async run(session, builder) {
    const { terminal } = session;
    const { balance, balances, fault } = balanceOf(builder);
    terminal.print(figures(session.builderFile, builder, balance));
    const { text, isUpToDate } = await compareRing(session.ringFile, builder);
    terminal.print(text);
    const removed = new Set(builder.removedDevices.map(({ id }) => id));
    const rows = presentDevices(builder)
      .sort(byPlace)
      .map((device) => ({
        device,
        balance: balances.get(device.id) ?? 0,
        flags: removed.has(device.id) ? 'DEL' : '',
      }));
    terminal.print(deviceTable(rows));
    showPowerIncrease(session, builder, isUpToDate);
    if (fault !== undefined) terminal.print(fault);
    return SUCCESS;
  },
};

function presentDevices(builder: RingBuilder): BuilderDevice[] {
  return builder.devices.filter((device) => device !== undefined);
}

/** A ring without any weight has no balance, but is shown all the same. */
function balanceOf(builder: RingBuilder): { balance: number; balances: Map<number, number>; fault?: string } {
  try {
    return { balance: builder.balance(), balances: builder.balanceByDevice() };
  } catch (error) {
    if (!(error instanceof BuilderError && error.kind === 'empty')) throw error;
    return { balance: 0, balances: new Map(), fault: error.message };
  }
}

function figures(builderFile: string, builder: RingBuilder, balance: number): string {
  const devices = presentDevices(builder);
  const regions = new Set(devices.map(({ region }) => region)).size;
  const zones = new Set(devices.map(({ region, zone }) => `${region} ${zone}`)).size;
  const dispersion = builder.dispersion === null ? '' : `, ${fixed(builder.dispersion)} dispersion`;
  const left = durationText(builder.minPartSecondsLeft);
  return [
    `${builderFile}, build version ${builder.version}, id ${builder.id ?? '(not assigned)'}`,
    `${builder.parts} partitions, ${fixed(builder.replicas, 6)} replicas, ${regions} regions, ${zones} zones, ` +
      `${devices.length} devices, ${fixed(balance)} balance${dispersion}`,
    `The minimum number of hours before a partition can be reassigned is ${builder.minPartHours} (${left} remaining)`,
    `The overload factor is ${fixed(builder.overload * 100)}% (${fixed(builder.overload, 6)})`,
  ].join('\n');
}

async function compareRing(ringFile: string, builder: RingBuilder): Promise<{ text: string; isUpToDate: boolean }> {
  if (!existsSync(ringFile)) {
    return { text: `Ring file ${ringFile} not found, probably it hasn't been written yet`, isUpToDate: false };
  }
  let ring: RingData;
  try {
    ring = await loadRingFileAsync(ringFile);
  } catch (error) {
    return { text: `Ring file ${ringFile} is invalid: ${(error as Error).message}`, isUpToDate: false };
  }
  const isUpToDate = sameRing(ring, builder.ringData());
  return { text: `Ring file ${ringFile} is ${isUpToDate ? 'up-to-date' : 'obsolete'}`, isUpToDate };
}

function sameRing(a: RingData, b: RingData): boolean {
  return (
    a.partShift === b.partShift &&
    a.version === b.version &&
    a.nextPartPower === b.nextPartPower &&
    a.rows.length === b.rows.length &&
    a.rows.every((row, replica) => sameRow(row, b.rows[replica])) &&
    deviceList(a) === deviceList(b)
  );
}

function sameRow(a: ArrayLike<number>, b: ArrayLike<number> | undefined): boolean {
  if (a.length !== b?.length) return false;
  for (let partition = 0; partition < a.length; partition++) if (a[partition] !== b[partition]) return false;
  return true;
}

function deviceList({ devices }: RingData): string {
  const keysInOrder = (device: RingDevice): unknown => Object.entries(device).sort(([a], [b]) => (a < b ? -1 : 1));
  return JSON.stringify(devices.map((device) => (device === undefined ? null : keysInOrder(device))));
}

function byPlace(a: BuilderDevice, b: BuilderDevice): number {
  return a.region - b.region || a.zone - b.zone || compareText(a.ip, b.ip) || compareText(a.device, b.device);
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function showPowerIncrease({ terminal }: Session, builder: RingBuilder, isUpToDate: boolean): void {
  const { partPower, nextPartPower } = builder;
  if (nextPartPower === partPower + 1) {
    terminal.print(`\nPreparing increase of partition power (${partPower} -> ${nextPartPower})`);
    terminal.print('Run "swift-object-relinker relink" on all nodes before moving on to increase_partition_power.');
  } else if (nextPartPower !== null && nextPartPower === partPower) {
    terminal.print(`\nIncreased partition power (${partPower} -> ${nextPartPower})`);
    if (!isUpToDate) {
      terminal.print(
        'First run "swift-ring-builder <builderfile> write_ring" now and copy the updated .ring.gz file to all nodes.',
      );
    }
    terminal.print(
      'Run "swift-object-relinker cleanup" on all nodes before moving on to finish_increase_partition_power.',
    );
  }
}
