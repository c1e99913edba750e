import { existsSync } from 'node:fs';
import { writeRingFile } from '../../ring/ring-file.ts';
import { parseOptions, type OptionSyntax } from '../option-parser.ts';
import { CommandEnd, type Terminal } from '../terminal.ts';
import { compose } from './compose.ts';
import { describeComposite, loadComposite, saveComposite, type Composite } from './composite-file.ts';

const FAILURE = 2;

const SYNTAX: OptionSyntax = {
  program: 'swift-ring-composer',
  usage: `swift-ring-composer <composite_builder_file> show
       swift-ring-composer <composite_builder_file> compose [<builder_file> ...] --output <ring_file> [--force]

Makes one ring of the rings of several builders. They must have the same
partition power; each region and each device belongs to one of them alone.`,
  options: [
    { name: 'output', kind: 'text', doc: 'ring file to be written' },
    { name: 'force', kind: 'flag', doc: 'compose although builders are others than before, or unchanged' },
  ],
};

/** Runs `swift-ring-composer ARGV`; gives the exit code. Throws CommandEnd for what it refuses. */
export async function runComposer(argv: readonly string[], terminal: Terminal): Promise<number> {
  terminal.warn('\nNOTE: This tool is experimental, in Swift as well: it may change or go.\n');
  const options = parseOptions(SYNTAX, argv);
  const [file, command, ...builderFiles] = options.words;
  if (file === undefined) throw usageEnd('the following arguments are required: composite_builder_file');
  if (command === 'show' && builderFiles.length === 0) {
    const composite = await explaining('loading the composite builder file', () => loadComposite(file));
    terminal.print(describeComposite(composite));
    return 0;
  }
  if (command !== 'compose') throw usageEnd('the command must be show or compose');
  const output = options.text('output');
  if (output === undefined) throw usageEnd('the following arguments are required: --output');
  await composeFiles(file, output, { builderFiles, force: options.has('force') });
  return 0;
}

function usageEnd(fault: string): CommandEnd {
  return new CommandEnd(FAILURE, `Usage: ${SYNTAX.usage}\n\n${SYNTAX.program}: error: ${fault}`, 'errors');
}

async function composeFiles(
  file: string,
  output: string,
  options: { builderFiles: readonly string[]; force: boolean },
): Promise<void> {
  let before: Composite | undefined;
  if (existsSync(file)) before = await explaining('loading the composite builder file', () => loadComposite(file));
  const { ring, composite } = await explaining('composing the ring', () => compose(before, options));
  await explaining('writing the composite ring file', () => writeRingFile(output, ring));
  await explaining('writing the composite builder file', () => saveComposite(file, composite));
}

/** Any fault ends the command, told with what was being done. */
async function explaining<T>(doing: string, act: () => T | Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new CommandEnd(
      FAILURE,
      `An error occurred while ${doing}.\nOriginal exception message:\n${message}`,
      'errors',
    );
  }
}
