import { readdirSync } from 'node:fs';
import { hashPath, storageDirectory } from '../common/hash-path.ts';
import { Timestamp } from '../common/timestamp.ts';
import type { AccountLocator, ContainerLocator, DatabaseKind, HashLocator, StoreOptions } from './store-types.ts';

/** Name of the folder below a device that holds the databases of a kind. */
export const DATA_FOLDERS: Readonly<Record<DatabaseKind, string>> = { account: 'accounts', container: 'containers' };

/** Where one database lives: `<device>/<containers>/<partition>/<suffix>/<hash>/`. */
export interface DatabaseFolder {
  readonly kind: DatabaseKind;
  readonly device: string;
  readonly devicePath: string;
  readonly hash: string;
  readonly path: string;
  /** `<hash>.db`; a sharded container has `<hash>_<epoch>.db` besides or instead. */
  readonly basePath: string;
  /** Always named after the base file. */
  readonly pendingPath: string;
}

export function databaseFolder(devices: string, kind: DatabaseKind, locator: HashLocator): DatabaseFolder {
  const devicePath = `${devices}/${locator.device}`;
  const path = `${devicePath}/${storageDirectory(DATA_FOLDERS[kind], locator.partition, locator.hash)}`;
  const basePath = `${path}/${locator.hash}.db`;
  const { device, hash } = locator;
  return { kind, device, devicePath, hash, path, basePath, pendingPath: `${basePath}.pending` };
}

export function hashLocator(
  options: Pick<StoreOptions, 'hashPath'>,
  locator: AccountLocator | ContainerLocator,
): HashLocator {
  const container = 'container' in locator ? locator.container : undefined;
  const { device, partition, account } = locator;
  return { device, partition, hash: hashPath(options.hashPath, account, container) };
}

/** Paths of the database files, sorted; the last is the current one. Empty when there is none. */
export function databaseFiles(folder: DatabaseFolder): string[] {
  let names: string[];
  try {
    names = readdirSync(folder.path);
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
  const files = names.filter((name) => name === `${folder.hash}.db` || epochOf(folder, name) !== null);
  return files.sort().map((name) => `${folder.path}/${name}`);
}

/** The epoch of `<hash>_<epoch>.db`, a normal timestamp; null for the base file and for other names. */
export function epochOf(folder: DatabaseFolder, fileName: string): string | null {
  const name = fileName.slice(fileName.lastIndexOf('/') + 1);
  if (!name.startsWith(`${folder.hash}_`) || !name.endsWith('.db')) return null;
  const epoch = name.slice(folder.hash.length + 1, -3);
  return Timestamp.tryParse(epoch) === undefined ? null : epoch;
}

/** No such file or folder. */
export function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'ENOENT' || error.code === 'ENOTDIR');
}
