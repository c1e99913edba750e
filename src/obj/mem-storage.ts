/** Objects in memory: the storage behind egg:swift#mem_object. It chooses among an object's files by the rules of the disk. */

import { createHash, hash } from 'node:crypto';
import { type HashPathConfig, hashPath } from '../common/hash-path.ts';
import { Timestamp } from '../common/timestamp.ts';
import { MemAsyncPending } from './mem-async-pending.ts';
import { deleteAtOf } from './delete-at.ts';
import { MemFiles, type MemFile } from './mem-files.ts';
import {
  type AsyncPendingStore,
  type CreateOptions,
  type Md5Of,
  type Metadata,
  type ObjectLocation,
  type ObjectStorage,
  type ObjectWriter,
  type OpenedObject,
  type OpenOptions,
  type StoredObject,
  StorageError,
} from './storage.ts';

export interface MemStorageOptions {
  readonly hashPath: HashPathConfig;
  /** The devices there are; without it every name is one. */
  readonly devices?: readonly string[];
}

export class MemStorage implements ObjectStorage {
  readonly asyncPending: AsyncPendingStore;
  readonly #hashPath: HashPathConfig;
  readonly #devices: ReadonlySet<string> | undefined;
  /** Partition folder → hash of the name → its files. */
  readonly #partitions = new Map<string, Map<string, MemFiles>>();

  constructor(options: MemStorageOptions) {
    this.#hashPath = options.hashPath;
    this.#devices = options.devices === undefined ? undefined : new Set(options.devices);
    this.asyncPending = new MemAsyncPending(options.hashPath, this.#devices);
  }

  checkDevice(device: string): void {
    if (this.#devices !== undefined && !this.#devices.has(device)) throw new StorageError('device-unavailable');
  }

  object(location: ObjectLocation): StoredObject {
    const { device, partition, policyIndex, account, container, object } = location;
    const name = hashPath(this.#hashPath, account, container, object);
    const folder = `${device}/${policyIndex}/${partition}`;
    return new MemObject(this, location, (forWriting) => this.#files(folder, name, forWriting));
  }

  #files(folder: string, name: string, forWriting: boolean): MemFiles | undefined {
    let partition = this.#partitions.get(folder);
    if (partition === undefined) {
      if (!forWriting) return undefined;
      this.#partitions.set(folder, (partition = new Map<string, MemFiles>()));
    }
    let files = partition.get(name);
    if (files === undefined && forWriting) partition.set(name, (files = new MemFiles()));
    return files;
  }

  suffixHashes(device: string, partition: string, policyIndex: number): Promise<Map<string, string>> {
    const suffixes = new Map<string, ReturnType<typeof createHash>>();
    const files = this.#partitions.get(`${device}/${policyIndex}/${partition}`) ?? new Map<string, MemFiles>();
    for (const name of [...files.keys()].sort()) {
      const suffix = name.slice(-3);
      let md5 = suffixes.get(suffix);
      if (md5 === undefined) suffixes.set(suffix, (md5 = createHash('md5')));
      for (const text of files.get(name)?.hashTexts() ?? []) md5.update(text);
    }
    return Promise.resolve(new Map([...suffixes].map(([suffix, md5]) => [suffix, md5.digest('hex')])));
  }

  /** Nothing is cached, so there is nothing to mark. */
  invalidateSuffixes(): Promise<void> {
    return Promise.resolve();
  }

  close(): void {
    this.#partitions.clear();
  }
}

class MemObject implements StoredObject {
  readonly #storage: MemStorage;
  readonly #location: ObjectLocation;
  readonly #files: (forWriting: boolean) => MemFiles | undefined;

  constructor(storage: MemStorage, location: ObjectLocation, files: (forWriting: boolean) => MemFiles | undefined) {
    this.#storage = storage;
    this.#location = location;
    this.#files = files;
  }

  open(options: OpenOptions): OpenedObject {
    this.#storage.checkDevice(this.#location.device);
    const files = this.#files(false);
    if (files?.tombstone !== undefined && files.data === undefined) {
      throw new StorageError('deleted', 'deleted', { timestamp: files.tombstone });
    }
    if (files?.data === undefined) throw new StorageError('not-exist');
    const opened = new OpenedMemObject(files.data, files.meta, files.contentTypeMeta);
    const deleteAt = deleteAtOf(opened.metadata.get('X-Delete-At'));
    if (deleteAt !== 0 && deleteAt <= options.nowSeconds && options.openExpired !== true) {
      throw new StorageError('expired', 'expired', { timestamp: opened.timestamp, metadata: opened.metadata });
    }
    return opened;
  }

  create({ md5Of }: CreateOptions): ObjectWriter {
    this.#storage.checkDevice(this.#location.device);
    return new MemWriter(md5Of, (metadata, timestamp, bytes) => {
      this.#write({ kind: 'data', timestamp, metadata, bytes });
    });
  }

  writeMetadata(metadata: Metadata): Promise<void> {
    const timestamp = Timestamp.parse(metadata.get('X-Timestamp') ?? '');
    return this.#record({ kind: 'meta', timestamp, metadata });
  }

  delete(timestamp: Timestamp): Promise<void> {
    return this.#record({ kind: 'tombstone', timestamp, metadata: new Map() });
  }

  #record(file: MemFile): Promise<void> {
    try {
      this.#write(file);
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #write(file: MemFile): void {
    const { account, container, object, device } = this.#location;
    this.#storage.checkDevice(device);
    file.metadata.set('name', `/${account}/${container}/${object}`);
    this.#files(true)?.add(file);
  }
}

class MemWriter implements ObjectWriter {
  readonly #commit: (metadata: Metadata, timestamp: Timestamp, bytes: Buffer) => void;
  readonly #md5Of: Md5Of | undefined;
  readonly holdsNothing = false;
  #chunks: Uint8Array[] = [];
  #bytes: Buffer | undefined;

  constructor(md5Of: Md5Of | undefined, commit: (metadata: Metadata, timestamp: Timestamp, bytes: Buffer) => void) {
    this.#md5Of = md5Of;
    this.#commit = commit;
  }

  write(chunk: Uint8Array): void {
    this.#chunks.push(chunk);
  }

  finish(): string {
    this.#bytes = Buffer.concat(this.#chunks);
    this.#chunks = [];
    return this.#md5Of?.(this.#bytes.length) ?? hash('md5', this.#bytes, 'hex');
  }

  commit(metadata: Metadata, timestamp: Timestamp): Promise<void> {
    try {
      this.#commit(new Map(metadata), timestamp, this.#bytes ?? Buffer.alloc(0));
      return Promise.resolve();
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  abort(): void {
    this.#chunks = [];
    this.#bytes = undefined;
  }
}

class OpenedMemObject implements OpenedObject {
  readonly metadata: Metadata;
  readonly dataMetadata: Metadata;
  readonly metaMetadata: Metadata | undefined;
  readonly timestamp: Timestamp;
  readonly dataTimestamp: Timestamp;
  readonly contentTypeTimestamp: Timestamp;
  readonly durableTimestamp: Timestamp;
  readonly contentLength: number;
  readonly #bytes: Buffer;

  constructor(data: MemFile, meta: MemFile | undefined, contentTypeMeta: MemFile | undefined) {
    this.#bytes = data.bytes ?? Buffer.alloc(0);
    this.contentLength = this.#bytes.length;
    this.dataMetadata = data.metadata;
    this.metaMetadata = meta?.metadata;
    this.dataTimestamp = data.timestamp;
    this.durableTimestamp = data.timestamp;
    this.timestamp = meta?.timestamp ?? data.timestamp;
    this.metadata = meta === undefined ? data.metadata : mergedMetadata(data.metadata, meta.metadata);
    const named = contentTypeMeta?.metadata.get('Content-Type-Timestamp');
    const typeTimestamp = named === undefined ? undefined : Timestamp.parse(named);
    if (contentTypeMeta !== undefined && typeTimestamp !== undefined && !data.timestamp.isAfter(typeTimestamp)) {
      this.contentTypeTimestamp = typeTimestamp;
      this.metadata.set('Content-Type', contentTypeMeta.metadata.get('Content-Type') ?? '');
      this.metadata.set('Content-Type-Timestamp', typeTimestamp.internal);
    } else {
      this.contentTypeTimestamp = data.timestamp;
    }
  }

  body(start = 0, end: number = this.#bytes.length): Uint8Array {
    return this.#bytes.subarray(start, end);
  }

  close(): void {}
}

const FROM_DATA: ReadonlySet<string> = new Set(['Content-Length', 'Deleted', 'ETag', 'X-Static-Large-Object']);

/** The metadata file's keys; what belongs to the bytes comes from the data file. */
function mergedMetadata(data: Metadata, meta: Metadata): Metadata {
  const merged = new Map(meta);
  for (const [name, value] of data) {
    if (FROM_DATA.has(name) || name.startsWith('X-Object-Sysmeta-')) merged.set(name, value);
  }
  merged.set('Content-Type', data.get('Content-Type') ?? '');
  return merged;
}
