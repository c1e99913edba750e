/** `apus COMMAND ...`: finds the command and runs it to its end. */

import { provideOwnModules } from '../../compose/own-modules.ts';
import { describeFault } from '../faults.ts';
import { UsageError } from '../usage-error.ts';
import { SERVE_USAGE } from './serve-usage.ts';
import { FailedCommand, readArguments, readConfigArgument } from './config-arguments.ts';

const USAGE = `Usage: apus COMMAND

  serve [CONFIG[#NAME]]      serves an app of any Paste config file; without one, a whole cluster in this process
  check CONFIG[#NAME]        tells every fault of a config and its pipeline, each with its line
  explain CONFIG[#NAME]      shows the effective pipeline: order, options, and where each comes from
  new-middleware NAME        writes a package with a filter and its test into the folder NAME

apus COMMAND --help tells more.`;

interface Command {
  readonly usage: string;
  readonly run: (argv: string[], usage: string) => Promise<void>;
}

const CHECK_USAGE = `Usage: apus check CONFIG[#NAME]

Looks through the section NAME of CONFIG (main; without a main, every app of the file) and makes it, without serving. Strict: an
option that nobody reads and a filter in an odd place are faults too. Exit code 0 when all is well, else 1 and a line for each fault.`;

const EXPLAIN_USAGE = `Usage: apus explain CONFIG[#NAME]

Prints the filters and the app of section NAME (main; without a main, every app of the file), outermost first: which module each is,
why it stands there, and each of its options with its value and the place that the value comes from.`;

const NEW_MIDDLEWARE_USAGE = `Usage: apus new-middleware NAME

Writes a package with a filter in TypeScript, its test and a README into the folder NAME. The test passes as written.`;

const COMMANDS: Readonly<Record<string, Command>> = {
  serve: {
    usage: SERVE_USAGE,
    run: async (argv) => (await import('./serve-command.ts')).serve(argv),
  },
  check: {
    usage: CHECK_USAGE,
    run: async (argv, usage) => (await import('./check-command.ts')).check(configOf(argv, usage)),
  },
  explain: {
    usage: EXPLAIN_USAGE,
    run: async (argv, usage) => (await import('./explain-command.ts')).explain(configOf(argv, usage)),
  },
  'new-middleware': {
    usage: NEW_MIDDLEWARE_USAGE,
    run: async (argv, usage) => (await import('./new-middleware-command.ts')).newMiddleware(argv, usage),
  },
};

function configOf(argv: string[], usage: string): ReturnType<typeof readConfigArgument> {
  const { positionals } = readArguments(usage, { args: argv, allowPositionals: true });
  return readConfigArgument(usage, positionals);
}

/** Faults are told on standard error: a line for each, exit code 1; a command line that is none, exit code 2. */
export async function runApusCommand(): Promise<void> {
  process.title = 'apus';
  const [name = '', ...argv] = process.argv.slice(2);
  try {
    await run(name, argv);
  } catch (error) {
    process.exitCode = error instanceof UsageError ? 2 : 1;
    process.stderr.write(`${messageOf(error)}\n`);
  }
}

async function run(name: string, argv: string[]): Promise<void> {
  if (name === '--help' || name === '-h' || name === 'help') {
    process.stdout.write(`${USAGE}\n`);
    return;
  }
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  if (command === undefined) throw new UsageError(name === '' ? USAGE : `apus: no command ${name}\n\n${USAGE}`);
  if (argv.includes('--help') || argv.includes('-h')) {
    process.stdout.write(`${command.usage}\n`);
    return;
  }
  // Before any config is read: what it names may import it.
  provideOwnModules();
  await command.run(argv, command.usage);
}

function messageOf(error: unknown): string {
  if (error instanceof FailedCommand) {
    const { length } = error.lines;
    return [...error.lines, `${length} fault${length === 1 ? '' : 's'}`].join('\n');
  }
  return error instanceof UsageError ? error.message : `apus: ${describeFault(error)}`;
}
