import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { DirectoryLock, lockDirectory } from '../common/directory-lock.ts';

/** The note that a suffix of a partition must be hashed anew, made before a file in it changes. Source: spec swift-formats 3.7. */

export const HASHES_FILE = 'hashes.pkl';
export const INVALIDATIONS_FILE = 'hashes.invalid';
const APPEND = constants.O_WRONLY | constants.O_CREAT | constants.O_APPEND;
const SUFFIX = /^[0-9a-f]{3}$/;

export function isSuffix(name: string): boolean {
  return SUFFIX.test(name);
}

/** Notes suffixes as changed, under the partition's lock; a promise only when the lock must be waited for. */
export function invalidateSuffixes(partitionDir: string, suffixes: readonly string[]): void | Promise<void> {
  const lock = lockDirectory(partitionDir);
  if (lock instanceof DirectoryLock) return appendUnder(lock, partitionDir, suffixes);
  return lock.then((held) => appendUnder(held, partitionDir, suffixes));
}

function appendUnder(lock: DirectoryLock, partitionDir: string, suffixes: readonly string[]): void {
  try {
    const fd = openSync(`${partitionDir}/${INVALIDATIONS_FILE}`, APPEND, 0o666);
    try {
      writeSync(fd, suffixes.map((suffix) => `${suffix}\n`).join(''));
    } finally {
      closeSync(fd);
    }
  } finally {
    lock.release();
  }
}
