/** Reads config files, and Swift's folders of them. Source: spec paste-deploy 4 and 10.4. */

import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { ConfigError } from './config-error.ts';
import { decodeConfig, type IniFile, type IniSection, parseIni } from './ini-dialect.ts';
import { bytesFromNative } from './text.ts';

/** Reads one file; its path is made absolute. Throws ConfigError `file-missing`, `file-unreadable`, `ini-*`. */
export function readConfigFile(path: string): IniFile {
  const absolute = resolve(path);
  return parseIni(decodeConfig(readBytes(absolute), absolute), absolute);
}

/** Reads a file, or a folder Swift's way. */
export function readConfigPath(path: string): IniFile {
  return isFolder(path) ? readConfigFolder(path) : readConfigFile(path);
}

/**
 * Reads the `*.conf` files of a folder in the order of their names; hidden ones, subfolders and files that cannot be opened are
 * skipped. A later file's value replaces that of an earlier one.
 */
export function readConfigFolder(path: string): IniFile {
  const folder = resolve(path);
  const names = readdirSync(folder).filter((name) => name.endsWith('.conf') && !name.startsWith('.'));
  const defaults: IniSection = { name: 'DEFAULT', file: folder, line: 0, options: new Map() };
  const merged: IniFile = { path: folder, defaults, sections: new Map() };
  for (const name of names.sort((a, b) => bytesFromNative(a).compare(bytesFromNative(b)))) {
    const file = join(folder, name);
    const bytes = tryRead(file);
    if (bytes === undefined) continue;
    const one = parseIni(decodeConfig(bytes, file), file);
    mergeSection(merged.defaults, one.defaults);
    for (const section of one.sections.values()) {
      const known = merged.sections.get(section.name);
      if (known === undefined) merged.sections.set(section.name, section);
      else mergeSection(known, section);
    }
  }
  return merged;
}

export function isFolder(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function mergeSection(into: IniSection, from: IniSection): void {
  for (const [key, option] of from.options) into.options.set(key, option);
}

function tryRead(path: string): Buffer | undefined {
  try {
    return readFileSync(path);
  } catch {
    return undefined;
  }
}

function readBytes(path: string): Buffer {
  try {
    return readFileSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    throw new ConfigError({
      code: missing ? 'file-missing' : 'file-unreadable',
      text: missing ? 'no such file' : `cannot be read: ${(cause as Error).message}`,
      file: path,
      cause,
    });
  }
}
