/** `swift-<kind>-server CONF`: the parent of the workers, or with `workers = 0` the server itself. */

import { fileURLToPath } from 'node:url';
import { builtinEntryPoints } from '../builtins.ts';
import { placesOf } from '../common/conf-origin.ts';
import { provideOwnModules } from '../compose/own-modules.ts';
import { type AppName, readServerOptions, type ServerOptions } from '../compose/server-options.ts';
import { readServerConfig } from '../paste/server-app.ts';
import { readCommandLine, runCommand } from './command-line.ts';
import { describeFault } from './faults.ts';
import { openListenSocket } from './listen-socket.ts';
import { makeLogger } from './log/logger.ts';
import { answerCacheCalls } from './parent-services.ts';
import { checkUser } from './privileges.ts';
import { Supervisor, type WorkerPlan } from './supervisor.ts';
import { UsageError } from './usage-error.ts';

interface Arguments {
  configPath: string;
  console: boolean;
  testConfig: boolean;
}

function readArguments(command: string, argv: string[]): Arguments {
  const usage = `Usage: ${command} CONFIG [--verbose] [--test-config]`;
  const { configPath, words, flags } = readCommandLine(usage, argv, { verbose: 'v', 'test-config': 't' });
  if (words.length > 0) throw new UsageError(usage);
  return { configPath, console: flags.has('verbose'), testConfig: flags.has('test-config') };
}

/** Runs the command to its end; sets the exit code. Faults at start are printed on standard error, exit code 1. */
export async function runServerCommand(appName: AppName): Promise<void> {
  const command = `swift-${appName}`;
  await runCommand(command, async () => {
    const args = readArguments(command, process.argv.slice(2));
    process.title = `${command} ${args.configPath}`;
    await run(appName, args);
  });
}

/** The server of a config, as its command runs it. Throws what describeFault tells. */
export function serveServer(appName: AppName, configPath: string): Promise<void> {
  return run(appName, { configPath, console: false, testConfig: false });
}

async function run(appName: AppName, args: Arguments): Promise<void> {
  provideOwnModules();
  const { options, appConf, logName } = await readOptions(appName, args.configPath);
  const { workers } = options;
  if (workers === 0 || args.testConfig) {
    // The parent of workers does without all that this loads.
    const { checkPipeline, serveAlone } = await import('./serve-alone.ts');
    await (args.testConfig ? checkPipeline : serveAlone)(appName, args.configPath, args.console);
    return;
  }
  const socket = await openListenSocket(listenAddress(options));
  const log = makeLogger({ conf: appConf, name: logName, console: args.console });
  const supervisor = new Supervisor({
    workerScript: fileURLToPath(import.meta.resolve('./server-worker.ts')),
    args: [appName, args.configPath, ...(args.console ? ['console'] : [])],
    plan: { workers, socket },
    replan: (current) => replan(appName, args.configPath, current),
    log,
    describe: describeFault,
    onMessage: answerCacheCalls(),
  });
  await supervisor.run();
  log.close();
}

async function readOptions(
  appName: AppName,
  configPath: string,
): Promise<{ options: ServerOptions; appConf: Readonly<Record<string, string>>; logName: string }> {
  const { appConf, logName } = await readServerConfig(configPath, appName, builtinEntryPoints);
  const options = readServerOptions(appConf, configPath, appName);
  checkUser(options.user, placesOf(appConf)?.get('user'));
  return { options, appConf, logName };
}

/** What the config asks for now. The socket is kept while its address is the same. */
async function replan(appName: AppName, configPath: string, current: WorkerPlan): Promise<WorkerPlan> {
  const { options } = await readOptions(appName, configPath);
  const address = listenAddress(options);
  const { socket } = current;
  const stays = socket.host === address.host && socket.port === address.port;
  return {
    // A parent does not turn into a server while it runs.
    workers: Math.max(1, options.workers),
    socket: stays ? socket : await openListenSocket(address),
  };
}

function listenAddress(options: ServerOptions): Parameters<typeof openListenSocket>[0] {
  const { bind_ip: host, bind_port: port, backlog, bind_timeout: timeoutSeconds } = options;
  return { host, port, backlog, timeoutMs: timeoutSeconds * 1000 };
}
