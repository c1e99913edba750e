/** Devices as one string: `r1z2-10.0.0.1:6200R10.1.0.1:6200/sdb1_meta`, to add, to search, to change. */

import type { NewDevice, DeviceInfo } from '../../ring/builder/ring-builder.ts';
import type { RingDevice } from '../../common/host.ts';
import { quoted, readInteger, ValueFault } from '../python-text.ts';
import { bracketed, normalizedIp } from './addresses.ts';

/** A device to be added, but for its weight. */
export type DeviceToAdd = Omit<NewDevice, 'weight' | 'region' | 'id'> & {
  /** Undefined when the string names none. */
  readonly region: number | undefined;
};

/** What a device must be to match; what is left out or undefined does not matter. */
export type SearchValues = { readonly [Key in keyof RingDevice]?: RingDevice[Key] | undefined };

/** How Swift's commands name a device. */
export function deviceName(device: RingDevice): string {
  const { id, region, zone, ip, port, replication_ip, replication_port, meta } = device;
  const addresses = `${bracketed(ip)}:${port}R${bracketed(replication_ip)}:${replication_port}`;
  return `d${id}r${region}z${zone}-${addresses}/${device.device}_"${meta}"`;
}

const ADD =
  /^(?:r(?<region>\d*))?z(?<zone>\d*)-(?<address>[^R/]*)(?:R(?<replication>[^R/]*))?\/(?<device>[^_]*)(?:_(?<meta>.*))?$/s;

/** Reads the device of `add`. Throws ValueFault. */
export function parseDeviceToAdd(text: string): DeviceToAdd {
  const found = ADD.exec(text)?.groups;
  if (found === undefined) throw new ValueFault(`Invalid add value: ${text}`);
  const { address = '', replication, device = '', meta = '' } = found;
  const { ip, port } = parseAddress(address);
  const { ip: replication_ip, port: replication_port } =
    replication === undefined ? { ip, port } : parseAddress(replication);
  checkDeviceName(device);
  return {
    region: optionalInteger(found['region']),
    zone: readInteger(found['zone'] ?? ''),
    ip,
    port,
    replication_ip,
    replication_port,
    device,
    meta,
  };
}

/** `IP:PORT`, IPv6 in brackets or not. */
function parseAddress(text: string): { ip: string; port: number } {
  const colon = text.lastIndexOf(':');
  if (colon < 0) throw new ValueFault('Invalid port in add value');
  const digits = text.slice(colon + 1);
  const port = /^\d+$/.test(digits) ? Number(digits) : NaN;
  if (!(port <= 65_535)) throw new ValueFault(`Invalid port ${text.slice(colon)} in add value`);
  return { ip: normalizedIp(text.slice(0, colon).replace(/^\[(.*)\]$/, '$1')), port };
}

/** Throws ValueFault for a name that is empty or has blanks at its ends. */
export function checkDeviceName(name: string): void {
  if (name === '' || name.startsWith(' ') || name.endsWith(' ')) throw new ValueFault('Invalid device name');
}

const IP = String.raw`\d[\d.]*|\[[^\]]*\]?`;
const PLACE = String.raw`(?<ip>${IP})?(?::(?<port>\d*))?(?:R(?<rip>${IP})?(?::(?<rport>\d*))?)?(?:/(?<device>[^_]*))?(?:_(?<meta>.*))?`;
const SEARCH = new RegExp(
  String.raw`^(?:d(?<id>\d*))?(?:r(?<region>\d*))?(?:z(?<zone>\d*))?-?${PLACE}(?<rest>.*)$`,
  's',
);
const CHANGE = new RegExp(`^${PLACE}(?<rest>.*)$`, 's');

/** Reads a search value: any part of the whole string, but at least one. Throws ValueFault. */
export function parseSearchValue(text: string): SearchValues {
  const found = SEARCH.exec(text)?.groups ?? {};
  const values = {
    id: optionalInteger(found['id']),
    region: optionalInteger(found['region']),
    zone: optionalInteger(found['zone']),
    ...placeOf(found),
  };
  if (found['rest'] !== '') throw new ValueFault(`Invalid <search-value>: ${quoted(text)}`);
  return values;
}

/** Reads what `set_info` changes. Throws ValueFault. */
export function parseChangeValue(text: string): DeviceInfo {
  const found = CHANGE.exec(text)?.groups ?? {};
  const change = Object.fromEntries(Object.entries(placeOf(found)).filter(([, value]) => value !== undefined));
  if (found['rest'] !== '' || Object.keys(change).length === 0) {
    throw new ValueFault(`Invalid set info change value: ${quoted(text)}`);
  }
  return change;
}

type Place = Pick<SearchValues, 'ip' | 'port' | 'replication_ip' | 'replication_port' | 'device' | 'meta'>;

function placeOf(found: Readonly<Record<string, string | undefined>>): Place {
  return {
    ip: optionalIp(found['ip']),
    port: optionalInteger(found['port']),
    replication_ip: optionalIp(found['rip']),
    replication_port: optionalInteger(found['rport']),
    device: found['device'],
    meta: found['meta'],
  };
}

function optionalIp(text: string | undefined): string | undefined {
  return text === undefined ? undefined : normalizedIp(text.replace(/^\[|\]$/g, ''));
}

/** A letter or colon without its number is a fault. */
function optionalInteger(text: string | undefined): number | undefined {
  return text === undefined ? undefined : readInteger(text);
}
