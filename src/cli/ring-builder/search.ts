import { WORST_BALANCE } from '../../ring/builder/balance.ts';
import type { BuilderDevice } from '../../ring/builder/builder-state.ts';
import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { fixed, padLeft } from '../python-text.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command } from './command.ts';
import { describesDevice, parseDeviceOptions } from './device-options.ts';
import { devicesOf, NOTHING_MATCHED } from './search-devices.ts';
import { SEARCH_OPTIONS, usageEnd } from './usage.ts';

export const search: Command = {
  kind: 'with builder',
  usage: ['<search-value>', `\n    ${SEARCH_OPTIONS}`],
  about: 'Shows the devices that match.',
  leastWords: 1,
  searches: true,
  async run({ terminal, words }, builder) {
    const options = parseDeviceOptions(words);
    if (options.words.length > 0 && (describesDevice(options) || options.words.length !== 1)) {
      throw usageEnd('search', search);
    }
    const devices = devicesOf(builder, options);
    if (devices.length === 0) throw new CommandEnd(FAILURE, NOTHING_MATCHED);
    const due = duePartsPerWeight(builder);
    terminal.print(HEADINGS);
    for (const device of devices) terminal.print(rowOf(device, balanceOf(device, due)));
    return SUCCESS;
  },
};

const HEADINGS =
  'Devices:    id  region  zone      ip address  port  replication ip  replication port      name weight partitions ' +
  'balance meta';

function duePartsPerWeight(builder: RingBuilder): number {
  const weight = builder.devices.reduce((sum, device) => sum + (device?.weight ?? 0), 0);
  return (builder.parts * builder.replicas) / weight;
}

/** Percent above what is due; a device without weight should hold nothing. */
function balanceOf({ weight, parts }: BuilderDevice, due: number): number {
  if (weight === 0) return parts > 0 ? WORST_BALANCE : 0;
  return (100 * parts) / (weight * due) - 100;
}

function rowOf(device: BuilderDevice, balance: number): string {
  const cells: readonly (readonly [string | number, number])[] = [
    [device.id, 14],
    [device.region, 7],
    [device.zone, 5],
    [device.ip, 15],
    [device.port, 5],
    [device.replication_ip, 15],
    [device.replication_port, 17],
    [device.device, 9],
    [fixed(device.weight), 6],
    [device.parts, 10],
    [fixed(balance), 7],
  ];
  return [...cells.map(([value, width]) => padLeft(value, width)), device.meta].join(' ');
}
