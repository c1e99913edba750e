import { createHash, hash, randomBytes, type Hash } from 'node:crypto';
import { closeSync, openSync, unlinkSync, writeSync, writev } from 'node:fs';
import { hasFreeSpace, hasFreeSpaceSync } from '../common/drive.ts';
import { syncDataOfDescriptor } from '../common/durable-file.ts';
import {
  allocateSpace,
  allocateSpaceAsync,
  dropCache,
  errorCode,
  isUnsupported,
  openUnnamed,
} from '../common/system-calls.ts';
import type { Timestamp } from '../common/timestamp.ts';
import { makeDirectories } from './disk-directories.ts';
import { storageFault } from './disk-faults.ts';
import { dataFileName } from './disk-file-names.ts';
import { publish, type DiskWriteContext, type TemporaryFile } from './disk-publish.ts';
import { StorageError, type Md5Of, type Metadata, type ObjectWriter } from './storage.ts';

/** Writing a file of an object. Source: spec swift-formats 3.5. */

/** Uploads up to this size are written in one call at the end. */
const SMALL_BYTES = 65536;
/** Larger ones through the pool, so much at a time. */
const WRITE_BYTES = 262144;
/** Setting aside more than this may take its time. */
const ALLOCATE_AT_ONCE_BYTES = 1 << 20;

function openTemporary({ settings, paths }: DiskWriteContext): TemporaryFile {
  try {
    if (settings.usesUnnamedFiles) return openIn(paths.dataDir, undefined, () => openUnnamed(paths.dataDir));
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
  const path = `${paths.temporary}/${randomBytes(8).toString('hex')}`;
  const changed = makeDirectories(paths.dataDir, paths.dataDir);
  const file = openIn(paths.temporary, path, () => openSync(path, 'wx', 0o600));
  return { ...file, changedFolders: [...changed, ...file.changedFolders] };
}

/** The folders of a policy are made when they are first needed; that of the device never is. */
function openIn(folder: string, path: string | undefined, open: () => number): TemporaryFile {
  try {
    return { fd: open(), path, changedFolders: [] };
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
  const changedFolders = makeDirectories(folder, folder);
  return { fd: open(), path, changedFolders };
}

/**
 * Starts a data file: looks for room and sets space aside. A promise for a large one. Throws or rejects with StorageError.
 * The hash directory is made at the end, so that what is dropped leaves no trace.
 */
export function createDiskWriter(
  context: DiskWriteContext,
  sizeBytes: number | null,
  md5Of: Md5Of | undefined,
): ObjectWriter | Promise<ObjectWriter> {
  const { settings, paths } = context;
  const size = sizeBytes ?? 0;
  if (size > ALLOCATE_AT_ONCE_BYTES) return createLarge(context, size, md5Of);
  let file: TemporaryFile | undefined;
  try {
    if (!hasFreeSpaceSync(paths.device, settings.reserve, size)) throw noSpace(paths.device);
    file = openTemporary(context);
    if (size > 0 && !settings.disableFallocate) tolerating(() => allocateSpace((file as TemporaryFile).fd, size));
    return new DiskWriter(context, file, md5Of);
  } catch (error) {
    if (file !== undefined) discard(file);
    throw storageFault(error);
  }
}

async function createLarge(context: DiskWriteContext, size: number, md5Of: Md5Of | undefined): Promise<ObjectWriter> {
  const { settings, paths } = context;
  let file: TemporaryFile | undefined;
  try {
    if (!(await hasFreeSpace(paths.device, settings.reserve, size))) throw noSpace(paths.device);
    file = openTemporary(context);
    if (!settings.disableFallocate) {
      await allocateSpaceAsync(file.fd, size).catch((error: unknown) => {
        if (!isUnsupported(error)) throw error;
      });
    }
    return new DiskWriter(context, file, md5Of);
  } catch (error) {
    if (file !== undefined) discard(file);
    throw storageFault(error);
  }
}

function noSpace(device: string): StorageError {
  return new StorageError('no-space', `${device}: no more free than fallocate_reserve`);
}

function tolerating(run: () => void): void {
  try {
    run();
  } catch (error) {
    if (!isUnsupported(error)) throw error;
  }
}

function discard(file: TemporaryFile): void {
  closeSync(file.fd);
  if (file.path === undefined) return;
  try {
    unlinkSync(file.path);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
  }
}

/** Writes a file of metadata alone: `.meta` or `.ts`. A tombstone is written however full the device is. */
export async function writeMetadataFile(
  context: DiskWriteContext,
  fileName: string,
  metadata: Metadata,
): Promise<void> {
  const { settings, paths } = context;
  let file: TemporaryFile | undefined;
  try {
    const needsRoom = !fileName.endsWith('.ts');
    if (needsRoom && !hasFreeSpaceSync(paths.device, settings.reserve)) throw noSpace(paths.device);
    file = openTemporary(context);
    await publish(context, file, fileName, metadata);
  } catch (error) {
    throw storageFault(error);
  } finally {
    if (file !== undefined) discard(file);
  }
}

class DiskWriter implements ObjectWriter {
  readonly #context: DiskWriteContext;
  #file: TemporaryFile | undefined;
  #waiting: Uint8Array[] = [];
  #waitingBytes = 0;
  readonly #md5Of: Md5Of | undefined;
  #md5: Hash | undefined;
  /** The write under way; never rejects, its failure is in #failure. */
  #underWay: Promise<void> | undefined;
  #failure: unknown;
  /** Some of it was written. */
  #hasBegun = false;
  #written = 0;
  #synced = 0;

  constructor(context: DiskWriteContext, file: TemporaryFile, md5Of: Md5Of | undefined) {
    this.#context = context;
    this.#md5Of = md5Of;
    this.#file = file;
  }

  write(chunk: Uint8Array): void | Promise<void> {
    this.#throwFailure();
    this.#waiting.push(chunk);
    this.#waitingBytes += chunk.length;
    if (!this.#hasBegun && this.#waitingBytes <= SMALL_BYTES) return;
    if (this.#underWay === undefined && this.#context.pace.isFast) return this.#writeNow();
    if (this.#waitingBytes < WRITE_BYTES) return;
    if (this.#underWay === undefined) this.#flush();
    else return this.#flushNext();
  }

  get holdsNothing(): boolean {
    return this.#waitingBytes === 0 && this.#underWay === undefined;
  }

  finish(): string | Promise<string> {
    if (this.#hasBegun || this.#waitingBytes > SMALL_BYTES) return this.#finishLarge();
    const bytes = this.#waiting.length === 1 ? (this.#waiting[0] as Uint8Array) : Buffer.concat(this.#waiting);
    this.#waiting = [];
    try {
      writeWhole(this.#open().fd, bytes, 0);
    } catch (error) {
      throw storageFault(error);
    }
    return this.#md5Of?.(bytes.length) ?? hash('md5', bytes, 'hex');
  }

  async commit(metadata: Metadata, timestamp: Timestamp): Promise<void> {
    try {
      await publish(this.#context, this.#open(), dataFileName(timestamp), metadata);
    } catch (error) {
      throw storageFault(error);
    } finally {
      await this.abort();
    }
  }

  async abort(): Promise<void> {
    this.#waiting = [];
    await this.#underWay;
    const file = this.#file;
    this.#file = undefined;
    if (file !== undefined) discard(file);
  }

  async #finishLarge(): Promise<string> {
    await this.#underWay;
    this.#throwFailure();
    if (this.#waitingBytes > 0) this.#flush();
    await this.#underWay;
    this.#throwFailure();
    return this.#md5Of?.(this.#written) ?? (this.#md5 ?? createHash('md5')).digest('hex');
  }

  async #flushNext(): Promise<void> {
    await this.#underWay;
    this.#throwFailure();
    this.#flush();
  }

  /** Plain calls into the kernel's cache, while the device lets nobody wait for them. A promise when what is there is to be made durable. */
  #writeNow(): void | Promise<void> {
    const { pace, settings } = this.#context;
    const chunks = this.#takeWaiting();
    const { fd } = this.#open();
    pace.begin();
    try {
      for (const chunk of chunks) {
        writeWhole(fd, chunk, this.#written);
        this.#written += chunk.length;
      }
    } catch (error) {
      throw storageFault(error);
    } finally {
      pace.end();
    }
    this.#hash(chunks);
    if (settings.bytesPerSync <= 0 || this.#written - this.#synced < settings.bytesPerSync) return;
    this.#begin(this.#syncWritten(fd));
    return this.#underWay;
  }

  #flush(): void {
    const chunks = this.#takeWaiting();
    this.#begin(this.#writeAll(this.#open().fd, chunks));
    // While the pool writes.
    this.#hash(chunks);
  }

  #takeWaiting(): Uint8Array[] {
    const chunks = this.#waiting;
    this.#waiting = [];
    this.#waitingBytes = 0;
    this.#hasBegun = true;
    return chunks;
  }

  #begin(work: Promise<void>): void {
    this.#underWay = work.then(
      () => (this.#underWay = undefined),
      (error: unknown) => {
        this.#underWay = undefined;
        this.#failure = storageFault(error);
      },
    );
  }

  #hash(chunks: readonly Uint8Array[]): void {
    if (this.#md5Of !== undefined) return;
    this.#md5 ??= createHash('md5');
    for (const chunk of chunks) this.#md5.update(chunk);
  }

  async #writeAll(fd: number, chunks: Uint8Array[]): Promise<void> {
    let rest = chunks;
    while (rest.length > 0) {
      const count = await writeSome(fd, rest, this.#written);
      this.#written += count;
      rest = afterBytes(rest, count);
    }
    const { bytesPerSync } = this.#context.settings;
    if (bytesPerSync > 0 && this.#written - this.#synced >= bytesPerSync) await this.#syncWritten(fd);
  }

  async #syncWritten(fd: number): Promise<void> {
    await syncDataOfDescriptor(fd);
    dropCache(fd, this.#synced, this.#written - this.#synced);
    this.#synced = this.#written;
  }

  #open(): TemporaryFile {
    if (this.#file === undefined) throw new Error('object writer has ended');
    return this.#file;
  }

  #throwFailure(): void {
    if (this.#failure !== undefined) throw this.#failure as Error;
  }
}

function writeWhole(fd: number, bytes: Uint8Array, position: number): void {
  for (let at = 0; at < bytes.length;) at += writeSync(fd, bytes, at, bytes.length - at, position + at);
}

function writeSome(fd: number, chunks: Uint8Array[], position: number): Promise<number> {
  return new Promise((resolve, reject) => {
    writev(fd, chunks, position, (error, count) => (error ? reject(error) : resolve(count)));
  });
}

function afterBytes(chunks: Uint8Array[], count: number): Uint8Array[] {
  let left = count;
  let at = 0;
  while (at < chunks.length && left >= (chunks[at] as Uint8Array).length) left -= (chunks[at++] as Uint8Array).length;
  const rest = chunks.slice(at);
  if (left > 0) rest[0] = (rest[0] as Uint8Array).subarray(left);
  return rest;
}
