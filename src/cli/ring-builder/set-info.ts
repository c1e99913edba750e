import type { BuilderDevice } from '../../ring/builder/builder-state.ts';
import type { DeviceInfo, RingBuilder } from '../../ring/builder/ring-builder.ts';
import type { ParsedOptions } from '../option-parser.ts';
import { CommandEnd } from '../terminal.ts';
import { alreadyUses, deviceAt } from './add.ts';
import { FAILURE, SUCCESS, type Command, type Session } from './command.ts';
import { changesOf, describesDevice, parseDeviceOptions, searchValuesOf } from './device-options.ts';
import { deviceName, parseChangeValue, parseSearchValue, type SearchValues } from './device-string.ts';
import { confirmDevices, findDevices } from './search-devices.ts';
import { ASKS, usageEnd } from './usage.ts';
import { inPairs } from './word-pairs.ts';

const CHANGE = '<ip>:<port>[R<r_ip>:<r_port>]/<device_name>_<meta>';

export const setInfo: Command = {
  kind: 'with builder',
  usage: [
    `<search-value> ${CHANGE} [...]\n    [--yes]`,
    `
    --ip <ip or hostname> --port <port>
    --replication-ip <r_ip or r_hostname> --replication-port <r_port>
    --device <device_name> --meta <meta>
    --change-ip <ip or hostname> --change-port <port>
    --change-replication-ip <r_ip or r_hostname> --change-replication-port <r_port>
    --change-device <device_name> --change-meta <meta>
    [--yes]`,
  ],
  about: `Changes where devices are found, their names and texts: only what is given, so
'set_info d12 _"rack 7"' leaves the addresses of device 12 alone. No partition
moves for it; 'write_ring' brings it into the ring file.
${ASKS}`,
  leastWords: 2,
  searches: true,
  async run(session, builder) {
    const options = parseDeviceOptions(session.words);
    for (const { search, change } of changesIn(options)) {
      await changeDevices(session, options, builder, { search, change });
    }
    await builder.save(session.builderFile);
    return SUCCESS;
  },
};

interface Change {
  readonly search: SearchValues;
  readonly change: DeviceInfo;
}

function* changesIn(options: ParsedOptions): Generator<Change> {
  if (describesDevice(options)) {
    yield { search: searchValuesOf(options), change: changesOf(options) };
    return;
  }
  const pairs = inPairs(options.words);
  if (pairs === undefined) throw usageEnd('set_info', setInfo);
  for (const [search, change] of pairs) yield { search: parseSearchValue(search), change: parseChangeValue(change) };
}

async function changeDevices(
  { terminal }: Session,
  options: ParsedOptions,
  builder: RingBuilder,
  { search, change }: Change,
): Promise<void> {
  const devices = findDevices(builder, search);
  await confirmDevices(devices, {
    terminal,
    options,
    question: `Are you sure you want to update the info for these ${devices.length} devices?`,
    refusal: 'Aborting device modifications',
  });
  for (const device of devices) {
    const before = deviceName(device);
    const taken = deviceAt(builder, { ...device, ...change }, device.id);
    if (taken !== undefined) throw new CommandEnd(FAILURE, alreadyUses(taken));
    builder.setDeviceInfo(device.id, change);
    terminal.print(`Device ${before} is now ${deviceName(builder.devices[device.id] as BuilderDevice)}`);
  }
}
