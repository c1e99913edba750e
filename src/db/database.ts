import { existsSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { LockTimeoutError, lockDirectory, type DirectoryLock } from '../common/directory-lock.ts';
import { errorCode } from '../common/system-calls.ts';
import type { Connection } from './connection.ts';
import type { ConnectionCache } from './connection-cache.ts';
import { databaseFiles, isMissing, type DatabaseFolder } from './database-folder.ts';
import { quarantineFolder } from './quarantine.ts';
import { sqliteFault } from './sqlite-error.ts';
import { StoreError } from '../common/store-error.ts';
import type { StoreOptions } from './store-types.ts';

const BUSY_LIMIT_MS = 25_000;
const LONGEST_PAUSE_MS = 50;

/** What the databases of one thread share. */
export interface DatabaseContext {
  readonly connections: ConnectionCache;
  readonly log: StoreOptions['log'];
  readonly lockTimeoutMs: number;
}

/** The files of one database: connections to them, their lock, and what becomes of their errors. */
export class Database {
  readonly folder: DatabaseFolder;
  readonly context: DatabaseContext;

  constructor(context: DatabaseContext, folder: DatabaseFolder) {
    this.context = context;
    this.folder = folder;
  }

  /** Paths of the files, the current one last; empty when there is no database. */
  files(): string[] {
    return databaseFiles(this.folder);
  }

  /** Whether there is any file; cheaper than to list them. */
  exists(): boolean {
    return existsSync(this.folder.basePath) || this.files().length > 0;
  }

  /** Path of the current file. Throws StoreError `database-gone` without any. */
  current(): string {
    const path = this.files().at(-1);
    if (path === undefined) throw this.gone();
    return path;
  }

  gone(): StoreError {
    return new StoreError('database-gone', `no database in ${this.folder.path}`);
  }

  /**
   * Runs `work` on the connection to one of the files. While another process holds SQLite's lock it is tried again, up to 25 s, so
   * it must leave nothing behind when it throws. A damaged file is quarantined. Rejects with StoreError for faults of the file.
   */
  async use<T>(path: string, work: (connection: Connection) => T): Promise<T> {
    const deadline = performance.now() + BUSY_LIMIT_MS;
    for (let pauseMs = 1, wasMoved = false; ; pauseMs = Math.min(2 * pauseMs, LONGEST_PAUSE_MS)) {
      try {
        return work(this.context.connections.open(path));
      } catch (error) {
        const fault = sqliteFault(error);
        if (fault === 'busy' && performance.now() < deadline) {
          await sleep(pauseMs);
        } else if (fault === 'moved' && !wasMoved) {
          wasMoved = true;
          this.context.connections.drop(path);
        } else {
          throw this.#translated(error, path);
        }
      }
    }
  }

  /** Like `use` on the current file, in a write transaction. */
  async change<T>(work: (connection: Connection) => T): Promise<T> {
    return await this.use(this.current(), (connection) => connection.transaction(() => work(connection)));
  }

  /** Takes the folder's lock; at once when it is free. Rejects with StoreError. The folder is made when it does not exist. */
  lock(timeoutMs: number = this.context.lockTimeoutMs): DirectoryLock | Promise<DirectoryLock> {
    const lock = lockDirectory(this.folder.path, { timeoutMs });
    return lock instanceof Promise ? lock.catch((error: unknown) => Promise.reject(lockError(error))) : lock;
  }

  quarantine(reason: string): StoreError {
    this.context.connections.drop(this.folder.path);
    const target = quarantineFolder(this.folder);
    this.context.log.error(`Quarantined ${this.folder.path} to ${target} due to ${reason}`);
    return new StoreError('quarantined', `quarantined to ${target}: ${reason}`);
  }

  #translated(error: unknown, path: string): Error {
    const fault = sqliteFault(error);
    if (fault === undefined) return translateSystemError(error);
    const message = (error as Error).message;
    this.context.connections.drop(path);
    if (!this.files().includes(path)) return new StoreError('database-gone', `no database ${path}`, { cause: error });
    switch (fault) {
      case 'busy':
        return new StoreError('database-busy', `${message}: ${path}`, { cause: error });
      case 'moved':
        return new StoreError('database-gone', `${message}: ${path}`, { cause: error });
      case 'damaged':
        return this.quarantine(message);
      case 'device':
        return new StoreError('device-error', `${message}: ${path}`, { cause: error });
      case 'missing-table':
      case 'other':
        return error as Error;
    }
  }
}

function lockError(error: unknown): Error {
  if (error instanceof LockTimeoutError) return new StoreError('lock-timeout', error.message, { cause: error });
  return translateSystemError(error);
}

const DEVICE_ERRORS = new Set(['ENOSPC', 'EDQUOT', 'EROFS', 'EACCES', 'EPERM', 'EIO', 'EMFILE', 'ENFILE']);

/** A file system's error as a StoreError; other errors are returned as they are. */
export function translateSystemError(error: unknown): Error {
  if (isMissing(error)) return new StoreError('database-gone', (error as Error).message, { cause: error });
  const code = errorCode(error);
  if (code !== undefined && DEVICE_ERRORS.has(code)) {
    return new StoreError('device-error', (error as Error).message, { cause: error });
  }
  return error instanceof Error ? error : new Error(String(error));
}
