import { appendFileSync, readFileSync, statSync, truncateSync } from 'node:fs';
import type { DirectoryLock } from '../common/directory-lock.ts';
import { PickleTuple, readPickle, writePickle, type PickleValue } from '../common/pickle.ts';
import { translateSystemError, type Database } from './database.ts';
import { StoreError } from '../common/store-error.ts';

/** A pending file larger than this is merged by the next write. */
export const MERGE_ABOVE_BYTES = 131_072;
const STALE_READ_WAIT_MS = 100;

/** How the rows of a kind of database go to `.pending` and into the table. */
export interface PendingRows<Row> {
  /** The fields of a row in the order of the tuple. */
  toTuple(row: Row): PickleValue[];
  /** Undefined when the tuple is not such a row. */
  fromTuple(items: readonly PickleValue[]): Row | undefined;
  /** Merges rows into the current file, in one transaction. */
  merge(database: Database, rows: readonly Row[]): Promise<void>;
}

/** `:` and base64 of the pickled tuple: one entry of a pending file. */
export function encodePendingEntry(items: readonly PickleValue[]): string {
  return `:${writePickle(new PickleTuple(items), 2).toString('base64')}`;
}

/** The tuples of a pending file in order; undefined for an entry that cannot be read. */
export function decodePendingEntries(text: string): (readonly PickleValue[] | undefined)[] {
  const entries = text.split(':').filter((entry) => entry !== '');
  return entries.map((entry) => {
    try {
      const value = readPickle(Buffer.from(entry, 'base64'));
      return value instanceof PickleTuple ? value.items : undefined;
    } catch {
      return undefined;
    }
  });
}

/** Queues a row, or merges all that waits and this row once enough of them wait. Rejects with `database-gone` without database. */
export async function appendPending<Row>(database: Database, kind: PendingRows<Row>, row: Row): Promise<void> {
  if (!database.exists()) throw database.gone(); // taking the lock would make a folder
  const entry = encodePendingEntry(kind.toTuple(row));
  const lock = await database.lock();
  try {
    if (!database.exists()) throw database.gone();
    const size = statSync(database.folder.pendingPath, { throwIfNoEntry: false })?.size ?? 0;
    if (size > MERGE_ABOVE_BYTES) await mergePending(database, kind, [row]);
    else appendFileSync(database.folder.pendingPath, entry);
  } catch (error) {
    throw translateSystemError(error);
  } finally {
    lock.release();
  }
}

/**
 * Merges what waits in the pending file. With `staleReadsOk` it waits only 0.1 s for the lock and leaves the rows for later
 * when it does not get it.
 */
export async function commitPending<Row>(
  database: Database,
  kind: PendingRows<Row>,
  staleReadsOk = false,
): Promise<void> {
  const stats = statSync(database.folder.pendingPath, { throwIfNoEntry: false });
  if (stats === undefined || stats.size === 0) return;
  let lock: DirectoryLock;
  try {
    lock = await (staleReadsOk ? database.lock(STALE_READ_WAIT_MS) : database.lock());
  } catch (error) {
    if (staleReadsOk && error instanceof StoreError && error.code === 'lock-timeout') return;
    throw error;
  }
  try {
    await mergePending(database, kind, []);
  } catch (error) {
    throw translateSystemError(error);
  } finally {
    lock.release();
  }
}

/** With the lock held: merges the file's rows and `more`, then empties the file. */
async function mergePending<Row>(database: Database, kind: PendingRows<Row>, more: readonly Row[]): Promise<void> {
  const { pendingPath } = database.folder;
  const exists = statSync(pendingPath, { throwIfNoEntry: false }) !== undefined;
  const rows: Row[] = [];
  for (const items of exists ? decodePendingEntries(readFileSync(pendingPath, 'latin1')) : []) {
    const row = items === undefined ? undefined : kind.fromTuple(items);
    if (row === undefined) database.context.log.error(`Invalid pending entry in ${pendingPath}`);
    else rows.push(row);
  }
  rows.push(...more);
  if (rows.length > 0) await kind.merge(database, rows);
  if (exists) truncateSync(pendingPath, 0);
}
