import { randomBytes } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { chexor } from './chexor.ts';
import { translateSystemError, type Database } from './database.ts';
import { SYNC_SCHEMA } from './sync-schema.ts';

/**
 * Makes a database: built aside, fsynced, renamed into place under the folder's lock. `fill` adds what the schema leaves open.
 * False when there is one already. Rejects with StoreError.
 */
export async function createDatabase(
  database: Database,
  schema: readonly string[],
  fill: (database: DatabaseSync) => void,
): Promise<boolean> {
  const { path, basePath, devicePath } = database.folder;
  try {
    const firstNew = mkdirSync(path, { recursive: true });
    const temporary = `${path}/${randomBytes(8).toString('hex')}.tmp`;
    try {
      build(temporary, schema, fill);
      syncPath(temporary);
      const lock = await database.lock();
      try {
        if (database.files().length > 0) return false;
        renameSync(temporary, basePath);
      } finally {
        lock.release();
      }
    } finally {
      rmSync(temporary, { force: true });
    }
    syncFolders(path, firstNew === undefined ? path : dirname(firstNew), devicePath);
    return true;
  } catch (error) {
    throw translateSystemError(error);
  }
}

function build(path: string, schema: readonly string[], fill: (database: DatabaseSync) => void): void {
  closeSync(openSync(path, 'wx', 0o600));
  const database = new DatabaseSync(path);
  try {
    database.function('chexor', { deterministic: true }, chexor as (...values: unknown[]) => string);
    database.exec('PRAGMA synchronous = OFF; PRAGMA temp_store = MEMORY; PRAGMA journal_mode = MEMORY;');
    database.exec('BEGIN');
    for (const statement of [...SYNC_SCHEMA, ...schema]) database.exec(statement);
    fill(database);
    database.exec('COMMIT');
  } finally {
    database.close();
  }
}

/** fsyncs a folder and those above it, up to and including `last`, but never above the device. */
function syncFolders(folder: string, last: string, device: string): void {
  for (let at = folder; ; at = dirname(at)) {
    syncPath(at);
    if (at === last || at === device || !existsSync(dirname(at))) return;
  }
}

function syncPath(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
