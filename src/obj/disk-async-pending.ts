import { readdir, readFile, rmdir, unlink } from 'node:fs/promises';
import { deviceFolder } from '../common/drive.ts';
import { writeFileDurably } from '../common/durable-file.ts';
import { hashPath } from '../common/hash-path.ts';
import { PickleError } from '../common/pickle.ts';
import { errorCode } from '../common/system-calls.ts';
import { policyFolder } from '../common/storage-policy.ts';
import { Timestamp } from '../common/timestamp.ts';
import { makeDirectories } from './disk-directories.ts';
import { storageFault } from './disk-faults.ts';
import { isPlainName, type DiskSettings } from './disk-layout.ts';
import { putAside } from './disk-quarantine.ts';
import { isSuffix } from './disk-suffixes.ts';
import { decodeUpdate, encodeUpdate } from './disk-update-pickle.ts';
import { StorageError, type AsyncPendingEntry, type AsyncPendingStore, type AsyncUpdate } from './storage.ts';

/** Container updates that wait on disk, where Swift's updater finds them too. Source: spec swift-formats 3.8. */

const FILE_NAME = /^([0-9a-f]{32})-(.+)$/;

export class DiskAsyncPending implements AsyncPendingStore {
  readonly #settings: DiskSettings;

  constructor(settings: DiskSettings) {
    this.#settings = settings;
  }

  async devices(): Promise<string[]> {
    const { devices, mountCheck } = this.#settings;
    const names = await readdir(devices);
    return names.filter((name) => deviceFolder(devices, name, mountCheck) !== undefined).sort();
  }

  async policies(device: string): Promise<number[]> {
    const names = await listed(this.#deviceDir(device));
    const indexes = names.flatMap((name) => {
      const found = /^async_pending(?:-([1-9]\d*))?$/.exec(name);
      return found === null ? [] : [Number(found[1] ?? 0)];
    });
    return indexes.sort((a, b) => a - b);
  }

  async save(device: string, policyIndex: number, update: AsyncUpdate, timestamp: Timestamp): Promise<void> {
    const hash = hashPath(this.#settings.hashPath, update.account, update.container, update.obj);
    await this.rewrite({ device, policyIndex, hash, timestamp }, update);
  }

  async *entries(device: string, policyIndex: number): AsyncGenerator<AsyncPendingEntry, void, void> {
    const folder = this.#folder(device, policyIndex);
    for (const suffix of (await listed(folder)).filter(isSuffix).sort()) {
      let newest = '';
      // Newest first for each hash.
      for (const name of (await listed(`${folder}/${suffix}`)).sort().reverse()) {
        const entry = parseName(device, policyIndex, name);
        if (entry === undefined) {
          this.#settings.log.error(`${folder}/${suffix}/${name} is no name of an update`);
        } else if (entry.hash === newest) await this.remove(entry);
        else {
          newest = entry.hash;
          yield entry;
        }
      }
      await removeIfEmpty(`${folder}/${suffix}`);
    }
  }

  async load(entry: AsyncPendingEntry): Promise<AsyncUpdate | undefined> {
    const path = this.#path(entry);
    try {
      return decodeUpdate(await readFile(path));
    } catch (error) {
      if (errorCode(error) === 'ENOENT') return undefined;
      if (!(error instanceof PickleError)) throw storageFault(error);
      this.#settings.log.error(`${path} cannot be read and is put aside`, error);
      // Swift puts these under the objects of policy 0, whatever the policy.
      await putAside(path, `${this.#deviceDir(entry.device)}/quarantined/objects`);
      return undefined;
    }
  }

  async rewrite(entry: AsyncPendingEntry, update: AsyncUpdate): Promise<void> {
    const path = this.#path(entry);
    const deviceDir = this.#deviceDir(entry.device);
    const temporaryDirectory = `${deviceDir}/${policyFolder('tmp', entry.policyIndex)}`;
    const bytes = encodeUpdate(update);
    for (let left = 2; ; left--) {
      try {
        makeDirectories(path.slice(0, path.lastIndexOf('/')), deviceDir);
        await writeFileDurably(path, bytes, { temporaryDirectory });
        return;
      } catch (error) {
        // An updater may have removed the suffix just then, for it was empty.
        if (left === 0 || errorCode(error) !== 'ENOENT') throw storageFault(error);
      }
    }
  }

  async remove(entry: AsyncPendingEntry): Promise<void> {
    const path = this.#path(entry);
    try {
      await unlink(path);
    } catch (error) {
      if (errorCode(error) !== 'ENOENT') throw storageFault(error);
    }
    await removeIfEmpty(path.slice(0, path.lastIndexOf('/')));
  }

  #deviceDir(device: string): string {
    const { devices, mountCheck } = this.#settings;
    const folder = isPlainName(device) ? deviceFolder(devices, device, mountCheck) : undefined;
    if (folder === undefined) throw new StorageError('device-unavailable', `${device} is not there`);
    return folder;
  }

  #folder(device: string, policyIndex: number): string {
    return `${this.#deviceDir(device)}/${policyFolder('async_pending', policyIndex)}`;
  }

  #path({ device, policyIndex, hash, timestamp }: AsyncPendingEntry): string {
    return `${this.#folder(device, policyIndex)}/${hash.slice(-3)}/${hash}-${timestamp.internal}`;
  }
}

function parseName(device: string, policyIndex: number, name: string): AsyncPendingEntry | undefined {
  const found = FILE_NAME.exec(name);
  const timestamp = Timestamp.tryParse(found?.[2]);
  if (found === null || timestamp === undefined || timestamp.internal !== found[2]) return undefined;
  return { device, policyIndex, hash: found[1] as string, timestamp };
}

async function listed(folder: string): Promise<string[]> {
  try {
    return await readdir(folder);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return [];
    throw storageFault(error);
  }
}

async function removeIfEmpty(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    const code = errorCode(error);
    if (code !== 'ENOTEMPTY' && code !== 'EEXIST' && code !== 'ENOENT') throw storageFault(error);
  }
}
