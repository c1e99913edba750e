import { statSync } from 'node:fs';
import { Connection } from './connection.ts';
import { StoreError } from '../common/store-error.ts';

/**
 * The open connections of one thread, the least recently used closed beyond `capacity`. Other processes replace and remove
 * database files, so every use checks that the path still leads to the file that is open.
 */
export class ConnectionCache {
  readonly #capacity: number;
  readonly #connections = new Map<string, Connection>();

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
  }

  /** Throws StoreError `database-gone` when there is no file, else SQLite's error. */
  open(path: string): Connection {
    const stats = statSync(path, { throwIfNoEntry: false });
    const known = this.#connections.get(path);
    if (known !== undefined) {
      this.#connections.delete(path);
      if (stats !== undefined && known.isCurrent(stats)) {
        this.#connections.set(path, known);
        return known;
      }
      known.close();
    }
    if (stats === undefined) throw new StoreError('database-gone', `no database ${path}`);
    const connection = new Connection(path);
    if (!connection.isCurrent(stats)) {
      // Replaced while it was opened: which of the two files it is cannot be told.
      connection.close();
      return this.open(path);
    }
    this.#connections.set(path, connection);
    this.#closeOldest();
    return connection;
  }

  /** Closes the connections to a file, or to the files of a folder. */
  drop(pathOrFolder: string): void {
    for (const [path, connection] of this.#connections) {
      if (path !== pathOrFolder && !path.startsWith(`${pathOrFolder}/`)) continue;
      this.#connections.delete(path);
      connection.close();
    }
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close();
    this.#connections.clear();
  }

  #closeOldest(): void {
    for (const [path, connection] of this.#connections) {
      if (this.#connections.size <= this.#capacity) return;
      this.#connections.delete(path);
      connection.close();
    }
  }
}
