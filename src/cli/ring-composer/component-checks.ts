/** What must hold of builders whose rings are put together, and of those that take the place of earlier ones. */

import type { BuilderDevice } from '../../ring/builder/builder-state.ts';
import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { pythonFloat } from '../../common/python-json.ts';
import { quoted, ValueFault } from '../python-text.ts';
import type { Component } from './composite-file.ts';

/** Throws ValueFault for the first kind of fault, naming all of its cases where there may be several. */
export function checkComponents(builders: readonly RingBuilder[]): void {
  checkPartPowers(builders);
  checkReady(builders);
  checkRegions(builders);
  checkDevices(builders);
}

function checkPartPowers(builders: readonly RingBuilder[]): void {
  const indexes = indexesBy(builders, ({ partPower }) => partPower);
  if (indexes.size === 1) return;
  const variations = [...indexes].map(([power, at]) => `part_power=${power} found at indexes [${at.join(', ')}]`);
  throw new ValueFault(`All builders must have same value for 'part_power'.\n${variations.join('\n  ')}`);
}

/** The places of those that share a key, by that key. */
function indexesBy<T, K>(values: readonly T[], keyOf: (value: T) => K): Map<K, number[]> {
  const indexes = new Map<K, number[]>();
  values.forEach((value, at) => {
    const key = keyOf(value);
    const known = indexes.get(key);
    if (known === undefined) indexes.set(key, [at]);
    else known.push(at);
  });
  return indexes;
}

function checkReady(builders: readonly RingBuilder[]): void {
  const faults = builders.flatMap(({ replicas, devicesChanged }, at) => [
    ...(Number.isInteger(replicas) ? [] : [`Non integer replica count ${pythonFloat(replicas)} found at index ${at}`]),
    ...(devicesChanged ? [`Builder needs rebalance to apply changes at index ${at}`] : []),
  ]);
  if (faults.length > 0) throw new ValueFault(`Problem with builders.\n${faults.join('\n  ')}`);
}

/** Replicas of different builders must not meet in one region. */
function checkRegions(builders: readonly RingBuilder[]): void {
  const taken = new Set<number>();
  for (const builder of builders) {
    const regions = new Set(devicesOf(builder).map(({ region }) => region));
    for (const region of regions) {
      if (taken.has(region)) throw new ValueFault('Same region found in different rings');
      taken.add(region);
    }
  }
}

function checkDevices(builders: readonly RingBuilder[]): void {
  const owners = new Map<string, number>();
  builders.forEach((builder, at) => {
    for (const { ip, port, device } of devicesOf(builder)) {
      const place = `${ip}/${port}/${device}`;
      const owner = owners.get(place);
      if (owner !== undefined && owner !== at) {
        throw new ValueFault(
          `Duplicate ip/port/device combination ${place} found in builders at indexes ${owner} and ${at}`,
        );
      }
      owners.set(place, at);
    }
  });
}

function devicesOf(builder: RingBuilder): readonly BuilderDevice[] {
  return builder.devices.filter((device) => device !== undefined);
}

/** Throws ValueFault for a builder without an id, or one that is given twice. */
export function checkIds(builders: readonly RingBuilder[]): void {
  const faults = builders.flatMap(({ id }, at) =>
    id === null ? [`Problem with builder at index ${at}: it has no id; save it once to give it one`] : [],
  );
  for (const [id, at] of indexesBy(builders, ({ id }) => id)) {
    if (id !== null && at.length > 1) faults.push(`Builder id ${quoted(id)} used at indexes ${at.join(', ')}`);
  }
  if (faults.length > 0) throw new ValueFault(faults.join('\n'));
}

/** Whether any builder has changed since. Throws ValueFault unless they are the same builders in the same order, none older than it was. */
export function haveChanged(before: readonly Component[], now: readonly Component[]): boolean {
  const faults: string[] = [];
  before.forEach((old, at) => {
    const fault = faultOfChange(old, now[at]);
    if (fault === undefined) return;
    faults.push(now[at] === undefined ? `${fault} at index ${at}` : `Invalid builder change at index ${at}: ${fault}`);
  });
  now.slice(before.length).forEach(({ version, replicas, id }, extra) => {
    const shown = `{'version': ${version}, 'replicas': ${pythonFloat(replicas)}, 'id': ${quoted(id)}}`;
    faults.push(`Unexpected extra builder at index ${before.length + extra}: ${shown}`);
  });
  if (faults.length > 0) throw new ValueFault(faults.join('\n'));
  return before.some(({ version }, at) => (now[at]?.version ?? version) > version);
}

function faultOfChange(old: Component, now: Component | undefined): string | undefined {
  if (now === undefined) return 'Missing builder';
  if (old.replicas !== now.replicas) {
    return `Attribute mismatch for replicas: ${pythonFloat(old.replicas)} != ${pythonFloat(now.replicas)}`;
  }
  if (old.id !== now.id) return `Attribute mismatch for id: ${quoted(old.id)} != ${quoted(now.id)}`;
  return now.version < old.version ? `Older builder version: ${now.version} < ${old.version}` : undefined;
}
