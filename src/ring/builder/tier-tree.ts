import { presentDevices, type BuilderState } from './builder-state.ts';

/** Levels below the cluster: region, zone, server (ip), device. */
export const TIER_LEVELS = 4;

/** A failure domain: everything in it may go at once. */
export interface TierNode {
  /** 0 for the cluster, 1 for a region, … 4 for a device. */
  readonly level: number;
  /** Such as `[region, zone]`; empty for the cluster. */
  readonly tier: readonly (number | string)[];
  readonly children: number[];
  /** Of the devices in it. */
  weight: number;
  /** Devices in it that have weight. */
  weightedDevices: number;
  /** The device's id; -1 above that level. */
  readonly device: number;
}

/** The cluster as a tree of tiers. Nodes are numbered so that a parent comes before its children; 0 is the cluster. */
export interface TierTree {
  readonly nodes: readonly TierNode[];
  /** The four nodes of device d, from region to device, begin at 4·d; -1 where there is no such device. */
  readonly path: Int32Array;
}

export function buildTierTree(state: BuilderState): TierTree {
  const nodes: TierNode[] = [newNode([], -1)];
  const path = new Int32Array(state.devices.length * TIER_LEVELS).fill(-1);
  const known = new Map<string, number>();
  // Level by level, so that every parent is numbered before its children.
  for (let level = 1; level <= TIER_LEVELS; level++) {
    for (const { region, zone, ip, id } of presentDevices(state)) {
      const tier = [region, zone, ip, id].slice(0, level);
      const key = JSON.stringify(tier);
      let node = known.get(key);
      if (node === undefined) {
        node = nodes.push(newNode(tier, level === TIER_LEVELS ? id : -1)) - 1;
        known.set(key, node);
        const parent = level === 1 ? 0 : (path[id * TIER_LEVELS + level - 2] as number);
        (nodes[parent] as TierNode).children.push(node);
      }
      path[id * TIER_LEVELS + level - 1] = node;
    }
  }
  sumWeights(state, nodes, path);
  return { nodes, path };
}

function newNode(tier: readonly (number | string)[], device: number): TierNode {
  return { level: tier.length, tier, children: [], weight: 0, weightedDevices: 0, device };
}

function sumWeights(state: BuilderState, nodes: TierNode[], path: Int32Array): void {
  for (const { id, weight } of presentDevices(state)) {
    if (weight <= 0) continue;
    for (let level = 0; level <= TIER_LEVELS; level++) {
      const node = nodes[level === 0 ? 0 : (path[id * TIER_LEVELS + level - 1] as number)] as TierNode;
      node.weight += weight;
      node.weightedDevices++;
    }
  }
}
