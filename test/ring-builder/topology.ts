import fc from 'fast-check';
import { RingBuilder, type BuilderOptions, type NewDevice } from '../../src/ring/builder/ring-builder.ts';

/** One thing that an operator does to a ring that stands. */
export type Change =
  | { readonly kind: 'add'; readonly device: NewDevice }
  | { readonly kind: 'remove'; readonly id: number }
  | { readonly kind: 'reweight'; readonly id: number; readonly weight: number };

/** A ring to be built, and a change to be made to it after. */
export interface Topology {
  readonly name: string;
  readonly partPower: number;
  readonly replicas: number;
  readonly overload: number;
  readonly devices: readonly NewDevice[];
  readonly change: Change;
}

/** A builder with the topology's devices, not yet rebalanced. */
export function builderOf({ partPower, replicas, overload, devices }: Topology, options?: BuilderOptions): RingBuilder {
  const builder = RingBuilder.create(partPower, replicas, 1, options);
  builder.setOverload(overload);
  for (const device of devices) builder.addDevice(device);
  return builder;
}

export function applyChange(builder: RingBuilder, change: Change): void {
  if (change.kind === 'add') builder.addDevice(change.device);
  else if (change.kind === 'remove') builder.removeDevice(change.id);
  else builder.setDeviceWeight(change.id, change.weight);
}

const MOST_DEVICES = 200;

interface Shape {
  readonly regions: number;
  readonly zones: number;
  readonly servers: number;
  readonly devices: number;
  /** Whether every server has all its devices, all of one weight. */
  readonly isEven: boolean;
}

const shapes: fc.Arbitrary<Shape> = fc.record({
  regions: fc.integer({ min: 1, max: 3 }),
  zones: fc.integer({ min: 1, max: 4 }),
  servers: fc.integer({ min: 1, max: 5 }),
  devices: fc.oneof(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 10 })),
  isEven: fc.boolean(),
});

function places({ regions, zones, servers, devices }: Shape): Omit<NewDevice, 'weight'>[] {
  const all: Omit<NewDevice, 'weight'>[] = [];
  for (let region = 1; region <= regions; region++)
    for (let zone = 1; zone <= zones; zone++)
      for (let server = 1; server <= servers; server++)
        for (let device = 1; device <= devices; device++)
          all.push({ region, zone, ip: `10.${region}.${zone}.${server}`, port: 6200, device: `d${device}` });
  return all.slice(0, MOST_DEVICES);
}

/** Undefined stands for a device that is not there. */
const weights: fc.Arbitrary<number | undefined> = fc.constantFrom(undefined, 0, 50, 100, 100, 100, 200, 400);

const deviceLists: fc.Arbitrary<NewDevice[]> = shapes.chain((shape) => {
  const all = places(shape);
  if (shape.isEven) return fc.constant(all.map((place) => ({ ...place, weight: 100 })));
  return fc
    .array(weights, { minLength: all.length, maxLength: all.length })
    .map((list) => all.flatMap((place, at) => (list[at] === undefined ? [] : [{ ...place, weight: list[at] }])));
});

function changesOf(devices: readonly NewDevice[]): fc.Arbitrary<Change> {
  const ids = devices.flatMap((device, id) => (device.weight > 0 ? [id] : []));
  return fc
    .record({
      kind: fc.constantFrom('add' as const, 'remove' as const, 'reweight' as const),
      id: fc.constantFrom(...ids),
      factor: fc.constantFrom(0, 0.5, 0.9, 1.1, 2),
      isNewZone: fc.boolean(),
      isNewServer: fc.boolean(),
    })
    .map(({ kind, id, factor, isNewZone, isNewServer }) => {
      const { region, zone, ip, weight } = devices[id]!;
      if (kind === 'remove') return { kind, id };
      if (kind === 'reweight') return { kind, id, weight: weight * factor };
      const place = { region, zone: isNewZone ? zone + 10 : zone, ip: isNewServer ? '10.9.9.9' : ip };
      return { kind, device: { ...place, port: 6200, device: 'new', weight } };
    });
}

/** Rings of up to 200 devices, regular and wild ones, each with one device more than it needs. */
export const topologies: fc.Arbitrary<Topology> = fc
  .record({
    partPower: fc.integer({ min: 4, max: 9 }),
    replicas: fc.constantFrom(1, 2, 3, 3, 3, 4, 5, 2.5, 3.25),
    overload: fc.constantFrom(0, 0, 0.1, 1),
    devices: deviceLists,
  })
  .filter(({ devices, replicas }) => devices.filter((device) => device.weight > 0).length >= replicas + 1)
  .chain((ring) =>
    changesOf(ring.devices).map((change) => ({ ...ring, name: describe(ring.devices, change), change })),
  );

function describe(devices: readonly NewDevice[], change: Change): string {
  const count = (key: (device: NewDevice) => string): number => new Set(devices.map(key)).size;
  const regions = count(({ region }) => `${region}`);
  const zones = count(({ region, zone }) => `${region} ${zone}`);
  const servers = count(({ region, zone, ip }) => `${region} ${zone} ${ip}`);
  return `${regions}r ${zones}z ${servers}s ${devices.length}d, ${change.kind}`;
}
