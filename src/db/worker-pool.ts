import { Worker } from 'node:worker_threads';
import { workerIndex } from './database-executor.ts';
import { StoreError } from '../common/store-error.ts';
import type { HashLocator, StoreOptions } from './store-types.ts';
import { deserializeError, type Call, type FromWorker, type ToWorker, type WorkerOptions } from './worker-protocol.ts';

/** Carries out the calls of a store. */
export interface DatabaseCaller {
  call(method: string, database: HashLocator, args: readonly unknown[]): Promise<unknown>;
  close(): Promise<void>;
}

/** Worker threads that share the databases of a store, each database always on the same one. */
export class WorkerPool implements DatabaseCaller {
  readonly #workers: DatabaseWorker[];
  #isClosed = false;

  constructor(entry: URL, options: WorkerOptions, workers: number, log: StoreOptions['log']) {
    this.#workers = Array.from({ length: workers }, () => new DatabaseWorker(entry, options, log));
  }

  /** Starts the threads, which else start at their first call. */
  warm(): void {
    for (const worker of this.#workers) worker.warm();
  }

  call(method: string, database: HashLocator, args: readonly unknown[]): Promise<unknown> {
    if (this.#isClosed) return Promise.reject(new StoreError('store-closed', 'the store is closed'));
    const worker = this.#workers[workerIndex(database, this.#workers.length)] as DatabaseWorker;
    return worker.call(method, database, args);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#workers.map((worker) => worker.close()));
  }
}

interface PendingCall {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** Loading the code alone would fill as much young space as the process lets its main thread have; the work itself leaves little behind. */
const YOUNG_MIB = 3;

/** One thread, started at its first call and again after it was lost. It keeps the process alive only while calls are under way. */
class DatabaseWorker {
  readonly #entry: URL;
  readonly #options: WorkerOptions;
  readonly #log: StoreOptions['log'];
  readonly #pending = new Map<number, PendingCall>();
  #thread: Worker | undefined;
  #unsent: Call[] = [];
  #nextId = 0;

  constructor(entry: URL, options: WorkerOptions, log: StoreOptions['log']) {
    this.#entry = entry;
    this.#options = options;
    this.#log = log;
  }

  warm(): void {
    try {
      this.#thread ??= this.#start();
      if (this.#pending.size === 0) this.#thread.unref();
    } catch {
      // No thread can be made now: the first call tries again and tells.
    }
  }

  call(method: string, database: HashLocator, args: readonly unknown[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const id = this.#nextId++;
      if (this.#pending.size === 0) this.#thread?.ref();
      this.#pending.set(id, { resolve, reject });
      if (this.#unsent.length === 0) setImmediate(() => this.#flush());
      this.#unsent.push({ id, method, database, args });
    });
  }

  /** Lets the calls under way finish. */
  async close(): Promise<void> {
    if (this.#unsent.length > 0) this.#flush();
    const thread = this.#thread;
    if (thread === undefined) return;
    thread.ref();
    const ended = new Promise((resolve) => thread.once('exit', resolve));
    this.#post(thread, null);
    await ended;
  }

  /** Calls of one turn go in one message. */
  #flush(): void {
    const calls = this.#unsent;
    this.#unsent = [];
    if (calls.length === 0) return;
    try {
      this.#post((this.#thread ??= this.#start()), calls);
    } catch (error) {
      // No thread could be made, or an argument cannot be cloned.
      for (const { id } of calls)
        this.#reject(id, new StoreError('worker-lost', (error as Error).message, { cause: error }));
    }
  }

  #post(thread: Worker, message: ToWorker): void {
    thread.postMessage(message);
  }

  #start(): Worker {
    const thread = new Worker(this.#entry, {
      workerData: this.#options,
      execArgv: ['--disable-warning=ExperimentalWarning'],
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MIB },
    });
    thread.on('message', (message: FromWorker) => this.#received(message));
    thread.on('error', (error) => {
      this.#log.error(`a database worker failed: ${error.message}`, error);
    });
    thread.on('exit', (code) => this.#lost(thread, code));
    return thread;
  }

  #received({ replies = [], log }: FromWorker): void {
    if (log !== undefined) this.#log[log.level](log.message);
    for (const reply of replies) {
      const call = this.#pending.get(reply.id);
      this.#pending.delete(reply.id);
      if ('error' in reply) call?.reject(deserializeError(reply.error));
      else call?.resolve(reply.result);
    }
    if (this.#pending.size === 0) this.#thread?.unref();
  }

  /** The next call starts another thread. Calls that were not sent yet are still to come. */
  #lost(thread: Worker, code: number): void {
    if (this.#thread === thread) this.#thread = undefined;
    const unsent = new Set(this.#unsent.map((call) => call.id));
    for (const id of this.#pending.keys()) {
      if (unsent.has(id)) continue;
      this.#reject(id, new StoreError('worker-lost', `a database worker ended with code ${code}`));
    }
  }

  #reject(id: number, error: Error): void {
    const call = this.#pending.get(id);
    this.#pending.delete(id);
    call?.reject(error);
  }
}
