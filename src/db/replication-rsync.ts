import { randomUUID } from 'node:crypto';
import { closeSync, existsSync, fsyncSync, mkdirSync, openSync, renameSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Connection } from './connection.ts';
import { translateSystemError, type Database } from './database.ts';
import { epochOf } from './database-folder.ts';
import { readMetadata, updateMetadata } from './metadata.ts';
import type { ReplicationKind } from './replication.ts';
import type { ReplicateAnswer } from './store-types.ts';
import { mergeSyncPoints, readSyncPoints } from './sync-points.ts';

const NOT_FOUND: ReplicateAnswer = { status: 404, body: null };
const BAD_REQUEST: ReplicateAnswer = { status: 400, body: null };
const NO_CONTENT: ReplicateAnswer = { status: 204, body: null };
const BATCH = 1000;

/** Puts the file that the sender has rsynced to `<device>/tmp/<id>` in the place of a database that is not there. */
export async function completeRsync(
  database: Database,
  kind: ReplicationKind,
  args: readonly unknown[],
): Promise<ReplicateAnswer> {
  const { folder } = database;
  const [id, fileName = `${folder.hash}.db`] = args;
  if (!isFileName(id) || !isFileName(fileName)) return BAD_REQUEST;
  if (fileName !== `${folder.hash}.db` && epochOf(folder, fileName) === null) return BAD_REQUEST;
  const arrived = `${folder.devicePath}/tmp/${id}`;
  const target = `${folder.path}/${fileName}`;
  if (existsSync(target) || !existsSync(arrived)) return NOT_FOUND;
  await adopt(database, kind, arrived, id);
  return await place(database, arrived, target);
}

/** Merges the local database into the file that the sender has rsynced, which then replaces it. */
export async function rsyncThenMerge(
  database: Database,
  kind: ReplicationKind,
  args: readonly unknown[],
): Promise<ReplicateAnswer> {
  const [id] = args;
  if (!isFileName(id)) return BAD_REQUEST;
  const arrived = `${database.folder.devicePath}/tmp/${id}`;
  const target = database.files().at(-1);
  if (target === undefined || !existsSync(arrived) || (await kind.refusesReplacement(database))) return NOT_FOUND;
  const lock = await database.lock();
  try {
    await mergeInto(database, kind, target, arrived);
    await adopt(database, kind, arrived, id);
    if (!existsSync(target) || (await kind.refusesReplacement(database))) return NOT_FOUND;
    replace(database, arrived, target);
    return NO_CONTENT;
  } catch (error) {
    throw translateSystemError(error);
  } finally {
    lock.release();
  }
}

function isFileName(value: unknown): value is string {
  return typeof value === 'string' && /^[^/\0]+$/.test(value) && value !== '.' && value !== '..';
}

async function mergeInto(database: Database, kind: ReplicationKind, from: string, to: string): Promise<void> {
  let last = -1;
  for (;;) {
    const after = last;
    const rows = await database.use(from, (connection) => kind.rowsSince(connection, after, BATCH));
    if (rows.length === 0) break;
    await changeFile(database, to, (connection) => kind.mergeRows(connection, rows));
    last = rows.at(-1)?.ROWID as number;
  }
  await database.use(from, (source) => {
    const points = readSyncPoints(source, 'incoming_sync');
    const metadata = readMetadata(source, kind.infoTable);
    const target = database.context.connections.open(to);
    target.transaction(() => {
      mergeSyncPoints(target, 'incoming_sync', points);
      updateMetadata(target, kind.infoTable, metadata);
      kind.mergeRest(source, target);
    });
  });
}

/** Makes a copy a replica of its own: a new id, and all rows that came with it known as the sender's. */
async function adopt(database: Database, kind: ReplicationKind, path: string, senderId: string): Promise<void> {
  await changeFile(database, path, (connection) => {
    const id = `${randomUUID()}-${database.folder.device}`;
    connection.prepare(`UPDATE ${kind.infoTable} SET id = ?`).run(id);
    const newest = connection.prepareArrays(`SELECT max(ROWID) FROM ${kind.rowTable}`).get();
    const sync_point = (newest as unknown as [number | null])[0] ?? -1;
    connection
      .prepare('INSERT OR REPLACE INTO incoming_sync (sync_point, remote_id) VALUES (?, ?)')
      .run(sync_point, senderId);
    kind.forgetReports(connection);
  });
  database.context.connections.drop(path);
}

function changeFile(database: Database, path: string, change: (connection: Connection) => void): Promise<void> {
  return database.use(path, (connection) => connection.transaction(() => change(connection)));
}

async function place(database: Database, arrived: string, target: string): Promise<ReplicateAnswer> {
  try {
    mkdirSync(dirname(target), { recursive: true });
    const lock = await database.lock();
    try {
      if (existsSync(target)) return NOT_FOUND;
      replace(database, arrived, target);
      return NO_CONTENT;
    } finally {
      lock.release();
    }
  } catch (error) {
    throw translateSystemError(error);
  }
}

function replace(database: Database, arrived: string, target: string): void {
  database.context.connections.drop(arrived);
  database.context.connections.drop(target);
  renameSync(arrived, target);
  const fd = openSync(dirname(target), 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}
