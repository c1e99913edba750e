import type { BuilderDevice } from '../../ring/builder/builder-state.ts';
import type { RingBuilder } from '../../ring/builder/ring-builder.ts';
import type { ParsedOptions } from '../option-parser.ts';
import { ValueFault } from '../python-text.ts';
import { CommandEnd, type Terminal } from '../terminal.ts';
import { normalizedAddress } from './addresses.ts';
import { FAILURE } from './command.ts';
import { deviceName, parseSearchValue, type SearchValues } from './device-string.ts';
import { searchValuesOf } from './device-options.ts';

export const NOTHING_MATCHED = 'No matching devices found';

/** The devices that match, by id. */
export function findDevices(builder: RingBuilder, values: SearchValues): BuilderDevice[] {
  return builder.devices.filter((device) => device !== undefined).filter((device) => matches(device, values));
}

function matches(device: BuilderDevice, { meta, ip, replication_ip, ...equal }: SearchValues): boolean {
  if (meta !== undefined && !device.meta.includes(meta)) return false;
  if (ip !== undefined && spelledAlike(device.ip) !== ip) return false;
  if (replication_ip !== undefined && spelledAlike(device.replication_ip) !== replication_ip) return false;
  return Object.entries(equal).every(
    ([key, value]) => value === undefined || device[key as keyof typeof equal] === value,
  );
}

/** Older builder files hold addresses in other spellings. */
function spelledAlike(address: string): string {
  try {
    return normalizedAddress(address);
  } catch (error) {
    if (error instanceof ValueFault) return '';
    throw error;
  }
}

/** By search values, one after the other, or else by options. */
export function devicesOf(builder: RingBuilder, options: ParsedOptions): BuilderDevice[] {
  if (options.words.length === 0) return findDevices(builder, searchValuesOf(options));
  return options.words.flatMap((word) => findDevices(builder, parseSearchValue(word)));
}

/** A change that needs a yes when it concerns more than one device. */
export interface Confirmation {
  readonly terminal: Terminal;
  readonly options: ParsedOptions;
  /** Gets ` (y/N) ` behind it. */
  readonly question: string;
  /** Told when the answer is no. */
  readonly refusal: string;
}

/** Throws CommandEnd when there are no devices, or the answer is no. */
export async function confirmDevices(devices: readonly BuilderDevice[], confirmation: Confirmation): Promise<void> {
  const { terminal, options, question, refusal } = confirmation;
  if (devices.length === 0) {
    throw new CommandEnd(FAILURE, 'Search value matched 0 devices.\nThe on-disk ring builder is unchanged.');
  }
  if (devices.length === 1) return;
  terminal.print('Matched more than one device:');
  for (const device of devices) terminal.print(`    ${deviceName(device)}`);
  if (!options.has('yes') && (await terminal.ask(`${question} (y/N) `)) !== 'y') throw new CommandEnd(FAILURE, refusal);
}
