import { ConnectionCache } from './connection-cache.ts';
import type { DatabaseContext } from './database.ts';
import { databaseFolder, type DatabaseFolder } from './database-folder.ts';
import { KeyedQueue } from './keyed-queue.ts';
import type { DatabaseKind, HashLocator, StoreOptions } from './store-types.ts';
import type { Call, WorkerOptions } from './worker-protocol.ts';

const DEFAULT_OPEN_DATABASES = 64;
const DEFAULT_LOCK_TIMEOUT_MS = 10_000;

/** What a method of a store does on the thread of its database. */
export interface Job {
  readonly context: DatabaseContext;
  readonly folder: DatabaseFolder;
  readonly limits: StoreOptions['constraints'];
}

export type Method = (job: Job, ...args: never[]) => Promise<unknown>;
export type MethodTable = Readonly<Record<string, Method>>;

/** Carries out calls on databases in this thread: one after another for each database. */
export class DatabaseExecutor {
  readonly #kind: DatabaseKind;
  readonly #methods: MethodTable;
  readonly #options: WorkerOptions;
  readonly #context: DatabaseContext;
  readonly #queue = new KeyedQueue();

  constructor(kind: DatabaseKind, methods: MethodTable, options: WorkerOptions, log: StoreOptions['log']) {
    this.#kind = kind;
    this.#methods = methods;
    this.#options = options;
    this.#context = {
      connections: new ConnectionCache(options.openDatabases ?? DEFAULT_OPEN_DATABASES),
      log,
      lockTimeoutMs: options.lockTimeoutMs ?? DEFAULT_LOCK_TIMEOUT_MS,
    };
  }

  run(call: Pick<Call, 'method' | 'database' | 'args'>): Promise<unknown> {
    const method = this.#methods[call.method] as Method;
    const folder = databaseFolder(this.#options.devices, this.#kind, call.database);
    const job: Job = { context: this.#context, folder, limits: this.#options.constraints };
    return this.#queue.run(folder.path, () => method(job, ...(call.args as never[])));
  }

  async close(): Promise<void> {
    await this.#queue.idle();
    this.#context.connections.close();
  }
}

/** The worker that serves a database; all calls on one go to the same. */
export function workerIndex(database: HashLocator, workers: number): number {
  return parseInt(database.hash.slice(-8), 16) % workers;
}
