/** set_weight, set_region and set_zone: what decides where partitions go. */

import { pythonFloat } from '../../common/python-json.ts';
import { BuilderError } from '../../ring/builder/builder-error.ts';
import type { BuilderDevice } from '../../ring/builder/builder-state.ts';
import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import type { ParsedOptions } from '../option-parser.ts';
import { readFloat, readInteger } from '../python-text.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command } from './command.ts';
import { describesDevice, parseDeviceOptions, searchValuesOf } from './device-options.ts';
import { deviceName, parseSearchValue } from './device-string.ts';
import { confirmDevices, findDevices } from './search-devices.ts';
import { AFTER_REBALANCE, ASKS, SEARCH_OPTIONS, usageEnd } from './usage.ts';
import { inPairs } from './word-pairs.ts';

interface Property {
  readonly name: 'weight' | 'region' | 'zone';
  read(text: string): number;
  text(value: number): string;
  set(builder: RingBuilder, id: number, value: number): void;
}

export const setWeight: Command = settingCommand({
  name: 'weight',
  read: readFloat,
  text: pythonFloat,
  set: (builder, id, weight) => builder.setDeviceWeight(id, weight),
});

export const setRegion: Command = settingCommand({
  name: 'region',
  read: readInteger,
  text: String,
  set: (builder, id, region) => builder.setDeviceRegion(id, region),
});

export const setZone: Command = settingCommand({
  name: 'zone',
  read: readInteger,
  text: String,
  set: (builder, id, zone) => builder.setDeviceZone(id, zone),
});

function settingCommand(property: Property): Command {
  const { name } = property;
  const command: Command = {
    kind: 'with builder',
    usage: [`<search-value> <new_${name}> [...] [--yes]`, `\n    ${SEARCH_OPTIONS} <new_${name}>\n    [--yes]`],
    about: `Sets the ${name} of devices.\n${AFTER_REBALANCE}\n${ASKS}`,
    leastWords: 2,
    searches: true,
    async run({ terminal, words, builderFile }, builder) {
      const options = parseDeviceOptions(words);
      const changes = changesIn(options, () => usageEnd(`set_${name}`, command));
      for (const { find, value: text } of changes) {
        const devices = find(builder);
        const value = property.read(text);
        await confirmDevices(devices, {
          terminal,
          options,
          question: `Are you sure you want to update the ${name} for these ${devices.length} devices?`,
          refusal: 'Aborting device modifications',
        });
        for (const { id } of devices) {
          setProperty(property, builder, id, value);
          const device = builder.devices[id] as BuilderDevice;
          terminal.print(`${deviceName(device)} ${name} set to ${property.text(device[name])}`);
        }
      }
      await builder.save(builderFile);
      return SUCCESS;
    },
  };
  return command;
}

interface Change {
  find(builder: RingBuilder): BuilderDevice[];
  readonly value: string;
}

/** Pairs of search value and new value; with options to search by, the new value alone. */
function changesIn(options: ParsedOptions, usage: () => CommandEnd): Change[] {
  if (!describesDevice(options)) {
    const pairs = inPairs(options.words);
    if (pairs === undefined) throw usage();
    return pairs.map(([search, value]) => ({
      find: (builder) => findDevices(builder, parseSearchValue(search)),
      value,
    }));
  }
  const [value, ...more] = options.words;
  if (value === undefined || more.length > 0) throw usage();
  return [{ find: (builder) => findDevices(builder, searchValuesOf(options)), value }];
}

/** A device that is marked for removal can't be changed, which is the user's fault, not the builder's. */
function setProperty(property: Property, builder: RingBuilder, id: number, value: number): void {
  try {
    property.set(builder, id, value);
  } catch (error) {
    if (error instanceof BuilderError && error.kind === 'value') throw new CommandEnd(FAILURE, error.message);
    throw error;
  }
}
