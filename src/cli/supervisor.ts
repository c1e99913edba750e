/**
 * The parent of a server's workers. They share one listening socket, which the parent keeps, so that workers come and go without a
 * connection refused. Signals are Swift's: SIGTERM and SIGINT end, SIGHUP drains and exits, SIGUSR1 replaces the workers by new
 * ones that read config and code anew.
 */

import cluster, { type Worker } from 'node:cluster';
import type { Logger } from '../common/host.ts';

/** What a worker tells its parent. */
export type WorkerMessage = { type: 'ready' } | { type: 'failed'; message: string };
/** What the parent tells a worker: end within a bounded moment, or serve what is in flight for as long as it takes. */
export type ParentMessage = { type: 'stop' } | { type: 'drain' };

export interface SupervisorOptions {
  workerScript: string;
  args: readonly string[];
  workers: number;
  log: Logger;
  /** Messages that are not the supervisor's own, for services that the parent holds. */
  onMessage?: (worker: Worker, message: unknown) => void;
}

/** A worker that dies this often before it is ready is not started again. */
const MAX_FAILED_STARTS = 3;
const RESTART_DELAY_MS = 1000;

export class Supervisor {
  #options: SupervisorOptions;
  #current = new Set<Worker>();
  #leaving = new Set<Worker>();
  #ending = false;
  #reloading: Promise<void> | undefined;
  #reloadAgain = false;
  #failedStarts = 0;
  #exitCode = 0;
  #restartTimer: NodeJS.Timeout | undefined;
  #finish: (() => void) | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    cluster.schedulingPolicy = cluster.SCHED_NONE;
    cluster.setupPrimary({ exec: options.workerScript, args: [...options.args] });
  }

  /** Starts the workers and runs until the last is gone. Returns the exit code; rejects when the first worker can't start. */
  async run(): Promise<number> {
    const finished = new Promise<void>((resolve) => (this.#finish = resolve));
    this.#handleSignals();
    // The first worker shows whether config and address are good before the others try.
    await this.#startWorker();
    await Promise.all(Array.from({ length: this.#options.workers - 1 }, () => this.#startWorker()));
    this.#checkFinished();
    await finished;
    return this.#exitCode;
  }

  #handleSignals(): void {
    process.on('SIGTERM', () => this.#end({ type: 'stop' }));
    process.on('SIGINT', () => this.#end({ type: 'stop' }));
    process.on('SIGHUP', () => this.#end({ type: 'drain' }));
    process.on('SIGUSR1', () => this.#requestReload());
  }

  /** Forks one worker; resolves once it serves. */
  #startWorker(): Promise<void> {
    const worker = cluster.fork();
    this.#current.add(worker);
    return new Promise((resolve, reject) => {
      let isReady = false;
      let reason = 'the worker ended before it was ready';
      worker.on('message', (message: WorkerMessage | { type: string }) => {
        if (message.type === 'ready') {
          isReady = true;
          this.#failedStarts = 0;
          resolve();
        } else if (message.type === 'failed') {
          reason = (message as { message: string }).message;
        } else {
          this.#options.onMessage?.(worker, message);
        }
      });
      worker.on('exit', (code, signal) => {
        const wasCurrent = this.#current.delete(worker);
        this.#leaving.delete(worker);
        if (!isReady) reject(new Error(reason));
        else if (wasCurrent && !this.#ending) this.#replaceDead(worker, code, signal);
        this.#checkFinished();
      });
    });
  }

  #replaceDead(worker: Worker, code: number | null, signal: string | null): void {
    const cause = signal ?? `code ${code}`;
    this.#options.log.error(`worker ${worker.process.pid} ended unexpectedly (${cause}); starting another`);
    this.#startWorker().catch((error: unknown) => this.#startFailed(error));
  }

  #startFailed(error: unknown): void {
    if (this.#ending) return;
    this.#failedStarts += 1;
    this.#options.log.error(`a worker could not start: ${error instanceof Error ? error.message : String(error)}`);
    if (this.#failedStarts >= MAX_FAILED_STARTS) {
      if (this.#current.size === 0) {
        this.#exitCode = 1;
        this.#end({ type: 'stop' });
      }
      return;
    }
    this.#restartTimer = setTimeout(() => {
      this.#restartTimer = undefined;
      if (!this.#ending) this.#startWorker().catch((again: unknown) => this.#startFailed(again));
    }, RESTART_DELAY_MS);
  }

  #end(message: ParentMessage): void {
    this.#ending = true;
    clearTimeout(this.#restartTimer);
    for (const worker of [...this.#current, ...this.#leaving]) tell(worker, message);
    this.#checkFinished();
  }

  #requestReload(): void {
    if (this.#ending) return;
    if (this.#reloading !== undefined) {
      this.#reloadAgain = true;
      return;
    }
    this.#reloading = this.#reload().finally(() => {
      this.#reloading = undefined;
      if (this.#reloadAgain) {
        this.#reloadAgain = false;
        this.#requestReload();
      }
    });
  }

  /** New workers first; the old ones drain only once every new one serves. New ones that can't start leave the old in place. */
  async #reload(): Promise<void> {
    const old = [...this.#current];
    const before = new Set(old);
    const started = await Promise.allSettled(old.map(() => this.#startWorker()));
    const fault = started.find((result) => result.status === 'rejected');
    if (fault !== undefined) {
      const reason: unknown = fault.reason;
      this.#options.log.error(
        `reload refused, the old workers go on: ${reason instanceof Error ? reason.message : String(reason)}`,
      );
      for (const worker of this.#current) if (!before.has(worker)) this.#dismiss(worker);
      return;
    }
    for (const worker of old) this.#dismiss(worker);
    this.#options.log.info('reloaded');
  }

  #dismiss(worker: Worker): void {
    if (!this.#current.delete(worker)) return;
    this.#leaving.add(worker);
    tell(worker, { type: 'drain' });
  }

  #checkFinished(): void {
    if (this.#ending && this.#current.size === 0 && this.#leaving.size === 0) this.#finish?.();
  }
}

function tell(worker: Worker, message: ParentMessage): void {
  if (worker.isConnected()) worker.send(message, () => undefined);
}
