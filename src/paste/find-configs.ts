/** Which configs a command finds for a kind of server. Source: spec paste-deploy 10.4. */

import { type Dirent, readdirSync } from 'node:fs';
import { join, matchesGlob } from 'node:path';
import { isFolder } from '../common/config-files.ts';

/**
 * Config files and `.conf.d` folders below `folder` whose first name matches `pattern` (`proxy-server*`), sorted by path; each is
 * one server. Folders that match are walked, down to the first level that has a `.conf.d`.
 */
export function findConfigs(folder: string, pattern: string): string[] {
  const found: string[] = [];
  for (const entry of list(folder)) {
    if (!matchesGlob(entry.name, pattern)) continue;
    const path = join(folder, entry.name);
    if (!isFolder(path)) {
      if (path.endsWith('.conf')) found.push(path);
    } else if (path.endsWith('.conf.d')) found.push(path);
    else found.push(...walk(path));
  }
  return found.sort();
}

function walk(folder: string): string[] {
  const entries = list(folder).map(({ name }) => ({ name, path: join(folder, name) }));
  const folders = entries.filter(({ path }) => isFolder(path));
  const configFolders = folders.filter(({ name }) => name.endsWith('.conf.d'));
  const files = entries.filter(({ name, path }) => name.endsWith('.conf') && !isFolder(path));
  const found = [...files, ...configFolders].map(({ path }) => path);
  return configFolders.length > 0 ? found : [...found, ...folders.flatMap(({ path }) => walk(path))];
}

function list(folder: string): Dirent[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}
