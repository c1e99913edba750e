import { pythonFloat } from '../../common/python-json.ts';
import type { BuilderDevice } from '../../ring/builder/builder-state.ts';
import type { NewDevice, RingBuilder } from '../../ring/builder/ring-builder.ts';
import { readFloat, ValueFault } from '../python-text.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command, type Session } from './command.ts';
import { describesDevice, deviceToAddOf, parseDeviceOptions } from './device-options.ts';
import { deviceName, parseDeviceToAdd } from './device-string.ts';
import { inPairs } from './word-pairs.ts';
import { AFTER_REBALANCE, DEVICE_STRING, usageEnd } from './usage.ts';

const UNCHANGED = 'The on-disk ring builder is unchanged.';

export const add: Command = {
  kind: 'with builder',
  usage: [
    `${DEVICE_STRING} <weight> [...]`,
    `--region <region> --zone <zone> --ip <ip or hostname> --port <port>
    [--replication-ip <r_ip or r_hostname>] [--replication-port <r_port>]
    --device <device_name> --weight <weight> [--meta <meta>]`,
  ],
  about: `Adds devices. <r_ip> and <r_port> are those for replication, the same as <ip>
and <port> unless given.
${AFTER_REBALANCE}`,
  leastWords: 2,
  async run(session, builder) {
    if (builder.nextPartPower !== null) {
      throw new CommandEnd(
        FAILURE,
        'Partition power increase in progress. You need \nto finish the increase first before adding devices.',
      );
    }
    try {
      for (const device of readDevices(session)) addDevice(session, builder, device);
    } catch (error) {
      if (error instanceof ValueFault) throw new CommandEnd(FAILURE, `${error.message}\n${UNCHANGED}`);
      throw error;
    }
    await builder.save(session.builderFile);
    return SUCCESS;
  },
};

function readDevices({ words, terminal }: Session): NewDevice[] {
  const options = parseDeviceOptions(words);
  if (options.words.length === 0) return [deviceToAddOf(options)];
  const pairs = describesDevice(options) ? undefined : inPairs(options.words);
  if (pairs === undefined) throw usageEnd('add', add);
  return pairs.map(([text, weightText]) => {
    const { region, ...device } = parseDeviceToAdd(text);
    if (region === undefined) {
      terminal.warn(`WARNING: No region specified for ${text}. Defaulting to region 1.`);
    }
    const weight = readFloat(weightText);
    if (weight < 0) throw new ValueFault(`Invalid weight value: ${text}`);
    return { ...device, region: region ?? 1, weight };
  });
}

function addDevice({ terminal }: Session, builder: RingBuilder, device: NewDevice): void {
  const taken = deviceAt(builder, device);
  if (taken !== undefined) throw new CommandEnd(FAILURE, `${alreadyUses(taken)}\n${UNCHANGED}\n`);
  const id = builder.addDevice(device);
  const added = builder.devices[id] as BuilderDevice;
  terminal.print(`Device ${deviceName(added)} with ${pythonFloat(added.weight)} weight got id ${id}`);
}

type Location = Pick<NewDevice, 'ip' | 'port' | 'device'>;

/** The device of this name on this server, if there is one; that with the id `except` is not looked at. */
export function deviceAt(builder: RingBuilder, wanted: Location, except?: number): BuilderDevice | undefined {
  return builder.devices.find(
    (device) =>
      device !== undefined &&
      device.id !== except &&
      device.ip === wanted.ip &&
      device.port === wanted.port &&
      device.device === wanted.device,
  );
}

export function alreadyUses({ id, ip, port, device }: BuilderDevice): string {
  return `Device ${id} already uses ${ip}:${port}/${device}.`;
}
