import type { NewDevice } from '../../src/ring/builder/ring-builder.ts';
import type { Topology } from './topology.ts';

interface Layout {
  readonly regions: number;
  readonly zones: number;
  readonly servers: number;
  readonly devices: number;
  readonly weight?: (region: number, zone: number, server: number, device: number) => number;
}

function devicesOf({ regions, zones, servers, devices, weight }: Layout): NewDevice[] {
  const all: NewDevice[] = [];
  for (let region = 1; region <= regions; region++)
    for (let zone = 1; zone <= zones; zone++)
      for (let server = 1; server <= servers; server++)
        for (let device = 1; device <= devices; device++)
          all.push({
            region,
            zone,
            ip: `10.${region}.${zone}.${server}`,
            port: 6200,
            device: `d${device}`,
            weight: weight?.(region, zone, server, device) ?? 100,
          });
  return all;
}

const added = (region: number, zone: number, ip: string, weight = 100): NewDevice => ({
  region,
  zone,
  ip,
  port: 6200,
  device: 'new',
  weight,
});

/** Clusters as they are met: what is usual, and what is awkward. */
export const NAMED_TOPOLOGIES: readonly Topology[] = [
  {
    name: 'one server, 4 disks',
    partPower: 10,
    replicas: 3,
    overload: 0,
    devices: devicesOf({ regions: 1, zones: 1, servers: 1, devices: 4 }),
    change: { kind: 'add', device: added(1, 1, '10.1.1.1') },
  },
  {
    name: '3 zones of 4 servers with 6 disks, equal',
    partPower: 12,
    replicas: 3,
    overload: 0,
    devices: devicesOf({ regions: 1, zones: 3, servers: 4, devices: 6 }),
    change: { kind: 'remove', id: 17 },
  },
  {
    name: '5 zones of 8 servers with 5 disks of four sizes',
    partPower: 12,
    replicas: 3,
    overload: 0,
    devices: devicesOf({
      regions: 1,
      zones: 5,
      servers: 8,
      devices: 5,
      weight: (_r, zone, server, device) => 100 * (1 + ((zone + server * 3 + device) % 4)),
    }),
    change: { kind: 'reweight', id: 40, weight: 0 },
  },
  {
    name: '3 zones, one of them half as large, no overload',
    partPower: 11,
    replicas: 3,
    overload: 0,
    devices: devicesOf({ regions: 1, zones: 3, servers: 3, devices: 4, weight: (_r, zone) => (zone === 3 ? 50 : 100) }),
    change: { kind: 'add', device: added(1, 3, '10.1.3.9') },
  },
  {
    name: 'the same with overload 0.1',
    partPower: 11,
    replicas: 3,
    overload: 0.1,
    devices: devicesOf({ regions: 1, zones: 3, servers: 3, devices: 4, weight: (_r, zone) => (zone === 3 ? 50 : 100) }),
    change: { kind: 'add', device: added(1, 3, '10.1.3.9') },
  },
  {
    name: '2 regions of 2 zones, 4 replicas',
    partPower: 11,
    replicas: 4,
    overload: 0,
    devices: devicesOf({ regions: 2, zones: 2, servers: 4, devices: 4 }),
    change: { kind: 'add', device: added(2, 3, '10.2.3.1') },
  },
  {
    name: '3 regions, the third with one server, 3 replicas, overload 1',
    partPower: 11,
    replicas: 3,
    overload: 1,
    devices: devicesOf({ regions: 3, zones: 2, servers: 4, devices: 4 }).filter(
      ({ region, zone, ip }) => region < 3 || (zone === 1 && ip.endsWith('.1')),
    ),
    change: { kind: 'reweight', id: 3, weight: 150 },
  },
  {
    name: '2.5 replicas on 4 zones of 3 servers',
    partPower: 11,
    replicas: 2.5,
    overload: 0,
    devices: devicesOf({ regions: 1, zones: 4, servers: 3, devices: 5 }),
    change: { kind: 'remove', id: 8 },
  },
  {
    name: 'erasure coding 10+4: 14 replicas on 7 servers with 8 disks',
    partPower: 10,
    replicas: 14,
    overload: 0,
    devices: devicesOf({ regions: 1, zones: 7, servers: 1, devices: 8 }),
    change: { kind: 'remove', id: 20 },
  },
  {
    name: '1,000 disks of four sizes, 2 regions of 5 zones',
    partPower: 16,
    replicas: 3,
    overload: 0,
    devices: devicesOf({
      regions: 2,
      zones: 5,
      servers: 10,
      devices: 10,
      weight: (region, zone, server, device) => 100 * (1 + ((region + zone + server + device * 3) % 4)),
    }),
    change: { kind: 'add', device: added(1, 1, '10.1.1.1', 400) },
  },
];
