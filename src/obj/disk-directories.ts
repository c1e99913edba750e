import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { syncDirectory } from '../common/durable-file.ts';
import { errorCode } from '../common/system-calls.ts';

/**
 * Makes a directory and those above it, but never `root`, which must exist. Gives the parents of what was made, which must be fsynced
 * for it to last.
 */
export function makeDirectories(path: string, root: string): string[] {
  try {
    mkdirSync(path);
    return [dirname(path)];
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EEXIST') return [];
    if (code !== 'ENOENT' || path.length <= root.length) throw error;
  }
  const parents = makeDirectories(dirname(path), root);
  return [...parents, ...makeDirectories(path, root)];
}

export async function syncDirectories(paths: Iterable<string>): Promise<void> {
  await Promise.all([...new Set(paths)].map(syncDirectory));
}
