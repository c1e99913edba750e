import { resolve } from 'node:path';
import { RingBuilder } from '../../ring/builder/ring-builder.ts';
import type { AssignmentRow, RingData } from '../../ring/ring-file.ts';
import { ValueFault } from '../python-text.ts';
import { checkComponents, checkIds, haveChanged } from './component-checks.ts';
import type { Component, Composite } from './composite-file.ts';

export interface ComposeOptions {
  /** Those of `before` unless given. */
  readonly builderFiles: readonly string[];
  /** Compose even when builders changed places, or none has changed. */
  readonly force: boolean;
}

/** Makes one ring of several builders' rings. Throws ValueFault and BuilderError. */
export async function compose(
  before: Composite | undefined,
  { builderFiles, force }: ComposeOptions,
): Promise<{ ring: RingData; composite: Composite }> {
  const paths = builderFiles.length > 0 ? builderFiles.map((path) => resolve(path)) : filesOf(before);
  if (paths.length < 2) throw new ValueFault('Two or more component builders are required.');
  const builders: RingBuilder[] = [];
  for (const path of paths) builders.push(await RingBuilder.load(path));
  checkIds(builders);
  const components = builders.map(({ version, replicas, id }): Component => ({ version, replicas, id: id as string }));
  if (before !== undefined && before.components.length > 0 && !force && !haveChanged(before.components, components)) {
    throw new ValueFault(
      'None of the component builders has been modified since the existing composite ring was built.',
    );
  }
  checkComponents(builders);
  return {
    ring: joinRings(builders),
    composite: {
      version: (before?.version ?? 0) + 1,
      components,
      builderFiles: new Map(components.map(({ id }, at) => [id, paths[at] as string])),
    },
  };
}

function filesOf(composite: Composite | undefined): readonly string[] {
  return (composite?.components ?? []).map(({ id }) => composite?.builderFiles.get(id) as string);
}

/** Rows of one ring after those of the other; device ids go on where the ring before ends. */
function joinRings(builders: readonly RingBuilder[]): RingData {
  const devices: RingData['devices'][number][] = [];
  const rows: AssignmentRow[] = [];
  for (const builder of builders) {
    const offset = devices.length;
    for (const row of builder.ringData().rows) rows.push(shifted(row, offset));
    for (const device of builder.devices) {
      devices.push(device === undefined ? undefined : { ...device, id: device.id + offset });
    }
  }
  return { devices, rows, partShift: 32 - (builders[0]?.partPower ?? 0), nextPartPower: null, version: null };
}

function shifted(row: AssignmentRow, offset: number): AssignmentRow {
  return Uint32Array.from(row, (id) => id + offset);
}
