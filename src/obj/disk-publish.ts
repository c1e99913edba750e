import { linkSync, renameSync, statSync, unlinkSync } from 'node:fs';
import type { DevicePace } from '../common/device-pace.ts';
import { partitionOfHash } from '../common/hash-path.ts';
import { syncDescriptors } from '../common/kernel-fsync.ts';
import { errorCode, linkDescriptor } from '../common/system-calls.ts';
import { cleanHashDirectory } from './disk-cleanup.ts';
import { makeDirectories, syncDirectories } from './disk-directories.ts';
import { pathsOfHash, type DiskSettings, type ObjectPaths } from './disk-layout.ts';
import { writeMetadata } from './disk-metadata.ts';
import { invalidateSuffixes } from './disk-suffixes.ts';
import type { Metadata } from './storage.ts';

/** The steps by which a written file becomes part of an object. Source: spec swift-formats 3.5. */

const LINK_TRIES = 3;

export interface DiskWriteContext {
  readonly settings: DiskSettings;
  readonly paths: ObjectPaths;
  readonly policyIndex: number;
  /** `/account/container/object`, native. */
  readonly name: string;
  readonly nextPartPower: number | null;
  readonly pace: DevicePace;
}

/** A file under way: without a name, or with one in `tmp` where the file system knows no unnamed files. */
export interface TemporaryFile {
  readonly fd: number;
  readonly path: string | undefined;
  /** Folders in which others had to be made for it. */
  readonly changedFolders: readonly string[];
}

/** Makes a written file durable and visible, and clears what it replaces. The descriptor stays open. */
export async function publish(
  context: DiskWriteContext,
  file: TemporaryFile,
  fileName: string,
  metadata: Metadata,
): Promise<void> {
  const { settings, paths, policyIndex, name } = context;
  writeMetadata(file.fd, new Map(metadata).set('name', name));
  await syncDescriptors([file.fd]);
  const changed = new Set([paths.hashDir, ...file.changedFolders]);
  for (const parent of makeDirectories(paths.hashDir, paths.dataDir)) changed.add(parent);
  await invalidateSuffixes(paths.partition, [paths.hash.slice(-3)]);
  for (const parent of give(file, paths, fileName)) changed.add(parent);
  await syncDirectories(changed);
  const future = futurePaths(context);
  if (future !== undefined) await linkIntoFuture(settings, paths, future, fileName);
  cleanLogging(settings, paths.hashDir, settings.fragmentsOf(policyIndex));
  if (future !== undefined) cleanLogging(settings, future.hashDir, settings.fragmentsOf(policyIndex));
}

/** Gives the file its name. A cleaner may remove the empty directory just before: then it is made again. */
function give(file: TemporaryFile, paths: ObjectPaths, fileName: string): string[] {
  const target = `${paths.hashDir}/${fileName}`;
  const made: string[] = [];
  for (let left = LINK_TRIES; ; left--) {
    try {
      if (file.path === undefined) linkDescriptor(file.fd, target);
      else renameSync(file.path, target);
      return made;
    } catch (error) {
      const code = errorCode(error);
      if (left <= 1 || (code !== 'EEXIST' && code !== 'ENOENT')) throw error;
      if (code === 'EEXIST') removeTarget(target);
      else made.push(...makeDirectories(paths.hashDir, paths.dataDir));
    }
  }
}

function removeTarget(target: string): void {
  try {
    unlinkSync(target);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Where the object will lie once the partition power is raised; undefined when that is where it lies. */
function futurePaths(context: DiskWriteContext): ObjectPaths | undefined {
  const { paths, nextPartPower, policyIndex } = context;
  if (nextPartPower === null) return undefined;
  const partition = partitionOfHash(paths.hash, nextPartPower);
  const future = pathsOfHash(paths.device, policyIndex, partition, paths.hash);
  return future.hashDir === paths.hashDir ? undefined : future;
}

/** The relinker finds what could not be linked here, so that failing is no fault of the request. */
async function linkIntoFuture(
  settings: DiskSettings,
  paths: ObjectPaths,
  future: ObjectPaths,
  fileName: string,
): Promise<void> {
  const [from, to] = [`${paths.hashDir}/${fileName}`, `${future.hashDir}/${fileName}`];
  try {
    const changed = new Set([future.hashDir, ...makeDirectories(future.hashDir, future.dataDir)]);
    await invalidateSuffixes(future.partition, [future.hash.slice(-3)]);
    linkSameFile(from, to);
    await syncDirectories(changed);
  } catch (error) {
    settings.log.error(`linking ${from} to ${to} failed`, error);
  }
}

function linkSameFile(from: string, to: string): void {
  try {
    linkSync(from, to);
  } catch (error) {
    if (errorCode(error) !== 'EEXIST' || statSync(from).ino !== statSync(to).ino) throw error;
  }
}

function cleanLogging(settings: DiskSettings, hashDir: string, fragments: number | null): void {
  try {
    cleanHashDirectory(settings, hashDir, fragments);
  } catch (error) {
    settings.log.error(`cleaning ${hashDir} failed`, error);
  }
}
