import { statSync } from 'node:fs';
import { DatabaseSync, type StatementSync } from 'node:sqlite';
import { pathToFileURL } from 'node:url';
import { chexor } from './chexor.ts';

/** How long SQLite itself waits for a lock, stopping its thread; longer waits are made without stopping it. */
const BUSY_TIMEOUT_MS = 50;

export interface ConnectionOptions {
  /** Reads only, and never waits for a lock: SQLite's error says that it is busy. */
  readonly isReader?: boolean;
}

/** One open database file, with its prepared statements. Belongs to one thread. */
export class Connection {
  readonly path: string;
  readonly #database: DatabaseSync;
  readonly #inode: number;
  readonly #device: number;
  readonly #statements = new Map<string, StatementSync>();
  readonly #arrayStatements = new Map<string, StatementSync>();

  /** Opens a file that exists, never makes one. Throws SQLite's error. */
  constructor(path: string, { isReader = false }: ConnectionOptions = {}) {
    this.path = path;
    this.#database = new DatabaseSync(new URL(`${pathToFileURL(path).href}?mode=${isReader ? 'ro' : 'rw'}`), {
      readOnly: isReader,
      timeout: isReader ? 0 : BUSY_TIMEOUT_MS,
    });
    try {
      const stats = statSync(path);
      this.#inode = stats.ino;
      this.#device = stats.dev;
      if (isReader) return;
      this.#database.exec('PRAGMA synchronous = NORMAL; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = DELETE;');
      this.#database.function('chexor', { deterministic: true }, chexor as (...values: unknown[]) => string);
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** True while `path` still leads to the file that is open. */
  isCurrent(stats: { readonly ino: number; readonly dev: number }): boolean {
    return stats.ino === this.#inode && stats.dev === this.#device;
  }

  /** A prepared statement whose rows are objects; kept for the next call with the same text. */
  prepare(sql: string): StatementSync {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }

  /** A prepared statement whose rows are arrays in the order of the columns. */
  prepareArrays(sql: string): StatementSync {
    let statement = this.#arrayStatements.get(sql);
    if (statement === undefined) {
      statement = this.#database.prepare(sql);
      statement.setReturnArrays(true);
      this.#arrayStatements.set(sql, statement);
    }
    return statement;
  }

  exec(sql: string): void {
    this.#database.exec(sql);
  }

  /** Runs `change` in a write transaction: committed when it returns, rolled back when it throws. */
  transaction<T>(change: () => T): T {
    this.#database.exec('BEGIN IMMEDIATE');
    try {
      const result = change();
      this.#database.exec('COMMIT');
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK');
      throw error;
    }
  }

  close(): void {
    this.#statements.clear();
    this.#arrayStatements.clear();
    this.#database.close();
  }
}
