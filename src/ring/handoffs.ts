import { hash } from 'node:crypto';
import type { RingData } from './ring-file.ts';

/**
 * The order in which devices stand in for the primaries of a partition: first a new region, then a new zone, then a new machine,
 * then any device left; within a tier by a walk over the assignments from a place that the partition's hash gives.
 * Source: spec swift-formats 1.4.
 */

const TIERS = 4;

/** Numbers for regions, zones, machines and devices, so that "seen" is a look into an array. */
export class DeviceTiers {
  /** By tier, by device id. */
  readonly memberOf: readonly Int32Array[];
  /** By tier: how many members hold assigned devices. */
  readonly totals: readonly number[];

  constructor(ring: RingData) {
    const keys: ((id: number) => string)[] = [
      (id) => String(ring.devices[id]?.region),
      (id) => `${ring.devices[id]?.region} ${ring.devices[id]?.zone}`,
      (id) => `${ring.devices[id]?.region} ${ring.devices[id]?.zone} ${ring.devices[id]?.ip}`,
      (id) => String(id),
    ];
    const assigned = assignedDevices(ring);
    const totals: number[] = [];
    this.memberOf = keys.map((keyOf) => {
      const numbers = new Map<string, number>();
      const members = new Int32Array(ring.devices.length);
      for (const id of assigned) {
        const key = keyOf(id);
        let number = numbers.get(key);
        if (number === undefined) numbers.set(key, (number = numbers.size));
        members[id] = number;
      }
      totals.push(numbers.size);
      return members;
    });
    this.totals = totals;
  }
}

function assignedDevices(ring: RingData): number[] {
  const isAssigned = new Uint8Array(ring.devices.length);
  for (const row of ring.rows) for (const id of row) isAssigned[id] = 1;
  return ring.devices.flatMap((_, id) => (isAssigned[id] === 1 ? [id] : []));
}

/** Device ids of a partition's handoffs, in order. `primaryIds`: its primaries. */
export function* handoffIds(
  ring: RingData,
  tiers: DeviceTiers,
  partition: number,
  primaryIds: Iterable<number>,
): Generator<number, void, void> {
  const seen = tiers.totals.map((total) => new Uint8Array(total));
  const counts = tiers.totals.map(() => 0);
  const mark = (id: number): void => {
    for (let tier = 0; tier < TIERS; tier++) {
      const members = seen[tier] as Uint8Array;
      const member = (tiers.memberOf[tier] as Int32Array)[id] as number;
      if (members[member] === 1) continue;
      members[member] = 1;
      counts[tier] = (counts[tier] as number) + 1;
    }
  };
  for (const id of primaryIds) mark(id);
  for (let tier = 0; tier < TIERS; tier++) {
    const memberOf = tiers.memberOf[tier] as Int32Array;
    const members = seen[tier] as Uint8Array;
    const total = tiers.totals[tier] as number;
    if (counts[tier] === total) continue;
    walk: for (const visited of partitionsFrom(ring, partition)) {
      for (const row of ring.rows) {
        const id = row[visited];
        if (id === undefined || members[memberOf[id] as number] === 1) continue;
        mark(id);
        yield id;
        if (counts[tier] === total) break walk;
      }
    }
  }
}

/**
 * All partitions in the walk's order. The second leg starts one short of a full step, so that with steps of one, partition 0 is left
 * out: Swift's own order, which every server must share.
 */
function* partitionsFrom(ring: RingData, partition: number): Generator<number, void, void> {
  const count = ring.rows[0]?.length ?? 0;
  const digest = hash('md5', String(partition), 'buffer');
  const start = ring.partShift === 32 ? 0 : digest.readUInt32BE(0) >>> ring.partShift;
  const step = Math.max(1, Math.floor(count / 65536));
  for (let at = start; at < count; at += step) yield at;
  for (let at = step - ((count - start) % step); at < start; at += step) yield at;
}
