import { closeSync, openSync } from 'node:fs';
import { constants } from 'node:os';
import { dirname } from 'node:path';
import { syncDescriptors } from '../common/kernel-fsync.ts';
import { makeDirectory, SystemCallError } from '../common/system-calls.ts';

/**
 * Makes a directory and those above it, but never `root`, which must exist. Gives the parents of what was made, which must be fsynced
 * for it to last.
 */
export function makeDirectories(path: string, root: string): string[] {
  const outcome = makeDirectory(path);
  if (outcome === 'exists') return [];
  if (outcome === 'made') return [dirname(path)];
  if (path.length <= root.length) throw new SystemCallError('mkdir', constants.errno.ENOENT);
  const parents = makeDirectories(dirname(path), root);
  return [...parents, ...makeDirectories(path, root)];
}

/** Makes the names in some directories durable, all at once. */
export async function syncDirectories(paths: Iterable<string>): Promise<void> {
  const fds: number[] = [];
  try {
    for (const path of paths) fds.push(openSync(path, 'r'));
    await syncDescriptors(fds);
  } finally {
    for (const fd of fds) closeSync(fd);
  }
}
