import { ConfigError } from '../common/config-error.ts';
import { BuilderError } from '../ring/builder/builder-error.ts';
import { RingError } from '../ring/ring-file.ts';
import { ValueFault } from './python-text.ts';
import { CommandEnd, ProcessTerminal, type Terminal } from './terminal.ts';

/** What a command does; gives the exit code. Throws CommandEnd and ValueFault for what it refuses. */
export type TerminalProgram = (argv: readonly string[], terminal: Terminal) => Promise<number>;

export interface CommandIdentity {
  /** For its messages. */
  readonly name: string;
  /** Exit code of whatever goes wrong. */
  readonly failureCode: number;
}

/** Runs a command that talks to a terminal to its end and sets the exit code. */
export async function runTerminalCommand(command: CommandIdentity, program: TerminalProgram): Promise<void> {
  const terminal = new ProcessTerminal();
  try {
    process.exitCode = await endingPlainly(command, program, process.argv.slice(2), terminal);
  } finally {
    terminal.close();
  }
}

/** As the program, but tells faults instead of throwing them. */
export async function endingPlainly(
  { name, failureCode }: CommandIdentity,
  program: TerminalProgram,
  argv: readonly string[],
  terminal: Terminal,
): Promise<number> {
  try {
    return await program(argv, terminal);
  } catch (error) {
    if (error instanceof CommandEnd) {
      if (error.stream === 'output') terminal.print(error.message);
      else terminal.warn(error.message);
      return error.exitCode;
    }
    if (error instanceof ValueFault) terminal.print(error.message);
    else if (isOperators(error)) terminal.warn(`${name}: ${error.message}`);
    else terminal.warn(`${name}: ${describeFault(error)}`);
    return failureCode;
  }
}

/** Faults of files and rings, which the operator can mend. */
function isOperators(error: unknown): error is Error {
  return error instanceof BuilderError || error instanceof RingError || error instanceof ConfigError;
}

/** System errors name the file; the stacks of our own faults help to mend them. */
function describeFault(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return 'code' in error && 'syscall' in error ? error.message : (error.stack ?? error.message);
}
