import { rmdirSync, statSync, unlinkSync } from 'node:fs';
import { errorCode, listDirectory } from '../common/system-calls.ts';
import { chooseFiles, type FileChoice } from './disk-file-choice.ts';
import type { DiskFileName } from './disk-file-names.ts';
import type { DiskSettings } from './disk-layout.ts';

/**
 * Removes what is in the way in a hash directory: older files, a tombstone past the reclaim age, leftovers past it; and the directory
 * itself once it is empty. Never more: other writers may be between their steps. Source: spec swift-formats 3.3.
 *
 * Gives the choice among the files that stay; undefined when nothing stays. A directory that is missing is fine.
 */
export function cleanHashDirectory(
  settings: DiskSettings,
  hashDir: string,
  fragments: number | null,
): FileChoice | undefined {
  const names = listDirectory(hashDir);
  if (names === undefined) return undefined;
  names.sort().reverse();
  const choice = chooseFiles(names, { fragments, preferences: fragments === null ? undefined : [] });
  const obsolete = new Set(choice.obsolete.map((file) => file.name));
  const oldest = settings.now() - settings.reclaimAgeSeconds;
  const { tombstone } = choice;
  const isReclaimed = tombstone !== undefined && tombstone.timestamp.seconds < oldest;
  if (isReclaimed) obsolete.add(tombstone.name);
  for (const file of choice.possibleReclaim) {
    if (file.timestamp.seconds < oldest && !isInCommitWindow(settings, hashDir, file)) obsolete.add(file.name);
  }
  for (const name of obsolete) unlinkGone(`${hashDir}/${name}`);
  if (names.length === obsolete.size) {
    removeEmptyDirectory(hashDir);
    return undefined;
  }
  return isReclaimed ? { ...choice, tombstone: undefined } : choice;
}

/** A fragment that was just written may be about to become durable. */
function isInCommitWindow(settings: DiskSettings, hashDir: string, file: DiskFileName): boolean {
  if (file.extension !== '.data' || file.isDurable) return false;
  const stat = statSync(`${hashDir}/${file.name}`, { throwIfNoEntry: false });
  return stat !== undefined && stat.mtimeMs / 1000 > settings.now() - settings.commitWindowSeconds;
}

function unlinkGone(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** True when the directory is gone; false when something is in it. */
export function removeEmptyDirectory(path: string): boolean {
  try {
    rmdirSync(path);
    return true;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return true;
    if (code === 'ENOTEMPTY' || code === 'EEXIST') return false;
    throw error;
  }
}
