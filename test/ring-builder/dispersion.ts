import type { BuilderDevice } from '../../src/ring/builder/builder-state.ts';
import type { RingBuilder } from '../../src/ring/builder/ring-builder.ts';

/** From region to device. */
function tiersOf({ region, zone, ip, id }: BuilderDevice): string[] {
  return [`${region}`, `${region} ${zone}`, `${region} ${zone} ${ip}`, `${region} ${zone} ${ip} ${id}`];
}

/** How many tiers with weight each tier has below it; the cluster is ''. */
function childCounts(devices: readonly BuilderDevice[]): Map<string, number> {
  const children = new Map<string, Set<string>>();
  for (const device of devices) {
    if (device.weight <= 0) continue;
    ['', ...tiersOf(device)].forEach((tier, level, all) => {
      if (level > 0) children.set(all[level - 1]!, (children.get(all[level - 1]!) ?? new Set()).add(tier));
    });
  }
  return new Map([...children].map(([tier, below]) => [tier, below.size]));
}

export interface Placement {
  readonly dispersion: number;
  /** In how many different regions, zones, servers and devices a partition stands, added up; the mean over all partitions. */
  readonly spread: number;
}

/**
 * `dispersion` is the percentage of replicas that stand closer together than they need: what Swift counts, but each partition by the number of replicas
 * that it has itself, which differs where the ring's replica count has a fraction. Counted from scratch, for tests.
 */
export function placementOf(builder: RingBuilder): Placement {
  const devices = builder.devices;
  const children = childCounts(devices.filter((device) => device !== undefined));
  const tiers = devices.map((device) => (device === undefined ? [] : tiersOf(device)));
  const allowedOn = (id: number, replicas: number): number[] => {
    if (devices[id]!.weight <= 0) return [0, 0, 0, 0];
    let share = replicas;
    return ['', ...tiers[id]!.slice(0, 3)].map((tier) => (share = Math.ceil(share / children.get(tier)!)));
  };
  let atRisk = 0;
  let all = 0;
  let spread = 0;
  for (let partition = 0; partition < builder.parts; partition++) {
    const ids = builder.devicesOfPartition(partition);
    const risk = [0, 0, 0, 0];
    const counts = new Map<string, number>();
    for (const id of ids) for (const tier of tiers[id]!) counts.set(tier, (counts.get(tier) ?? 0) + 1);
    for (const id of ids) {
      allowedOn(id, ids.length).forEach((allowed, level) => {
        const count = counts.get(tiers[id]![level]!)!;
        risk[level]! += Math.max(count - allowed, 0) / count;
      });
    }
    atRisk += Math.max(...risk);
    spread += counts.size;
    all += ids.length;
  }
  return { dispersion: (100 * atRisk) / all, spread: spread / builder.parts };
}
