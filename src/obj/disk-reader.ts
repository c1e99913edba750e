import { hash } from 'node:crypto';
import { closeSync, constants, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { integerValue } from '../common/python-integer.ts';
import type { Body } from '../http/body.ts';
import type { DevicePace } from '../common/device-pace.ts';
import { errorCode, listDirectory } from '../common/system-calls.ts';
import { Timestamp, TimestampError } from '../common/timestamp.ts';
import { DiskBody, type SharedDescriptor } from './disk-body.ts';
import { isDamage, isMissing } from './disk-faults.ts';
import { chooseFiles, type FileChoice } from './disk-file-choice.ts';
import type { DiskSettings, ObjectPaths } from './disk-layout.ts';
import { SMALL_BYTES } from './disk-pace.ts';
import { mergeMetadata, type MergedView } from './disk-merged-view.ts';
import { DamagedMetadataError, readMetadata } from './disk-metadata.ts';
import { StorageError, type Metadata, type OpenedObject, type OpenOptions } from './storage.ts';

/** Opening and reading an object. Source: spec swift-formats 3.4. */

/** What was found cannot be an object: `path` is to be put aside. */
export class DamageError extends Error {
  readonly path: string;

  constructor(path: string, reason: string, cause?: unknown) {
    super(`${path}: ${reason}`, { cause });
    this.name = 'DamageError';
    this.path = path;
  }
}

export interface DiskReadContext {
  readonly settings: DiskSettings;
  readonly paths: ObjectPaths;
  readonly fragments: number | null;
  /** The name that the files must carry, `/account/container/object`, native. */
  readonly name: string;
  /** Called once the body has gone out, or at closing, when the file was found damaged. */
  readonly putAside: (damage: DamageError) => void;
  readonly pace: DevicePace;
}

/** Opens an object with plain system calls. Throws StorageError or DamageError. */
export function openDiskObject(context: DiskReadContext, options: OpenOptions): OpenedObject {
  const { hashDir } = context.paths;
  const choice = chooseFiles(listHashDirectory(context.paths), { fragments: context.fragments });
  if (choice.data === undefined) throw missing(context, choice);
  const fd = openListed(`${hashDir}/${choice.data.name}`);
  try {
    const dataMetadata = damaging(hashDir, () => readMetadata(fd));
    const metaMetadata = choice.meta && metadataOf(hashDir, choice.meta.name);
    const type = choice.contentType;
    const typeMetadata = type && type !== choice.meta ? metadataOf(hashDir, type.name) : undefined;
    const view = damaging(hashDir, () => mergeMetadata(dataMetadata, metaMetadata, typeMetadata));
    checkView(context, view, options);
    const length = checkLength(hashDir, fd, view.metadata);
    return new OpenedDiskObject(context, fd, length, { view, dataMetadata, metaMetadata });
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

/** The commonest answer of all, as most nodes that are asked for a missing object have none: made once. */
const NOTHING = new StorageError('not-exist');

function listHashDirectory(paths: ObjectPaths): string[] {
  let names: string[] | undefined;
  try {
    names = listDirectory(paths.hashDir);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOTDIR') {
      const isSuffixFile = statSync(paths.suffix, { throwIfNoEntry: false })?.isDirectory() === false;
      throw new DamageError(
        isSuffixFile ? paths.suffix : paths.hashDir,
        'a file stands in place of a directory',
        error,
      );
    }
    if (isDamage(error) && code !== 'EIO') throw new DamageError(paths.hashDir, 'directory cannot be listed', error);
    throw error;
  }
  if (names === undefined) throw NOTHING;
  return names.length > 1 ? names.sort().reverse() : names;
}

/** Why there is no object: nothing there, or a tombstone, whose own metadata tell its time. */
function missing(context: DiskReadContext, choice: FileChoice): StorageError {
  if (choice.tombstone === undefined) return NOTHING;
  const metadata = metadataOf(context.paths.hashDir, choice.tombstone.name);
  const timestamp = Timestamp.tryParse(metadata.get('X-Timestamp'));
  return new StorageError('deleted', 'deleted', { timestamp: timestamp ?? choice.tombstone.timestamp, metadata });
}

function metadataOf(hashDir: string, name: string): Metadata {
  const fd = openListed(`${hashDir}/${name}`);
  try {
    return damaging(hashDir, () => readMetadata(fd));
  } finally {
    closeSync(fd);
  }
}

/** Opens a file that was just listed: when it is gone, another request was faster. */
function openListed(path: string): number {
  try {
    return openSync(path, constants.O_RDONLY);
  } catch (error) {
    if (isMissing(error))
      throw new StorageError('state-changed', 'files changed while they were opened', { cause: error });
    throw error;
  }
}

function damaging<T>(hashDir: string, run: () => T): T {
  try {
    return run();
  } catch (error) {
    if (error instanceof DamagedMetadataError || error instanceof TimestampError || isDamage(error)) {
      throw new DamageError(hashDir, error instanceof Error ? error.message : String(error), error);
    }
    throw error;
  }
}

function checkView(context: DiskReadContext, view: MergedView, options: OpenOptions): void {
  const { hashDir } = context.paths;
  const name = view.metadata.get('name');
  if (name === undefined) throw new DamageError(hashDir, 'metadata hold no name');
  if (name !== context.name) throw new StorageError('collision', `${hashDir} holds ${JSON.stringify(name)}`);
  const deleteAt = view.metadata.get('X-Delete-At');
  if (deleteAt === undefined) return;
  const seconds = integerValue(deleteAt);
  if (seconds === undefined) throw new DamageError(hashDir, `X-Delete-At is ${deleteAt}`);
  if (seconds <= options.nowSeconds && options.openExpired !== true) {
    throw new StorageError('expired', 'expired', { timestamp: view.timestamp, metadata: view.metadata });
  }
}

function checkLength(hashDir: string, fd: number, metadata: Metadata): number {
  const text = metadata.get('Content-Length');
  const length = text === undefined ? undefined : integerValue(text);
  if (length === undefined) throw new DamageError(hashDir, `Content-Length is ${text}`);
  const { size } = fstatSync(fd);
  if (size !== length) throw new DamageError(hashDir, `Content-Length is ${length}, file size ${size}`);
  return length;
}

class OpenedDiskObject implements OpenedObject, SharedDescriptor {
  readonly metadata: Metadata;
  readonly dataMetadata: Metadata;
  readonly metaMetadata: Metadata | undefined;
  readonly timestamp: Timestamp;
  readonly dataTimestamp: Timestamp;
  readonly contentTypeTimestamp: Timestamp;
  readonly durableTimestamp: Timestamp;
  readonly contentLength: number;
  readonly fd: number;
  readonly #context: DiskReadContext;
  #readsUnderWay = 0;
  #isClosing = false;
  #damage: string | undefined;

  constructor(
    context: DiskReadContext,
    fd: number,
    contentLength: number,
    found: { view: MergedView; dataMetadata: Metadata; metaMetadata: Metadata | undefined },
  ) {
    this.#context = context;
    this.fd = fd;
    this.contentLength = contentLength;
    this.dataMetadata = found.dataMetadata;
    this.metaMetadata = found.metaMetadata;
    this.metadata = found.view.metadata;
    this.timestamp = found.view.timestamp;
    this.dataTimestamp = found.view.dataTimestamp;
    this.durableTimestamp = found.view.dataTimestamp;
    this.contentTypeTimestamp = found.view.contentTypeTimestamp;
  }

  body(start = 0, end: number = this.contentLength): Body {
    const isWhole = start === 0 && end === this.contentLength;
    const expectedMd5 = isWhole ? this.metadata.get('ETag') : undefined;
    if (this.contentLength <= SMALL_BYTES) return this.#small(start, end, expectedMd5);
    const { settings, pace } = this.#context;
    return new DiskBody({
      file: this,
      pace,
      start,
      end,
      chunkBytes: settings.diskChunkSizeBytes,
      expectedMd5,
      dropsCache: this.contentLength > settings.keepCacheSizeBytes,
      onDamage: (reason) => (this.#damage = reason),
    });
  }

  #small(start: number, end: number, expectedMd5: string | undefined): Uint8Array {
    this.#context.pace.beginReading();
    const bytes = Buffer.allocUnsafe(end - start);
    let at = 0;
    while (at < bytes.length) {
      const count = readSync(this.fd, bytes, at, bytes.length - at, start + at);
      if (count === 0) break;
      at += count;
    }
    this.#context.pace.endReading();
    if (at < bytes.length) {
      this.#damage = `file ends at ${start + at}, before its length`;
      throw new Error('object file is cut short');
    }
    if (expectedMd5 !== undefined && hash('md5', bytes, 'hex') !== expectedMd5) {
      this.#damage = `ETag ${expectedMd5} and file's md5 do not match`;
    }
    return bytes;
  }

  begin(): void {
    this.#readsUnderWay++;
  }

  end(): void {
    this.#readsUnderWay--;
    if (this.#isClosing && this.#readsUnderWay === 0) closeSync(this.fd);
  }

  close(): void {
    if (this.#isClosing) return;
    this.#isClosing = true;
    if (this.#readsUnderWay === 0) closeSync(this.fd);
    if (this.#damage !== undefined) {
      this.#context.putAside(new DamageError(this.#context.paths.hashDir, this.#damage));
    }
  }
}
