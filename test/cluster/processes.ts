/** A cluster of processes on free ports: Debian's Python servers or those of bin/, four devices, three replicas. */

import { debianCommand } from '../interop/debian-process.ts';
import { ServerProcess } from '../process/server-process.ts';
import { type RealServer, startMemcached } from '../real-servers.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';
import type { ClusterConfig } from './configuration.ts';
import { layOutCluster, type LayoutOptions } from './layout.ts';

export interface ProcessClusterOptions extends ClusterConfig {
  /** Whose servers run. */
  servers: 'debian' | 'apus';
  nodes: LayoutOptions['nodes'];
}

/** Python's servers take their time where cores are few and busy. */
const START_TIMEOUT_MS = 180_000;

export class ProcessCluster {
  /** Of the proxy. */
  readonly port: number;
  readonly servers: readonly ServerProcess[];
  readonly #memcached: RealServer;
  readonly #remove: () => void;

  private constructor(servers: readonly ServerProcess[], memcached: RealServer, remove: () => void) {
    this.port = (servers.at(-1) as ServerProcess).port;
    this.servers = servers;
    this.#memcached = memcached;
    this.#remove = remove;
  }

  static async start(options: ProcessClusterOptions): Promise<ProcessCluster> {
    const scratch = scratchDirectory();
    const memcached = await startMemcached();
    const isDebian = options.servers === 'debian';
    const places = await layOutCluster(scratch.path, {
      ...options,
      memcached: memcached.address,
      onlyBuiltins: !isDebian,
    });
    const servers = places.map(({ type, configPath, port }) => {
      const command = `swift-${type}-server`;
      return new ServerProcess(isDebian ? debianCommand(scratch.path, command) : command, configPath, port);
    });
    const cluster = new ProcessCluster(servers, memcached, () => scratch.remove());
    try {
      await Promise.all(servers.map((server) => server.start(START_TIMEOUT_MS)));
      return cluster;
    } catch (error) {
      await cluster.stop();
      throw error;
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop('SIGKILL')));
    await this.#memcached.stop();
    this.#remove();
  }
}
