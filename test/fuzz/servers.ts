/** Every server of a cluster in this process, each listening on a port of its own. */

import { builtinEntryPoints } from '../../src/builtins.ts';
import { openPipeline, type Pipeline } from '../../src/compose/pipeline.ts';
import { listen, makeHttpServer } from '../../src/compose/serving.ts';
import type { HttpServer } from '../../src/http/server.ts';
import { FakeLog } from '../../src/testing.ts';
import { layOutCluster } from '../cluster/layout.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';

export type Target = 'proxy' | 'account' | 'container' | 'object';

export interface FuzzedServers {
  readonly ports: Readonly<Record<Target, number>>;
  /** Faults that servers logged since it was last asked. */
  takeFaults(): string[];
  stop(): Promise<void>;
}

/** Keeps what is wrong, and nothing else: a long run logs much. */
class FaultLog extends FakeLog {
  take(): string[] {
    const faults = this.entries.filter(({ level }) => level === 'error');
    this.entries.length = 0;
    return faults.map(({ message, cause }) => (cause instanceof Error ? `${message}: ${cause.stack}` : message));
  }
}

const PROXY = {
  // Nobody waits long for a fuzzer's nodes.
  'app:proxy-server': { conn_timeout: '1', node_timeout: '5', swiftinfo_admin_key: 'fuzzing' },
  'filter:ratelimit': { account_ratelimit: '0' },
};

/** Objects are kept in memory unless `onDisk`. */
export async function startServers(onDisk: boolean): Promise<FuzzedServers> {
  const scratch = scratchDirectory();
  const log = new FaultLog();
  const running: { server: HttpServer; pipeline: Pipeline }[] = [];
  const ports: Record<Target, number> = { proxy: 0, account: 0, container: 0, object: 0 };
  const stop = async (): Promise<void> => {
    for (const { server, pipeline } of running.splice(0).reverse()) {
      await server.drain(0);
      await pipeline.close();
    }
    scratch.remove();
  };
  try {
    const options = { nodes: 1, onlyBuiltins: true, objectsInMemory: !onDisk, proxy: PROXY } as const;
    for (const { type, configPath, port } of await layOutCluster(scratch.path, options)) {
      const pipeline = await openPipeline({
        configPath,
        appName: `${type}-server`,
        entryPoints: builtinEntryPoints,
        makeLog: () => log,
      });
      const server = makeHttpServer(pipeline);
      running.push({ server, pipeline });
      await listen(server, pipeline.options);
      ports[type] = port;
    }
  } catch (error) {
    await stop();
    throw error;
  }
  return { ports, takeFaults: () => log.take(), stop };
}
