/** Packages with entry points, for `egg:package#name` and `require`. Source: spec paste-deploy 11.3. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface InstalledPackage {
  readonly folder: string;
  readonly name: string;
  /** By group, then by name: targets relative to the folder. */
  readonly entryPoints: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** Names are compared ignoring case, and with runs of `-_.` equal. */
export function normaliseName(name: string): string {
  return name.toLowerCase().replace(/[-_.]+/g, '-');
}

/**
 * Finds an installed package: the one that `folder` is in, then in `node_modules` from there upward, then in those of this
 * installation, then in `extra` folders. `places` tells where it was looked for.
 */
export function findPackage(
  name: string,
  folder: string | undefined,
  extra: readonly string[],
): { found: InstalledPackage | undefined; places: string[] } {
  const own = folder === undefined ? undefined : enclosingPackage(folder);
  if (own !== undefined && normaliseName(own.name) === normaliseName(name)) return { found: own, places: [] };
  const places = [...nodeModulesFrom(folder), ...nodeModulesFrom(import.meta.dirname), ...extra];
  for (const place of new Set(places)) {
    const found = packageIn(place, name);
    if (found !== undefined) return { found, places };
  }
  return { found: undefined, places };
}

function nodeModulesFrom(folder: string | undefined): string[] {
  return folder === undefined ? [] : foldersUpward(folder).map((each) => join(each, 'node_modules'));
}

function foldersUpward(folder: string): string[] {
  const parent = dirname(folder);
  return parent === folder ? [folder] : [folder, ...foldersUpward(parent)];
}

function enclosingPackage(folder: string): InstalledPackage | undefined {
  for (const each of foldersUpward(folder)) {
    const found = readPackage(each);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** The name as written first, then any that is equal once normalised. */
function packageIn(folder: string, name: string): InstalledPackage | undefined {
  if (/^(@[^/]+\/)?[^/.][^/]*$/.test(name)) {
    const exact = readPackage(join(folder, name));
    if (exact !== undefined && normaliseName(exact.name) === normaliseName(name)) return exact;
  }
  const slash = name.lastIndexOf('/');
  const scope = slash < 0 ? folder : join(folder, name.slice(0, slash));
  const wanted = normaliseName(name.slice(slash + 1));
  const match = listFolder(scope).find((entry) => normaliseName(entry) === wanted);
  return match === undefined ? undefined : readPackage(join(scope, match));
}

function listFolder(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

/** Undefined when there is no package.json with a name. */
function readPackage(folder: string): InstalledPackage | undefined {
  let description: unknown;
  try {
    description = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8'));
  } catch {
    return undefined;
  }
  if (!isRecord(description) || typeof description['name'] !== 'string') return undefined;
  const entryPoints: Record<string, Record<string, string>> = {};
  const groups = description['entry_points'];
  for (const [group, entries] of Object.entries(isRecord(groups) ? groups : {})) {
    const targets = Object.entries(isRecord(entries) ? entries : {}).filter(
      (entry): entry is [string, string] => typeof entry[1] === 'string',
    );
    entryPoints[group] = Object.fromEntries(targets);
  }
  return { folder, name: description['name'], entryPoints };
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
