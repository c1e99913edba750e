/** `swift-object-updater CONF` and `swift-container-updater CONF`: sweeps until a signal ends it, with `--once` a single one. */

import { ServerHost } from '../compose/host.ts';
import { readUpdaterConf, runUpdater, type UpdaterName } from '../compose/updaters.ts';
import { loadSwiftConf } from '../common/swift-conf.ts';
import { readCommandLine, runCommand } from './command-line.ts';
import { makeLogger } from './log/logger.ts';
import { dropPrivileges } from './privileges.ts';
import { onEndSignals } from './signals.ts';
import { UsageError } from './usage-error.ts';

interface Arguments {
  configPath: string;
  once: boolean;
  console: boolean;
}

/** `once` may also stand behind the config, as Swift's start scripts write it. */
function readArguments(command: string, argv: string[]): Arguments {
  const usage = `Usage: ${command} CONFIG [--once] [--verbose]`;
  const { configPath, words, flags } = readCommandLine(usage, argv, { once: 'o', verbose: 'v' });
  if (words.some((word) => word !== 'once')) throw new UsageError(usage);
  return { configPath, once: flags.has('once') || words.length > 0, console: flags.has('verbose') };
}

/** Runs the command to its end; sets the exit code. Faults at start are printed on standard error, exit code 1. */
export async function runUpdaterCommand(name: UpdaterName): Promise<void> {
  const command = `swift-${name}`;
  await runCommand(command, async () => {
    const args = readArguments(command, process.argv.slice(2));
    process.title = `${command} ${args.configPath}`;
    await run(name, args);
  });
}

async function run(name: UpdaterName, { configPath, once, console }: Arguments): Promise<void> {
  const conf = readUpdaterConf(configPath, name);
  const swiftDir = conf['swift_dir'] ?? '/etc/swift';
  const { policies, constraints, hashPath, warnings } = loadSwiftConf(swiftDir);
  dropPrivileges(conf['user'] ?? 'swift');
  const log = makeLogger({ conf, name, console });
  for (const warning of warnings) log.warn(warning);
  const host = new ServerHost({ log, swiftDir, policies, constraints, hashPath });
  const ending = new AbortController();
  onEndSignals(() => ending.abort());
  try {
    await runUpdater(name, { host, conf, once, signal: ending.signal });
  } finally {
    await host.close();
    log.close();
  }
}
