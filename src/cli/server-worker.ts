/** A worker of a server: what the supervisor forks. Arguments: app name, config path, `console` or nothing. */

import { openPipeline, type Pipeline } from '../compose/pipeline.ts';
import type { AppName } from '../compose/server-options.ts';
import { makeHttpServer } from '../compose/serving.ts';
import { describeFault } from './faults.ts';
import { parentServices } from './parent-services.ts';
import { pipelineOptions } from './pipeline-options.ts';
import { dropPrivileges } from './privileges.ts';
import { type EndKind, Ending } from './serving.ts';
import { onEndSignals } from './signals.ts';
import { type ParentMessage, WORKER_LISTEN_FD, type WorkerMessage } from './supervisor.ts';

function tellParent(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

/** Ends the process at its parent's word, at a signal to the whole process group, and when the parent is gone. SIGUSR1 stays blocked: the parent alone reloads. */
class WorkerLife {
  #ending: Ending | undefined;
  #log: Pipeline['log'] | undefined;

  constructor() {
    process.on('message', ({ type }: ParentMessage) => {
      if (type === 'stop' || type === 'drain') this.#end(type);
    });
    process.on('disconnect', () => this.#end('drain'));
    onEndSignals((how) => this.#end(how));
  }

  serving(ending: Ending, log: Pipeline['log']): void {
    this.#ending = ending;
    this.#log = log;
    // The parent may have gone before anybody listened for it.
    if (!process.connected) this.#end('drain');
  }

  #end(how: EndKind): void {
    // Nothing was served yet, so there is nothing to finish.
    if (this.#ending === undefined) process.exit(0);
    this.#ending.end(how).then(
      () => process.exit(0),
      (error: unknown) => {
        this.#log?.error('ending', error);
        process.exit(1);
      },
    );
  }
}

async function work(): Promise<void> {
  const [appName = '', configPath = '', log] = process.argv.slice(2);
  process.title = `swift-${appName} ${configPath}`;
  const life = new WorkerLife();
  const pipeline = await openPipeline({
    ...pipelineOptions(appName as AppName, configPath, log === 'console'),
    services: parentServices(),
  });
  const server = makeHttpServer(pipeline);
  dropPrivileges(pipeline.options.user);
  life.serving(new Ending(server, pipeline), pipeline.log);
  await server.listen({ fd: WORKER_LISTEN_FD, backlog: pipeline.options.backlog });
  await tellParent({ type: 'ready' });
}

work().catch(async (error: unknown) => {
  await tellParent({ type: 'failed', message: describeFault(error) });
  process.exit(1);
});
