/** What every worker does beside serving: it tells its parent how the start went, and ends at its word. */

import type { HttpServer } from '../http/server.ts';
import { describeFault } from './faults.ts';
import { type EndKind, Ending, keepCompiledCode } from './serving.ts';
import { onEndSignals } from './signals.ts';
import { type ParentMessage, WORKER_LISTEN_FD, type WorkerMessage } from './supervisor.ts';

/** What a worker serves. */
export interface Serving {
  readonly server: HttpServer;
  readonly log: { error(message: string, cause?: unknown): void };
  readonly backlog: number;
  /** Called once nothing is served any more. */
  close(): Promise<void>;
}

/** Serves what `open` makes on the socket that the parent holds. The process ends by itself. */
export function runWorker(open: () => Promise<Serving>): void {
  const life = new WorkerLife();
  const work = async (): Promise<void> => {
    const serving = await open();
    life.serving(new Ending(serving.server, serving), serving.log);
    await serving.server.listen({ fd: WORKER_LISTEN_FD, backlog: serving.backlog });
    await tellParent({ type: 'ready' });
    keepCompiledCode();
  };
  work().catch(async (error: unknown) => {
    await tellParent({ type: 'failed', message: describeFault(error) });
    process.exit(1);
  });
}

function tellParent(message: WorkerMessage): Promise<void> {
  return new Promise((resolve) => {
    if (process.send === undefined || !process.connected) resolve();
    else process.send(message, undefined, undefined, () => resolve());
  });
}

/** Ends the process at its parent's word, at a signal to the whole process group, and when the parent is gone. SIGUSR1 stays blocked: the parent alone reloads. */
class WorkerLife {
  #ending: Ending | undefined;
  #log: Serving['log'] | undefined;

  constructor() {
    process.on('message', ({ type }: ParentMessage) => {
      if (type === 'stop' || type === 'drain') this.#end(type);
    });
    process.on('disconnect', () => this.#end('drain'));
    onEndSignals((how) => this.#end(how));
  }

  serving(ending: Ending, log: Serving['log']): void {
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
