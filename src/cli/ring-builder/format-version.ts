import type { RingFormatOptions } from '../../ring/ring-file.ts';
import type { OptionSpec, ParsedOptions } from '../option-parser.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE } from './command.ts';

export const FORMAT_VERSION_OPTION: OptionSpec = {
  name: 'format-version',
  kind: 'integer',
  doc: 'of the ring file: 1 (every Swift reads it) or 2',
};

/** Without the option it is left to the ring: 1, unless its device ids need 2. Throws CommandEnd. */
export function ringFormatOf(options: ParsedOptions): RingFormatOptions {
  const formatVersion = options.number('format-version');
  if (formatVersion === undefined) return {};
  if (formatVersion === 1 || formatVersion === 2) return { formatVersion };
  const fault = `option --format-version: invalid choice: ${formatVersion} (choose from 1, 2)`;
  throw new CommandEnd(FAILURE, `swift-ring-builder: error: ${fault}`, 'errors');
}
