import { appendFileSync, statSync, type Stats } from 'node:fs';
import { tryLockDirectory } from '../common/directory-lock.ts';
import { Connection } from './connection.ts';
import { translateSystemError } from './database.ts';
import { databaseFiles, type DatabaseFolder } from './database-folder.ts';
import { MERGE_ABOVE_BYTES } from './pending-file.ts';
import { sqliteFault } from './sqlite-error.ts';

/** Longer than the steps of the clock by which a kernel marks the changes of files. */
const CLOCK_STEP_MS = 20;

/** A listing of this many rows takes about a millisecond. */
const MAX_LISTED_ROWS = 1000;
/** A file of this size is in the kernel's cache after a few listings. */
const MAX_LISTED_FILE_BYTES = 1024 * 1024;

/** A state of a file or folder: equal marks mean that nothing was written in between. */
type Mark = Pick<Stats, 'ino' | 'dev' | 'size' | 'ctimeMs'>;

type Read<T> = (connection: Connection) => T;

/**
 * One database as the loop uses it: a file that is not being sharded, read without waiting for locks. What was read is remembered
 * until the file changes.
 */
export class LoopDatabase {
  readonly folder: DatabaseFolder;
  #connection: Connection | undefined;
  #folderMark: Mark | undefined;
  #fileMark: Mark | undefined;
  /** As `refresh` found it. */
  #file: Stats | undefined;
  readonly #known = new Map<Read<object>, object>();

  constructor(folder: DatabaseFolder) {
    this.folder = folder;
  }

  /** Looks at the files; false when they are not what the loop can use. To be called first, within the same turn. */
  refresh(): boolean {
    const { path, basePath } = this.folder;
    const folder = statSync(path, { throwIfNoEntry: false });
    const file = folder && statSync(basePath, { throwIfNoEntry: false });
    if (folder === undefined || file === undefined) {
      this.close();
      return false;
    }
    if (this.#folderMark === undefined || !isSame(folder, this.#folderMark)) {
      const [first, ...more] = databaseFiles(this.folder);
      if (first !== basePath || more.length > 0) {
        this.close();
        return false;
      }
      this.#folderMark = settled(folder);
    }
    if (this.#fileMark === undefined || !isSame(file, this.#fileMark)) {
      this.#known.clear();
      this.#fileMark = settled(file);
    }
    if (this.#connection?.isCurrent(file) === false) this.#disconnect();
    this.#file = file;
    return true;
  }

  get sizeBytes(): number {
    return this.#file?.size ?? 0;
  }

  /** Whether rows wait to be merged. */
  hasPending(): boolean {
    return (statSync(this.folder.pendingPath, { throwIfNoEntry: false })?.size ?? 0) > 0;
  }

  /** What `read` gives, which depends on the file alone; undefined when it cannot be read now. */
  known<T extends object>(read: Read<T>): T | undefined {
    const known = this.#known.get(read) as T | undefined;
    if (known !== undefined) return known;
    const found = this.read(read);
    if (found !== undefined && this.#fileMark !== undefined) this.#known.set(read, found);
    return found;
  }

  /** Undefined for all of SQLite's errors: the database's thread meets them again, and deals with them. */
  read<T>(read: Read<T>): T | undefined {
    try {
      const connection = this.#connect();
      return connection && read(connection);
    } catch (error) {
      const fault = sqliteFault(error);
      if (fault === undefined) throw error;
      if (fault !== 'busy') this.#disconnect();
      return undefined;
    }
  }

  /** Appends an entry to `.pending`. False when the folder is locked, or enough waits there to be merged. */
  append(entry: string): boolean {
    const { path, pendingPath } = this.folder;
    const lock = tryLockDirectory(path);
    if (lock === undefined) return false;
    try {
      const size = statSync(pendingPath, { throwIfNoEntry: false })?.size ?? 0;
      if (size > MERGE_ABOVE_BYTES) return false;
      appendFileSync(pendingPath, entry);
      return true;
    } catch (error) {
      throw translateSystemError(error);
    } finally {
      lock.release();
    }
  }

  close(): void {
    this.#disconnect();
    this.#known.clear();
    this.#folderMark = undefined;
    this.#fileMark = undefined;
  }

  /** Undefined when the file was replaced in the meantime. */
  #connect(): Connection | undefined {
    if (this.#connection === undefined && this.#file !== undefined) {
      const connection = new Connection(this.folder.basePath, { isReader: true });
      if (connection.isCurrent(this.#file)) this.#connection = connection;
      else connection.close();
    }
    return this.#connection;
  }

  #disconnect(): void {
    this.#connection?.close();
    this.#connection = undefined;
  }
}

/** Whether a listing of up to `limit` of `count` rows is small enough for the loop. */
export function isListedOnLoop(database: LoopDatabase, limit: number, count: number): boolean {
  return database.sizeBytes <= MAX_LISTED_FILE_BYTES && Math.min(limit, count) <= MAX_LISTED_ROWS;
}

function isSame(now: Mark, before: Mark): boolean {
  return now.ctimeMs === before.ctimeMs && now.ino === before.ino && now.size === before.size && now.dev === before.dev;
}

/** A change so shortly before could be followed by another one under the same mark. */
function settled({ ino, dev, size, ctimeMs }: Mark): Mark | undefined {
  return Date.now() - ctimeMs > CLOCK_STEP_MS ? { ino, dev, size, ctimeMs } : undefined;
}
