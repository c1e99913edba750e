import { builtinEntryPoints } from '../builtins.ts';
import type { PipelineOptions } from '../compose/pipeline.ts';
import type { AppName } from '../compose/server-options.ts';
import { makeLogger } from './log/logger.ts';

/** How the commands build a pipeline: with every built-in, and logs as the config asks or all on the console. */
export function pipelineOptions(appName: AppName, configPath: string, console: boolean): PipelineOptions {
  return {
    appName,
    configPath,
    entryPoints: builtinEntryPoints,
    makeLog: (conf, name) => makeLogger({ conf, name, console }),
  };
}
