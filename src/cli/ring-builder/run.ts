import { BuilderError } from '../../ring/builder/builder-error.ts';
import { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { CommandEnd, type Terminal } from '../terminal.ts';
import { FAILURE, SUCCESS, type Command, type ExitCode, type Session } from './command.ts';
import { commands, DEFAULT_COMMAND } from './commands.ts';
import { fullUsage, usageEnd } from './usage.ts';

/** Of the commands' interface, as Swift counts it. */
const VERSION = '1.3';

/** Runs `swift-ring-builder ARGV`. Throws CommandEnd, ValueFault and BuilderError for what ends it, and what reading and writing throw. */
export async function runRingBuilder(
  argv: readonly string[],
  terminal: Terminal,
  nowSec: () => number = () => Date.now() / 1000,
): Promise<ExitCode> {
  const [file, name = DEFAULT_COMMAND, ...words] = argv;
  if (file === undefined) {
    const named = new Map([...commands].filter(([name]) => name !== DEFAULT_COMMAND));
    terminal.print(fullUsage(named, VERSION));
    return SUCCESS;
  }
  const session: Session = { terminal, ...filesOf(file), words, nowSec };
  if (session.builderFile !== file) {
    terminal.print(`Note: using ${session.builderFile} instead of ${file} as builder file`);
  }
  const command = commands.get(name);
  const builder = await load(session, command);
  if (command === undefined) throw new CommandEnd(FAILURE, `Unknown command: ${name}`);
  if (words.length < command.leastWords) throw usageEnd(name, command);
  if (command.kind === 'without builder') return await command.run(session);
  return await command.run(session, builder as RingBuilder);
}

/** A ring file stands for its builder, and a builder for its ring. */
function filesOf(file: string): { builderFile: string; ringFile: string } {
  const stem = file.replace(/\.(?:ring\.gz|builder)$/, '');
  return { builderFile: file.endsWith('.ring.gz') ? `${stem}.builder` : file, ringFile: `${stem}.ring.gz` };
}

/** Even commands that do without a builder leave one alone that is broken. */
async function load({ builderFile, nowSec }: Session, command: Command | undefined): Promise<RingBuilder | undefined> {
  try {
    return await RingBuilder.load(builderFile, { nowSec });
  } catch (error) {
    const isExpected = error instanceof BuilderError;
    const isAbsent = isExpected && (error.kind === 'missing' || error.kind === 'permission');
    if (isAbsent && command?.kind === 'without builder') return undefined;
    if (isExpected) throw new CommandEnd(FAILURE, error.message);
    throw new CommandEnd(
      FAILURE,
      `Problem occurred while reading builder file: ${builderFile}. ${(error as Error).message}`,
    );
  }
}
