import { DatabaseExecutor, type MethodTable } from './database-executor.ts';
import { StoreError } from '../common/store-error.ts';
import type { DatabaseKind, StoreOptions } from './store-types.ts';
import type { WorkerOptions } from './worker-protocol.ts';
import { WorkerPool, type DatabaseCaller } from './worker-pool.ts';

const DEFAULT_WORKERS = 2;

/** A pool of `options.workers` threads that run `entry`, or `methods` in this thread when that is 0. */
export function openCaller(
  kind: DatabaseKind,
  options: StoreOptions,
  entry: URL,
  methods: () => Promise<MethodTable>,
): DatabaseCaller {
  const { log, workers = DEFAULT_WORKERS, devices, constraints, openDatabases, lockTimeoutMs } = options;
  const workerOptions: WorkerOptions = {
    devices,
    constraints,
    ...(openDatabases === undefined ? {} : { openDatabases }),
    ...(lockTimeoutMs === undefined ? {} : { lockTimeoutMs }),
  };
  if (workers > 0) {
    const pool = new WorkerPool(entry, workerOptions, workers, log);
    if (options.warm === true) pool.warm();
    return pool;
  }
  return new LocalCaller(kind, workerOptions, log, methods);
}

/** Calls in the same thread; the code of the databases is loaded at the first. */
class LocalCaller implements DatabaseCaller {
  readonly #executor: () => Promise<DatabaseExecutor>;
  #loaded: Promise<DatabaseExecutor> | undefined;
  #isClosed = false;

  constructor(
    kind: DatabaseKind,
    options: WorkerOptions,
    log: StoreOptions['log'],
    methods: () => Promise<MethodTable>,
  ) {
    this.#executor = async () => new DatabaseExecutor(kind, await methods(), options, log);
  }

  async call(
    method: string,
    database: Parameters<DatabaseCaller['call']>[1],
    args: readonly unknown[],
  ): Promise<unknown> {
    if (this.#isClosed) throw new StoreError('store-closed', 'the store is closed');
    const executor = await (this.#loaded ??= this.#executor());
    return await executor.run({ method, database, args });
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await (await this.#loaded)?.close();
  }
}
