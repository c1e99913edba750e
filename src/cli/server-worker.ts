/** A worker of a server: what the supervisor forks. Arguments: app name, config path, `console` or nothing. */

import { type AppName, openPipeline } from '../compose/pipeline.ts';
import { listen, makeHttpServer } from '../compose/serving.ts';
import { describeFault } from './faults.ts';
import { parentServices } from './parent-services.ts';
import { pipelineOptions } from './pipeline-options.ts';
import { dropPrivileges, endServing } from './serving.ts';
import type { ParentMessage, WorkerMessage } from './supervisor.ts';

function tellParent(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

async function work(): Promise<void> {
  const [appName = '', configPath = '', log] = process.argv.slice(2);
  process.title = `swift-${appName} ${configPath}`;
  const pipeline = await openPipeline({
    ...pipelineOptions(appName as AppName, configPath, log === 'console'),
    services: parentServices(),
  });
  const server = makeHttpServer(pipeline);
  let ending: Promise<void> | undefined;
  const end = (how: 'stop' | 'drain'): void => {
    if (how === 'stop' && ending !== undefined) void endServing(server, pipeline, 'stop').catch(() => undefined);
    ending ??= endServing(server, pipeline, how).then(
      () => process.exit(0),
      (error: unknown) => {
        pipeline.log.error('ending', error);
        process.exit(1);
      },
    );
  };
  process.on('message', (message: ParentMessage) => {
    if (message.type === 'stop' || message.type === 'drain') end(message.type);
  });
  // A signal to the whole process group reaches workers as well as their parent, which alone decides on SIGUSR1.
  process.on('SIGTERM', () => end('stop'));
  process.on('SIGINT', () => end('stop'));
  process.on('SIGHUP', () => end('drain'));
  process.on('SIGUSR1', () => undefined);
  process.on('disconnect', () => end('drain'));
  await listen(server, pipeline.options);
  dropPrivileges(pipeline.options.user);
  await tellParent({ type: 'ready' });
}

work().catch(async (error: unknown) => {
  await tellParent({ type: 'failed', message: describeFault(error) });
  process.exit(1);
});
