import { isIPv6 } from 'node:net';
import type { BuilderDevice } from '../../ring/builder/builder-state.ts';
import { fixed, padLeft, padRight } from '../python-text.ts';
import { bracketed } from './addresses.ts';

/** A row of the table: the device, its balance in percent, its flags. */
export interface TableRow {
  readonly device: BuilderDevice;
  readonly balance: number;
  readonly flags: string;
}

/** Columns as wide as Swift makes them: by the longest value, two more for the brackets of IPv6. */
export function deviceTable(rows: readonly TableRow[]): string {
  const devices = rows.map(({ device }) => device);
  const widest = (least: number, texts: readonly string[]): number => Math.max(least, ...texts.map(lengthOf));
  const ips = devices.map(({ ip }) => ip);
  const replicationIps = devices.map(({ replication_ip }) => replication_ip);
  const ipWidth = widest(10, ips) + (ips.some(isIPv6) ? 2 : 0);
  const replicationIpWidth = widest(14, replicationIps) + (replicationIps.some(isIPv6) ? 2 : 0);
  const portWidth = widest(
    4,
    devices.map(({ port }) => String(port)),
  );
  const replicationPortWidth = widest(
    4,
    devices.map(({ replication_port }) => String(replication_port)),
  );
  const weightWidth = widest(
    6,
    devices.map(({ weight }) => fixed(weight)),
  );

  const line = (cells: Cells): string =>
    [
      cells.place,
      `${padLeft(cells.ip, ipWidth)}:${padRight(cells.port, portWidth)}`,
      `${padLeft(cells.replicationIp, replicationIpWidth)}:${padRight(cells.replicationPort, replicationPortWidth)}`,
      padLeft(cells.name, 5),
      padLeft(cells.weight, weightWidth),
      padLeft(cells.parts, 10),
      padLeft(cells.balance, 7),
      padLeft(cells.flags, 5),
      cells.meta,
    ].join(' ');
  return [line(HEADINGS), ...rows.map((row) => line(cellsOf(row)))].join('\n');
}

interface Cells {
  readonly place: string;
  readonly ip: string;
  readonly port: string;
  readonly replicationIp: string;
  readonly replicationPort: string;
  readonly name: string;
  readonly weight: string;
  readonly parts: string;
  readonly balance: string;
  readonly flags: string;
  readonly meta: string;
}

const HEADINGS: Cells = {
  place: 'Devices:   id region zone',
  ip: 'ip address',
  port: 'port',
  replicationIp: 'replication ip',
  replicationPort: 'port',
  name: 'name',
  weight: 'weight',
  parts: 'partitions',
  balance: 'balance',
  flags: 'flags',
  meta: 'meta',
};

function cellsOf({ device, balance, flags }: TableRow): Cells {
  return {
    place: [padLeft(device.id, 13), padLeft(device.region, 6), padLeft(device.zone, 4)].join(' '),
    ip: bracketed(device.ip),
    port: String(device.port),
    replicationIp: bracketed(device.replication_ip),
    replicationPort: String(device.replication_port),
    name: device.device,
    weight: fixed(device.weight),
    parts: String(device.parts),
    balance: fixed(balance),
    flags,
    meta: device.meta,
  };
}

function lengthOf(text: string): number {
  return [...text].length;
}
