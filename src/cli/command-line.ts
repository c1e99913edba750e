/** What the commands have in common: `NAME CONFIG [options]`, faults as one clear line, exit code 1. */

import { realpathSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { describeFault } from './faults.ts';
import { UsageError } from './usage-error.ts';

/** Flags by their long names, with the letter that stands for each. */
export type Flags = Readonly<Record<string, string>>;

export interface CommandLine {
  /** Absolute, links followed. */
  readonly configPath: string;
  /** Words behind the config. */
  readonly words: readonly string[];
  /** Long names of the flags that were given. */
  readonly flags: ReadonlySet<string>;
}

/** Throws UsageError. */
export function readCommandLine(usage: string, argv: string[], flags: Flags): CommandLine {
  const options = Object.fromEntries(
    Object.entries(flags).map(([name, short]) => [name, { type: 'boolean' as const, short }]),
  );
  let parsed;
  try {
    parsed = parseArgs({ args: argv, allowPositionals: true, options });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
  const [path, ...words] = parsed.positionals;
  if (path === undefined) throw new UsageError(`${usage}\nError: missing config path argument`);
  return { configPath: existing(path), words, flags: new Set(Object.keys(parsed.values)) };
}

function existing(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    throw new UsageError(`Unable to locate ${path}`);
  }
}

/** Runs a command to its end and sets the exit code. */
export async function runCommand(command: string, run: () => Promise<void>): Promise<void> {
  try {
    await run();
    process.exitCode = 0;
  } catch (error) {
    process.stderr.write(`${command}: ${error instanceof UsageError ? error.message : describeFault(error)}\n`);
    process.exitCode = 1;
  }
}
