/** A cluster of processes on free ports: Debian's Python servers or those of bin/, four devices, three replicas. */

import { join } from 'node:path';
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
  /** Checkout whose bin/ holds Apus's commands. Default: this one. */
  root?: string;
  /** Logs only where the configs say, as a server in use does, not to a file beside its config too. */
  isQuiet?: boolean;
}

const ROOT = join(import.meta.dirname, '../..');

/** Python's servers take their time where cores are few and busy. */
const START_TIMEOUT_MS = 180_000;

export class ProcessCluster {
  /** Of the proxy. */
  readonly port: number;
  readonly servers: readonly ServerProcess[];
  /** Of configs, rings and devices. */
  readonly folder: string;
  readonly #memcached: RealServer;
  readonly #remove: () => void;

  private constructor(
    servers: readonly ServerProcess[],
    memcached: RealServer,
    scratch: ReturnType<typeof scratchDirectory>,
  ) {
    this.port = (servers.at(-1) as ServerProcess).port;
    this.servers = servers;
    this.#memcached = memcached;
    this.folder = scratch.path;
    this.#remove = () => scratch.remove();
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
      const name = `swift-${type}-server`;
      const command = isDebian ? debianCommand(scratch.path, name) : [join(options.root ?? ROOT, 'bin', name)];
      return new ServerProcess(command, configPath, port, options.isQuiet === true ? [] : ['--verbose']);
    });
    const cluster = new ProcessCluster(servers, memcached, scratch);
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

  /** Of all its processes, the cache among them. */
  get pids(): number[] {
    return [...this.servers.map(({ pid }) => pid), this.#memcached.pid];
  }

  async stop(): Promise<void> {
    await Promise.all(this.servers.map((server) => server.stop('SIGKILL')));
    await this.#memcached.stop();
    this.#remove();
  }
}
