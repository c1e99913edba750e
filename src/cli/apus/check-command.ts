/** `apus check CONF`: everything that is wrong with a config, and everything that is odd, each with its line. */

import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { builtinEntryPoints } from '../../builtins.ts';
import { ConfigError } from '../../common/config-error.ts';
import type { Conf } from '../../common/conf.ts';
import { openPasteApp } from '../../compose/paste-app.ts';
import { openPipeline } from '../../compose/pipeline.ts';
import { type AppName, readServerOptions, serverOptions } from '../../compose/server-options.ts';
import { examineConfig, type Examination, faultsIn, SERVER_NAMES } from '../../paste/examination.ts';
import { partsOf } from '../../paste/pipeline-warnings.ts';
import { configOf } from '../../paste/loader.ts';
import { describeFault } from '../faults.ts';
import { makeLogger } from '../log/logger.ts';
import { type ConfigArguments, FailedCommand } from './config-arguments.ts';

/** Prints one line that all is well, or throws FailedCommand with every fault. */
export async function check({ configPath, name }: ConfigArguments): Promise<void> {
  const examinations = await examine(configPath, name);
  const lines = examinations.flatMap(({ faults, warnings }) => [...faults.map(({ message }) => message), ...warnings]);
  // What only making the app can show: a factory that refuses, a file that is not there.
  if (lines.length === 0) lines.push(...(await makingFaults(configPath, examinations)));
  if (lines.length > 0) throw new FailedCommand([...new Set(lines)].map(withRelativePath));
  for (const { context, added } of examinations) {
    const parts = context === undefined ? [] : partsOf(context);
    process.stdout.write(
      `${withRelativePath(configPath)}: ${parts.map((part) => part.name ?? part.place.section ?? '?').join(' ')}: good\n`,
    );
    for (const left of added.leftOut) process.stdout.write(`  without ${left}, which is not available here\n`);
  }
}

function withRelativePath(text: string): string {
  return text.replaceAll(`${process.cwd()}/`, '');
}

/** A file that cannot be read as one is one fault like any other. */
async function examine(configPath: string, name: string | undefined): Promise<readonly Examination[]> {
  try {
    return await examineConfig({ configPath, name, entryPoints: builtinEntryPoints, serverSpec: serverOptions });
  } catch (error) {
    throw new FailedCommand(faultsIn(error).map(({ message }) => withRelativePath(message)));
  }
}

async function makingFaults(configPath: string, examinations: readonly Examination[]): Promise<string[]> {
  const lines: string[] = [];
  for (const { name, context } of examinations) {
    const app = context?.kind === 'pipeline' ? context.app : context;
    const appName = SERVER_NAMES[app?.target?.builtin ?? ''];
    try {
      if (appName === undefined) await makePasteApp(configPath, name);
      else await makeServerApp(configPath, appName, app === undefined ? {} : configOf(app).merged);
    } catch (error) {
      lines.push(
        ...(error instanceof ConfigError ? faultsIn(error).map(({ message }) => message) : [describeFault(error)]),
      );
    }
  }
  return lines;
}

async function makePasteApp(configPath: string, name: string): Promise<void> {
  const app = await openPasteApp({ configPath, name, entryPoints: builtinEntryPoints, makeLog });
  await app.close();
}

/** Before a cluster's first start there are neither rings nor a swift.conf but the one beside the config. */
async function makeServerApp(configPath: string, appName: AppName, conf: Conf): Promise<void> {
  const { swift_dir: swiftDir } = readServerOptions(conf, configPath, appName);
  const beside = dirname(configPath);
  const isNew = !existsSync(join(swiftDir, 'swift.conf')) && existsSync(join(beside, 'swift.conf'));
  const pipeline = await openPipeline({
    configPath,
    appName,
    entryPoints: builtinEntryPoints,
    makeLog,
    ...(isNew ? { swiftConfDir: beside, withRings: false } : {}),
  });
  await pipeline.close();
}

/** Warnings were told already; what a factory logs goes to the terminal. */
function makeLog(_conf: Conf, name: string): ReturnType<typeof makeLogger> {
  return makeLogger({ conf: { log_level: 'ERROR' }, name, console: true });
}
