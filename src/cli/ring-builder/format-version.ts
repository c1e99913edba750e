import type { OptionSpec, ParsedOptions } from '../option-parser.ts';
import { CommandEnd } from '../terminal.ts';
import { FAILURE } from './command.ts';

export type FormatVersion = 1 | 2;

export const FORMAT_VERSION_OPTION: OptionSpec = {
  name: 'format-version',
  kind: 'integer',
  doc: 'of the ring file: 1 (every Swift reads it) or 2',
};

/** Undefined leaves it to the ring: 1, unless its device ids need 2. Throws CommandEnd. */
export function formatVersionOf(options: ParsedOptions): FormatVersion | undefined {
  const version = options.number('format-version');
  if (version === undefined || version === 1 || version === 2) return version;
  throw new CommandEnd(FAILURE, `swift-ring-builder: error: format version must be 1 or 2, not ${version}`, 'errors');
}
