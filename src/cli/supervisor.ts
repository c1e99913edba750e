/**
 * The parent of a server's workers. They inherit one listening socket, which the parent holds, so that workers come and go without a
 * connection refused. Signals are Swift's: SIGTERM and SIGINT end, SIGHUP drains and exits, SIGUSR1 replaces the workers by new
 * ones that read config and code anew.
 */

import { type ChildProcess, fork } from 'node:child_process';
import type { Logger } from '../common/host.ts';
import type { ListenSocket } from './listen-socket.ts';
import { RestartPace } from './restart-pace.ts';
import type { EndKind } from './serving.ts';
import { onEndSignals, onReloadSignal } from './signals.ts';

/** What a worker tells its parent. */
export type WorkerMessage = { type: 'ready' } | { type: 'failed'; message: string };
/** What the parent tells a worker: end within a bounded moment, or serve what is in flight for as long as it takes. */
export interface ParentMessage {
  type: EndKind;
}

/** What workers are made of; a reload may change all of it. */
export interface WorkerPlan {
  readonly workers: number;
  /** The listening socket that a worker inherits. */
  readonly socket: ListenSocket;
}

export interface SupervisorOptions {
  workerScript: string;
  args: readonly string[];
  plan: WorkerPlan;
  /** The plan of the config as it is now; the socket may be the one there is. Rejects for a config that is broken. */
  replan: (current: WorkerPlan) => Promise<WorkerPlan>;
  log: Logger;
  /** An error as the operator should read it. */
  describe: (error: unknown) => string;
  /** Messages that are not the supervisor's own, for services that the parent holds. */
  onMessage?: (worker: ChildProcess, message: unknown) => void;
}

/** Descriptor of the listening socket in a worker: behind standard input, output, error and the channel to the parent. */
export const WORKER_LISTEN_FD = 4;

/** A worker that was told to end and is still there after so long is killed: its grace for requests, and time to close. */
const STOP_LIMIT_MS = 10_000;

export class Supervisor {
  readonly #options: SupervisorOptions;
  readonly #pace = new RestartPace();
  readonly #finished = Promise.withResolvers<void>();
  /** Every worker, those that leave included. */
  readonly #all = new Set<ChildProcess>();
  /** Workers that serve, or start to. */
  readonly #current = new Set<ChildProcess>();
  #plan: WorkerPlan;
  #ending = false;
  #reloading: Promise<void> | undefined;
  #reloadAgain = false;
  readonly #restarts = new Set<NodeJS.Timeout>();
  #killTimer: NodeJS.Timeout | undefined;

  constructor(options: SupervisorOptions) {
    this.#options = options;
    this.#plan = options.plan;
  }

  /** Starts the workers and runs until the last is gone; the socket is closed at the first word of an end. Rejects when the first worker can't start. */
  async run(): Promise<void> {
    this.#handleSignals();
    try {
      // The first worker shows whether the config is good before the others try.
      await this.#startWorker();
      for (let at = 1; at < this.#plan.workers && !this.#ending; at++) this.#keepWorker();
    } catch (error) {
      if (!this.#ending) throw error;
    }
    this.#checkFinished();
    await this.#finished.promise;
    clearTimeout(this.#killTimer);
  }

  /** As the signal for it. */
  end(how: EndKind): void {
    this.#end({ type: how });
  }

  #handleSignals(): void {
    onEndSignals((how) => this.#end({ type: how }));
    onReloadSignal(() => this.#requestReload());
  }

  /** Forks one worker; resolves once it serves, rejects when it ends before. */
  #startWorker(): Promise<void> {
    const { workerScript, args } = this.#options;
    const worker = fork(workerScript, args, {
      stdio: ['inherit', 'inherit', 'inherit', 'ipc', this.#plan.socket.fd],
    });
    this.#all.add(worker);
    this.#current.add(worker);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    let isReady = false;
    let reason = 'the worker ended before it was ready';
    worker.on('message', (message: WorkerMessage) => {
      if (message.type === 'ready') {
        isReady = true;
        this.#pace.ready(worker);
        resolve();
      } else if (message.type === 'failed') {
        reason = message.message;
      } else {
        this.#options.onMessage?.(worker, message);
      }
    });
    worker.on('error', (error) => {
      reason = error.message;
      if (worker.pid === undefined) gone(null, null); // it could not even be forked
    });
    const gone = (code: number | null, signal: string | null): void => {
      this.#all.delete(worker);
      const wasCurrent = this.#current.delete(worker);
      if (!isReady) reject(new WorkerFailure(reason));
      else if (wasCurrent && !this.#ending) this.#replaceDead(worker, signal ?? `code ${code}`);
      this.#checkFinished();
    };
    worker.on('exit', gone);
    return promise;
  }

  #replaceDead(worker: ChildProcess, cause: string): void {
    this.#options.log.error(`worker ${worker.pid} ended unexpectedly (${cause}); starting another`);
    this.#keepWorker(this.#pace.delayAfterDeath(worker));
  }

  /** Starts a worker, now or after a delay, and tries again for as long as it can't start. */
  #keepWorker(delayMs = 0): void {
    if (this.#ending) return;
    const timer = setTimeout(() => {
      this.#restarts.delete(timer);
      // A reload meanwhile may have brought enough.
      if (this.#current.size >= this.#plan.workers) return;
      this.#startWorker().catch((error: unknown) => {
        // A reload that dismissed it brought another.
        if (this.#ending || this.#current.size >= this.#plan.workers) return;
        this.#options.log.error(`a worker could not start: ${this.#options.describe(error)}`);
        this.#keepWorker(this.#pace.delayAfterFailedStart());
      });
    }, delayMs);
    this.#restarts.add(timer);
  }

  #end(message: ParentMessage): void {
    this.#ending = true;
    this.#plan.socket.close();
    for (const timer of this.#restarts) clearTimeout(timer);
    for (const worker of this.#all) tell(worker, message);
    if (message.type === 'stop') {
      this.#killTimer ??= setTimeout(() => {
        for (const worker of this.#all) worker.kill('SIGKILL');
      }, STOP_LIMIT_MS);
    }
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
      // Workers that died meanwhile were left to the reload.
      for (let missing = this.#plan.workers - this.#current.size; missing > 0; missing--) this.#keepWorker();
      if (this.#reloadAgain) {
        this.#reloadAgain = false;
        this.#requestReload();
      }
    });
  }

  /** New workers first; the old ones drain only once every new one serves. A config that does not work leaves the old in place. */
  async #reload(): Promise<void> {
    const old = [...this.#current];
    const before = this.#plan;
    try {
      const plan = await this.#options.replan(before);
      if (this.#ending) {
        plan.socket.close();
        return;
      }
      this.#plan = plan;
      await this.#startAll(this.#plan.workers);
    } catch (error) {
      for (const worker of this.#current) if (!old.includes(worker)) this.#dismiss(worker);
      if (this.#plan !== before && this.#plan.socket !== before.socket) this.#plan.socket.close();
      this.#plan = before;
      if (!this.#ending)
        this.#options.log.error(`reload refused, the old workers go on: ${this.#options.describe(error)}`);
      return;
    }
    for (const worker of old) this.#dismiss(worker);
    if (this.#plan.socket !== before.socket) before.socket.close();
    if (!this.#ending) this.#options.log.info('reloaded');
  }

  /** Resolves once `count` more workers serve; rejects with the first fault, all having started or failed. */
  async #startAll(count: number): Promise<void> {
    const started = await Promise.allSettled(Array.from({ length: count }, () => this.#startWorker()));
    for (const result of started) if (result.status === 'rejected') throw result.reason;
  }

  #dismiss(worker: ChildProcess): void {
    if (this.#current.delete(worker)) tell(worker, { type: 'drain' });
  }

  #checkFinished(): void {
    if (this.#ending && this.#all.size === 0) this.#finished.resolve();
  }
}

/** Why a worker could not start, in the words it told. */
export class WorkerFailure extends Error {}

function tell(worker: ChildProcess, message: ParentMessage): void {
  if (worker.connected) worker.send(message, () => undefined);
}
