import { closeSync, constants, mkdirSync, openSync } from 'node:fs';
import { errorCode, tryFlock } from './system-calls.ts';

/**
 * Swift's directory locks: flock on `<directory>/.lock`, shared with Python's daemons. Within this process waiters are served in
 * turn and only the first one polls. Source: spec swift-formats 0.4.
 */

const POLL_MS = 10;
const LOCK_FLAGS = constants.O_WRONLY | constants.O_CREAT;

export interface DirectoryLockOptions {
  /** Locks `.lock-<name>` instead of `.lock`. */
  readonly name?: string;
  /** How long to wait for the lock; 10 s unless given. */
  readonly timeoutMs?: number;
}

export class LockTimeoutError extends Error {
  readonly code = 'LOCK_TIMEOUT';

  constructor(path: string, timeoutMs: number) {
    super(`${timeoutMs / 1000} seconds: ${path}`);
    this.name = 'LockTimeoutError';
  }
}

/** Held until `release`, which may be called more than once. */
export class DirectoryLock {
  readonly #path: string;
  #fd: number;

  constructor(path: string, fd: number) {
    this.#path = path;
    this.#fd = fd;
  }

  release(): void {
    if (this.#fd < 0) return;
    closeSync(this.#fd);
    this.#fd = -1;
    queues.get(this.#path)?.serve();
  }

  [Symbol.dispose](): void {
    this.release();
  }
}

/**
 * One queue for each lock file that is waited for in this process. Locks that are held are not listed: flock tells that, and a map in which
 * entries come and go with every request is garbage that only a full collection finds.
 */
const queues = new Map<string, LockQueue>();

/**
 * Takes the lock of a directory, which is made when it does not exist. Gives the lock at once when it is free, else a promise of it.
 * Throws or rejects with LockTimeoutError, and with what open and mkdir throw.
 */
export function lockDirectory(
  directory: string,
  options: DirectoryLockOptions = {},
): DirectoryLock | Promise<DirectoryLock> {
  const path = lockPath(directory, options.name);
  return tryLock(directory, path) ?? queueOf(path).wait(directory, options.timeoutMs ?? 10_000);
}

/** The lock of a directory if it is free, else undefined. Never waits. Throws what open and mkdir throw. */
export function tryLockDirectory(directory: string): DirectoryLock | undefined {
  return tryLock(directory, lockPath(directory));
}

function lockPath(directory: string, name?: string): string {
  return name === undefined ? `${directory}/.lock` : `${directory}/.lock-${name}`;
}

/** Undefined when it is held, here or elsewhere, or others wait for it. */
function tryLock(directory: string, path: string): DirectoryLock | undefined {
  if (queues.has(path)) return undefined;
  const fd = openLockFile(directory, path);
  try {
    if (tryFlock(fd)) return new DirectoryLock(path, fd);
  } catch (error) {
    closeSync(fd);
    throw error;
  }
  closeSync(fd);
  return undefined;
}

function queueOf(path: string): LockQueue {
  let queue = queues.get(path);
  if (queue === undefined) queues.set(path, (queue = new LockQueue(path)));
  return queue;
}

/** Runs `work` with the directory's lock held. */
export async function withDirectoryLock<T>(
  directory: string,
  work: () => T | Promise<T>,
  options: DirectoryLockOptions = {},
): Promise<T> {
  const lock = await lockDirectory(directory, options);
  try {
    return await work();
  } finally {
    lock.release();
  }
}

function openLockFile(directory: string, path: string): number {
  try {
    return openSync(path, LOCK_FLAGS, 0o777);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    mkdirSync(directory, { recursive: true });
    return openSync(path, LOCK_FLAGS, 0o777);
  }
}

interface Waiter {
  readonly directory: string;
  readonly resolve: (lock: DirectoryLock) => void;
  readonly reject: (error: unknown) => void;
  readonly timer: NodeJS.Timeout;
}

class LockQueue {
  readonly #path: string;
  readonly #waiters: Waiter[] = [];
  #poll: NodeJS.Timeout | undefined;

  constructor(path: string) {
    this.#path = path;
  }

  wait(directory: string, timeoutMs: number): Promise<DirectoryLock> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => this.#timedOut(waiter, timeoutMs), timeoutMs);
      const waiter: Waiter = { directory, resolve, reject, timer };
      this.#waiters.push(waiter);
      if (this.#waiters.length === 1) this.#pollLater();
    });
  }

  /** Tries for the first waiter; another process may hold the lock. */
  serve(): void {
    const first = this.#waiters[0];
    if (first === undefined) return;
    let fd = -1;
    try {
      fd = openLockFile(first.directory, this.#path);
      if (!tryFlock(fd)) {
        closeSync(fd);
        this.#pollLater();
        return;
      }
    } catch (error) {
      if (fd >= 0) closeSync(fd);
      this.#remove(first);
      first.reject(error);
      this.serve();
      return;
    }
    this.#remove(first);
    first.resolve(new DirectoryLock(this.#path, fd));
  }

  #pollLater(): void {
    clearTimeout(this.#poll);
    this.#poll = setTimeout(() => this.serve(), POLL_MS);
  }

  #timedOut(waiter: Waiter, timeoutMs: number): void {
    this.#remove(waiter);
    waiter.reject(new LockTimeoutError(this.#path, timeoutMs));
  }

  #remove(waiter: Waiter): void {
    clearTimeout(waiter.timer);
    this.#waiters.splice(this.#waiters.indexOf(waiter), 1);
    if (this.#waiters.length > 0) return;
    clearTimeout(this.#poll);
    queues.delete(this.#path);
  }
}
