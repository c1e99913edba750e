/** Devices by options: `--region 1 --zone 2 --ip …`, to add, to search, to change. */

import type { DeviceInfo, NewDevice } from '../../ring/builder/ring-builder.ts';
import { parseOptions, type OptionSpec, type ParsedOptions } from '../option-parser.ts';
import { ValueFault } from '../python-text.ts';
import { normalizedAddress } from './addresses.ts';
import { checkDeviceName, type SearchValues } from './device-string.ts';

const DEVICE: readonly OptionSpec[] = [
  { name: 'id', letter: 'u', kind: 'integer', doc: 'id of the device' },
  { name: 'region', letter: 'r', kind: 'integer', doc: 'its region' },
  { name: 'zone', letter: 'z', kind: 'integer', doc: 'its zone' },
  { name: 'ip', letter: 'i', kind: 'text', doc: 'address or name of its server' },
  { name: 'port', letter: 'p', kind: 'integer', doc: 'port of its server' },
  { name: 'replication-ip', letter: 'j', kind: 'text', doc: 'address or name for replication' },
  { name: 'replication-port', letter: 'q', kind: 'integer', doc: 'port for replication' },
  { name: 'device', letter: 'd', kind: 'text', doc: 'its name, such as sdb1' },
  { name: 'weight', letter: 'w', kind: 'number', doc: 'its weight' },
  { name: 'meta', letter: 'm', kind: 'text', doc: 'any text that goes with it' },
];

const CHANGE: readonly OptionSpec[] = [
  { name: 'change-ip', letter: 'I', kind: 'text', doc: 'new address or name' },
  { name: 'change-port', letter: 'P', kind: 'integer', doc: 'new port' },
  { name: 'change-replication-ip', letter: 'J', kind: 'text', doc: 'new address or name for replication' },
  { name: 'change-replication-port', letter: 'Q', kind: 'integer', doc: 'new port for replication' },
  { name: 'change-device', letter: 'D', kind: 'text', doc: 'new name' },
  { name: 'change-meta', letter: 'M', kind: 'text', doc: 'new text' },
];

const YES: OptionSpec = { name: 'yes', letter: 'y', kind: 'flag', doc: 'answer every question with yes' };

/** Reads the arguments of a command that deals with devices. Throws CommandEnd. */
export function parseDeviceOptions(argv: readonly string[]): ParsedOptions {
  return parseOptions(
    { program: 'swift-ring-builder', usage: 'swift-ring-builder [options]', options: [...DEVICE, ...CHANGE, YES] },
    argv,
  );
}

/** Whether devices are told by options rather than as strings. Numbers that may be 0 count when given, all else when not empty. */
export function describesDevice(options: ParsedOptions): boolean {
  if (['id', 'region', 'zone', 'weight'].some((name) => options.has(name))) return true;
  if (['port', 'replication-port'].some((name) => (options.number(name) ?? 0) !== 0)) return true;
  return ['ip', 'replication-ip', 'device', 'meta'].some((name) => (options.text(name) ?? '') !== '');
}

/** Throws ValueFault. */
export function searchValuesOf(options: ParsedOptions): SearchValues {
  return {
    id: options.number('id'),
    region: options.number('region'),
    zone: options.number('zone'),
    ip: addressOf(options, 'ip'),
    port: options.number('port'),
    replication_ip: addressOf(options, 'replication-ip'),
    replication_port: options.number('replication-port'),
    device: options.text('device'),
    weight: options.number('weight'),
    meta: options.text('meta'),
  };
}

/** What set_info is to change; what is empty or 0 stays as it is. Throws ValueFault. */
export function changesOf(options: ParsedOptions): DeviceInfo {
  const changes = {
    ip: addressOf(options, 'change-ip'),
    port: options.number('change-port'),
    replication_ip: addressOf(options, 'change-replication-ip'),
    replication_port: options.number('change-replication-port'),
    device: options.text('change-device'),
    meta: options.text('change-meta'),
  };
  return Object.fromEntries(
    Object.entries(changes).filter(([, value]) => value !== undefined && value !== '' && value !== 0),
  );
}

/** Throws ValueFault. */
export function deviceToAddOf(options: ParsedOptions): NewDevice {
  const [region, zone] = [requiredNumber(options, 'region'), requiredNumber(options, 'zone')];
  const address = requiredText(options, 'ip');
  const port = requiredNumber(options, 'port');
  const device = requiredText(options, 'device');
  const weight = requiredNumber(options, 'weight');
  const ip = normalizedAddress(address);
  checkDeviceName(device);
  if (weight < 0) throw new ValueFault(`Invalid weight value: ${options.number('weight')}`);
  return {
    region,
    zone,
    ip,
    port,
    device,
    weight,
    meta: options.text('meta') ?? '',
    replication_ip: addressOf(options, 'replication-ip') ?? ip,
    replication_port: options.number('replication-port') || port,
  };
}

function addressOf(options: ParsedOptions, name: string): string | undefined {
  const text = options.text(name);
  return text === undefined || text === '' ? text : normalizedAddress(text);
}

function requiredNumber(options: ParsedOptions, name: string): number {
  return options.number(name) ?? missing(name);
}

function requiredText(options: ParsedOptions, name: string): string {
  return options.text(name) ?? missing(name);
}

function missing(name: string): never {
  const letter = DEVICE.find((option) => option.name === name)?.letter;
  throw new ValueFault(`Required argument -${letter}/--${name} not specified.`);
}
