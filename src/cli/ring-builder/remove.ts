import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command } from './command.ts';
import { describesDevice, parseDeviceOptions } from './device-options.ts';
import { deviceName } from './device-string.ts';
import { confirmDevices, devicesOf } from './search-devices.ts';
import { ASKS, SEARCH_OPTIONS, usageEnd } from './usage.ts';

export const remove: Command = {
  kind: 'with builder',
  usage: ['<search-value> [<search-value> ...] [--yes]', `\n    ${SEARCH_OPTIONS}\n    [--yes]`],
  about: `Marks devices to be taken out by the next rebalance: for devices that failed.
One that still works is better given weight 0 first, and removed once it has
been drained. ${ASKS}`,
  leastWords: 1,
  searches: true,
  async run({ terminal, words, builderFile }, builder) {
    if (builder.nextPartPower !== null) {
      throw new CommandEnd(
        FAILURE,
        'Partition power increase in progress. You need \nto finish the increase first before removing devices.',
      );
    }
    const options = parseDeviceOptions(words);
    if (options.words.length > 0 && describesDevice(options)) throw usageEnd('remove', remove);
    const devices = devicesOf(builder, options);
    await confirmDevices(devices, {
      terminal,
      options,
      question: `Are you sure you want to remove these ${devices.length} devices?`,
      refusal: 'Aborting device removals',
    });
    for (const { id } of devices) {
      builder.removeDevice(id);
      const device = builder.devices[id];
      if (device === undefined) continue;
      terminal.print(`${deviceName(device)} marked for removal and will be removed next rebalance.`);
    }
    await builder.save(builderFile);
    return SUCCESS;
  },
};
