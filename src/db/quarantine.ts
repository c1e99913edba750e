import { randomUUID } from 'node:crypto';
import { mkdirSync, renameSync } from 'node:fs';
import { errorCode } from '../common/system-calls.ts';
import { DATA_FOLDERS, type DatabaseFolder } from './database-folder.ts';

/** Moves a database's folder to `<device>/quarantined/<kind>s/<hash>`, or `<hash>-<random hex>` when that is taken. */
export function quarantineFolder(folder: DatabaseFolder): string {
  const parent = `${folder.devicePath}/quarantined/${DATA_FOLDERS[folder.kind]}`;
  mkdirSync(parent, { recursive: true });
  let target = `${parent}/${folder.hash}`;
  try {
    renameSync(folder.path, target);
  } catch (error) {
    if (errorCode(error) !== 'ENOTEMPTY' && errorCode(error) !== 'EEXIST') throw error;
    target = `${target}-${randomUUID().replaceAll('-', '')}`;
    renameSync(folder.path, target);
  }
  return target;
}
