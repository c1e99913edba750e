import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { RingBuilder, type NewDevice } from '../../../../src/ring/builder/ring-builder.ts';
import { placementOf } from '../../../ring-builder/dispersion.ts';
import { applyChange, builderOf, topologies } from '../../../ring-builder/topology.ts';

const HOUR_SEC = 3600;

function device(id: number, where: Partial<NewDevice> = {}): NewDevice {
  return { region: 1, zone: 1, ip: `10.0.0.${id}`, port: 6200, device: `d${id}`, weight: 100, ...where };
}

/** Which partitions have another device in which rows. */
function movesBetween(before: readonly number[][], after: RingBuilder): Map<number, number> {
  const moves = new Map<number, number>();
  after.ringData().rows.forEach((row, replica) => {
    row.forEach((id, partition) => {
      if (before[replica]?.[partition] !== id) moves.set(partition, (moves.get(partition) ?? 0) + 1);
    });
  });
  return moves;
}

const rowsOf = (builder: RingBuilder): number[][] => builder.ringData().rows.map((row) => [...row]);

describe('on any topology', () => {
  test('a new ring has every replica on a device of its own, and each device its share to within one partition', () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const builder = builderOf(topology);
        builder.rebalance({ seed: 1 });
        builder.validate();
        expect(rowsOf(builder).flat().length).toBe(Math.trunc(builder.parts * topology.replicas));
        for (const { parts, parts_wanted, weight } of builder.devices.filter((present) => present !== undefined)) {
          expect(parts_wanted).toBe(0);
          if (weight === 0) expect(parts).toBe(0);
        }
      }),
      { numRuns: 150 },
    );
  });

  test('a change moves one replica of a partition at most, and none that moved of late, apart from those of a removed device', () => {
    fc.assert(
      fc.property(topologies, fc.boolean(), (topology, isLate) => {
        let nowSec = 1_700_000_000;
        const builder = builderOf(topology, { nowSec: () => nowSec });
        builder.rebalance({ seed: 1 });
        nowSec += isLate ? HOUR_SEC : HOUR_SEC - 1;
        const before = rowsOf(builder);
        applyChange(builder, topology.change);
        if (builder.devices.filter((present) => (present?.weight ?? 0) > 0).length < topology.replicas) return;
        const { movedParts } = builder.rebalance({ seed: 2 });
        builder.validate();
        const moves = movesBetween(before, builder);
        expect([...moves.values()].reduce((sum, count) => sum + count, 0)).toBe(movedParts);
        const removed = topology.change.kind === 'remove' ? topology.change.id : -1;
        for (const [partition, count] of moves) {
          expect(count).toBe(1);
          if (!isLate) expect(before.map((row) => row[partition])).toContain(removed);
        }
        expect(rowsOf(builder).flat()).not.toContain(removed);
      }),
      { numRuns: 150 },
    );
  });

  test('a second rebalance with nothing changed moves nothing', () => {
    fc.assert(
      fc.property(topologies, (topology) => {
        const builder = builderOf(topology);
        builder.rebalance({ seed: 1 });
        builder.pretendMinPartHoursPassed();
        expect(builder.rebalance({ seed: 2 }).movedParts).toBe(0);
      }),
      { numRuns: 100 },
    );
  });

  test('equal seeds give equal rings', () => {
    fc.assert(
      fc.property(topologies, fc.integer(), (topology, seed) => {
        const [one, other] = [builderOf(topology), builderOf(topology)];
        one.rebalance({ seed });
        other.rebalance({ seed: String(seed) });
        expect(rowsOf(one)).toEqual(rowsOf(other));
      }),
      { numRuns: 30 },
    );
  });
});

describe('replicas', () => {
  test('stand in different regions, then zones, then servers, as far as there are any', () => {
    for (const tier of ['region', 'zone'] as const) {
      const builder = RingBuilder.create(8, 3, 1);
      for (let id = 0; id < 12; id++) builder.addDevice(device(id, { [tier]: id % 3 }));
      builder.rebalance({ seed: 3 });
      expect(builder.dispersion).toBe(0);
      expect(placementOf(builder).dispersion).toBe(0);
      expect(builder.balance()).toBe(0);
    }
  });

  test('go closer together where weights demand it, and apart again with overload', () => {
    const build = (overload: number): RingBuilder => {
      const builder = RingBuilder.create(8, 3, 1);
      for (let id = 0; id < 9; id++) builder.addDevice(device(id, { zone: id % 3, weight: id % 3 === 0 ? 50 : 100 }));
      builder.setOverload(overload);
      builder.rebalance({ seed: 1 });
      return builder;
    };
    const [without, withOverload] = [build(0), build(0.7)];
    expect(without.requiredOverload()).toBeCloseTo(2 / 3);
    expect(without.dispersion).toBeGreaterThan(0);
    expect(withOverload.dispersion).toBe(0);
    expect(withOverload.balance()).toBeGreaterThan(without.balance());
    expect(withOverload.balance()).toBeLessThanOrEqual(70);
  });

  test('with a fraction are added and taken away', () => {
    const builder = RingBuilder.create(6, 2, 0);
    for (let id = 0; id < 6; id++) builder.addDevice(device(id));
    builder.rebalance({ seed: 1 });
    const before = rowsOf(builder);
    builder.setReplicas(2.5);
    expect(builder.devicesChanged).toBe(true);
    expect(builder.rebalance({ seed: 2 }).movedParts).toBeGreaterThanOrEqual(32);
    expect(rowsOf(builder).map((row) => row.length)).toEqual([64, 64, 32]);
    // A partition that got a replica keeps those it had.
    for (let partition = 0; partition < 32; partition++) {
      expect(
        rowsOf(builder)
          .slice(0, 2)
          .map((row) => row[partition]),
      ).toEqual(before.map((row) => row[partition]));
    }
    builder.setReplicas(1);
    builder.pretendMinPartHoursPassed();
    builder.rebalance({ seed: 3 });
    expect(rowsOf(builder).map((row) => row.length)).toEqual([64]);
    builder.validate();
  });

  test('of one device are spread over all others, so that all of them help when it fails', () => {
    const builder = RingBuilder.create(12, 3, 1);
    for (let id = 0; id < 30; id++) builder.addDevice(device(id));
    builder.rebalance({ seed: 1 });
    const partners = new Set<number>();
    for (let partition = 0; partition < builder.parts; partition++) {
      const ids = builder.devicesOfPartition(partition);
      if (ids.includes(0)) for (const id of ids) partners.add(id);
    }
    expect(partners.size).toBe(30);
  });
});

test('a device that is added takes its share from the others, and nothing else moves', () => {
  const builder = RingBuilder.create(10, 3, 0);
  for (let id = 0; id < 9; id++) builder.addDevice(device(id));
  builder.rebalance({ seed: 1 });
  builder.addDevice(device(9));
  const { movedParts } = builder.rebalance({ seed: 2 });
  expect(movedParts).toBe(builder.devices[9]!.parts);
  expect([307, 308]).toContain(movedParts);
});

test('devices that are removed leave a hole, which the next one added fills', () => {
  const builder = RingBuilder.create(4, 1, 1);
  for (let id = 0; id < 3; id++) builder.addDevice(device(id));
  builder.rebalance({ seed: 1 });
  builder.removeDevice(1);
  expect(() => builder.setDeviceWeight(1, 5)).toThrow(
    'Can not set weight of dev_id 1 because it is marked for removal',
  );
  expect(builder.rebalance({ seed: 1 }).removedDevices).toBe(1);
  expect(builder.devices[1]).toBeUndefined();
  expect(builder.addDevice(device(7))).toBe(1);
  expect(() => builder.addDevice({ ...device(8), id: 1 })).toThrow('Duplicate device id: 1');
});

test('too few devices, or none, are refused and change nothing', () => {
  const builder = RingBuilder.create(4, 3, 1);
  expect(() => builder.rebalance()).toThrow('There are no devices in this ring, or all devices have been deleted');
  builder.addDevice(device(0));
  builder.addDevice(device(1));
  const { version } = builder;
  expect(() => builder.rebalance()).toThrow('Replica count of 3.0 requires more than 2 devices');
  expect(builder).toMatchObject({ version, everRebalanced: false });
});

test('the partition power is raised in Swift’s three steps, partitions 2p and 2p+1 lying where p lay', () => {
  const builder = RingBuilder.create(4, 2, 1);
  for (let id = 0; id < 4; id++) builder.addDevice(device(id));
  builder.rebalance({ seed: 1 });
  const before = rowsOf(builder);
  expect(builder.increasePartitionPower()).toBe(false);
  expect(builder.prepareIncreasePartitionPower()).toBe(true);
  expect(builder.prepareIncreasePartitionPower()).toBe(false);
  expect(builder.ringData().nextPartPower).toBe(5);
  expect(builder.increasePartitionPower()).toBe(true);
  expect(builder).toMatchObject({ partPower: 5, nextPartPower: 5 });
  expect(rowsOf(builder)).toEqual(before.map((row) => row.flatMap((id) => [id, id])));
  builder.validate();
  expect(builder.cancelIncreasePartitionPower()).toBe(false);
  expect(builder.finishIncreasePartitionPower()).toBe(true);
  expect(builder.nextPartPower).toBeNull();
  expect(builder.finishIncreasePartitionPower()).toBe(false);
});

test('the hours until partitions may move again are told', () => {
  let nowSec = 1_700_000_000;
  const builder = RingBuilder.create(4, 1, 2, { nowSec: () => nowSec });
  builder.addDevice(device(0));
  builder.rebalance({ seed: 1 });
  nowSec += 100.5;
  expect(builder.minPartSecondsLeft).toBe(2 * HOUR_SEC - 100);
  builder.pretendMinPartHoursPassed();
  expect(builder.minPartSecondsLeft).toBe(0);
});
