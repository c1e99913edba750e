import { parseOptions, type OptionSyntax } from '../option-parser.ts';
import { CommandEnd } from '../terminal.ts';
import { writeRing } from './backups.ts';
import { FAILURE, SUCCESS, type Command } from './command.ts';
import { FORMAT_VERSION_OPTION, ringFormatOf } from './format-version.ts';

const SYNTAX: OptionSyntax = {
  program: 'swift-ring-builder',
  usage: `swift-ring-builder <builder_file> write_ring [options]
    Writes the ring file.`,
  options: [FORMAT_VERSION_OPTION],
};

export const writeRingCommand: Command = {
  kind: 'with builder',
  usage: ['[--format-version <1 or 2>]'],
  about: `Writes the ring file anew. A rebalance does so by itself: this is for changes
that need none, such as those of set_info.`,
  leastWords: 0,
  async run(session, builder) {
    const format = ringFormatOf(parseOptions(SYNTAX, session.words));
    if (builder.devices.length === 0) throw new CommandEnd(FAILURE, 'Unable to write empty ring.');
    if (!builder.everRebalanced) {
      session.terminal.print(
        'Warning: Writing a ring with no partition assignments but with devices; did you forget to run "rebalance"?',
      );
    }
    await writeRing(session, builder, format);
    return SUCCESS;
  },
};
