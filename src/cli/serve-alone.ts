/** A server without workers, and a config that is only checked. */

import { openPipeline } from '../compose/pipeline.ts';
import type { AppName } from '../compose/server-options.ts';
import { listen, makeHttpServer } from '../compose/serving.ts';
import { pipelineOptions } from './pipeline-options.ts';
import { dropPrivileges } from './privileges.ts';
import { Ending, keepCompiledCode } from './serving.ts';
import { onEndSignals, onReloadSignal } from './signals.ts';

/** Builds the pipeline and takes it down again. Throws ConfigError. */
export async function checkPipeline(appName: AppName, configPath: string, console: boolean): Promise<void> {
  const pipeline = await openPipeline(pipelineOptions(appName, configPath, console));
  await pipeline.close();
}

/** Serves in this process until a signal ends it. Throws ConfigError or BindError. */
export async function serveAlone(appName: AppName, configPath: string, console: boolean): Promise<void> {
  const pipeline = await openPipeline(pipelineOptions(appName, configPath, console));
  try {
    const server = makeHttpServer(pipeline);
    await listen(server, pipeline.options);
    keepCompiledCode();
    dropPrivileges(pipeline.options.user);
    onReloadSignal(() =>
      pipeline.log.warn('SIGUSR1 has no meaning with workers = 0: there is no parent that could replace the worker'),
    );
    const ending = new Ending(server, pipeline);
    await new Promise<void>((resolve, reject) => {
      onEndSignals((how) => void ending.end(how).then(resolve, reject));
    });
  } catch (error) {
    await pipeline.close();
    throw error;
  }
}
