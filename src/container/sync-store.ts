import { existsSync, mkdirSync, readlinkSync, rmdirSync, symlinkSync, unlinkSync } from 'node:fs';
import { dirname, relative } from 'node:path';
import { errorCode } from '../common/system-calls.ts';
import type { DatabaseFolder } from '../db/database-folder.ts';
import type { DatabaseMetadata } from '../db/store-types.ts';

const SYNC_TO = 'X-Container-Sync-To';
const SYNC_KEY = 'X-Container-Sync-Key';

/**
 * Keeps the link by which container-sync finds a container: `<device>/sync_containers/<partition>/<suffix>/<hash>/<file>` leads to
 * the database while both sync headers are set and the container is not deleted.
 */
export function updateSyncStore(
  folder: DatabaseFolder,
  databasePath: string,
  info: { readonly metadata: DatabaseMetadata; readonly isDeleted: boolean },
): void {
  const isSynced = !info.isDeleted && isSet(info.metadata, SYNC_TO) && isSet(info.metadata, SYNC_KEY);
  const inDataFolder = relative(`${folder.devicePath}/containers`, databasePath);
  const link = `${folder.devicePath}/sync_containers/${inDataFolder}`;
  if (isSynced) addLink(link, databasePath);
  else removeLink(link);
}

function isSet(metadata: DatabaseMetadata, key: string): boolean {
  return (metadata[key]?.[0] ?? '') !== '';
}

function addLink(link: string, target: string): void {
  try {
    mkdirSync(dirname(link), { recursive: true });
    symlinkSync(target, link);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST') throw error;
    if (existsSync(link) && readlinkSync(link) === target) return;
    unlinkSync(link);
    symlinkSync(target, link);
  }
}

function removeLink(link: string): void {
  try {
    unlinkSync(link);
    rmdirSync(dirname(link));
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOENT' && code !== 'ENOTDIR' && code !== 'ENOTEMPTY') throw error;
  }
}
