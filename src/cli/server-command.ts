/** `swift-<kind>-server CONF`: the parent of the workers, or with `workers = 0` the server itself. */

import { realpathSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { builtinEntryPoints } from '../builtins.ts';
import { type AppName, openPipeline, type Pipeline, readServerOptions } from '../compose/pipeline.ts';
import { provideOwnModules } from '../compose/own-modules.ts';
import { listen, makeHttpServer } from '../compose/serving.ts';
import { readServerConfig } from '../paste/server-app.ts';
import { describeFault } from './faults.ts';
import { makeLogger } from './log/logger.ts';
import { pipelineOptions } from './pipeline-options.ts';
import { answerCacheCalls } from './parent-services.ts';
import { dropPrivileges, endServing, workerCount } from './serving.ts';
import { endSignal } from './signals.ts';
import { Supervisor } from './supervisor.ts';

interface Arguments {
  configPath: string;
  console: boolean;
  testConfig: boolean;
}

class UsageError extends Error {}

function readArguments(command: string, argv: string[]): Arguments {
  const usage = `Usage: ${command} CONFIG [--verbose] [--test-config]`;
  let parsed;
  try {
    parsed = parseArgs({
      args: argv,
      allowPositionals: true,
      options: {
        verbose: { type: 'boolean', short: 'v', default: false },
        'test-config': { type: 'boolean', short: 't', default: false },
      },
    });
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
  const [configPath, ...rest] = parsed.positionals;
  if (configPath === undefined) throw new UsageError(`${usage}\nError: missing config path argument`);
  if (rest.length > 0) throw new UsageError(usage);
  try {
    return {
      configPath: realpathSync(configPath),
      console: parsed.values.verbose,
      testConfig: parsed.values['test-config'],
    };
  } catch {
    throw new UsageError(`Unable to locate ${configPath}`);
  }
}

/** Runs the command to its end; sets the exit code. Faults at start are printed on standard error, exit code 1. */
export async function runServerCommand(appName: AppName): Promise<void> {
  const command = `swift-${appName}`;
  try {
    const args = readArguments(command, process.argv.slice(2));
    process.title = `${command} ${args.configPath}`;
    process.exitCode = await run(appName, args);
  } catch (error) {
    process.stderr.write(`${command}: ${error instanceof UsageError ? error.message : describeFault(error)}\n`);
    process.exitCode = 1;
  }
}

async function run(appName: AppName, args: Arguments): Promise<number> {
  provideOwnModules();
  const { appConf, logName } = await readServerConfig(args.configPath, appName, builtinEntryPoints);
  const options = readServerOptions(appConf, args.configPath, appName);
  const workers = workerCount(options.workers);
  if (workers === 0 || args.testConfig) {
    const pipeline = await openPipeline(pipelineOptions(appName, args.configPath, args.console));
    if (args.testConfig) {
      await pipeline.close();
      return 0;
    }
    return serveAlone(pipeline);
  }
  const log = makeLogger({ conf: appConf, name: logName, console: args.console });
  const supervisor = new Supervisor({
    workerScript: fileURLToPath(import.meta.resolve('./server-worker.ts')),
    args: [appName, args.configPath, ...(args.console ? ['console'] : [])],
    workers,
    log,
    onMessage: answerCacheCalls(),
  });
  const exitCode = await supervisor.run();
  log.close();
  return exitCode;
}

/** Serves in this process until a signal ends it. */
export async function serveAlone(pipeline: Pipeline): Promise<number> {
  const server = makeHttpServer(pipeline);
  await listen(server, pipeline.options);
  dropPrivileges(pipeline.options.user);
  process.on('SIGUSR1', () =>
    pipeline.log.warn('SIGUSR1 has no meaning with workers = 0: there is no parent that could replace the worker'),
  );
  const how = await endSignal();
  await endServing(server, pipeline, how);
  return 0;
}
