/**
 * What the object server and the object updater ask of a storage. The disk and the memory storage implement it and pass one
 * contract suite. No HTTP here: faults are StorageErrors with a code, which the server maps to statuses.
 */

import type { Body } from '../http/body.ts';
import type { Timestamp } from '../common/timestamp.ts';

/**
 * Metadata of one file of an object. Keys are spelled as on disk: Swift's title case, except `ETag` and `name`. Values are wire
 * text, except that of `name` (`/account/container/object`), which is native.
 */
export type Metadata = Map<string, string>;

/** Where an object lives. Names are native text; nothing checks that the partition fits them. */
export interface ObjectLocation {
  readonly device: string;
  /** As it stands in the path of the request. */
  readonly partition: string;
  readonly account: string;
  readonly container: string;
  readonly object: string;
  readonly policyIndex: number;
}

export type StorageErrorCode =
  /** The device is not there, not mounted, or fails. */
  | 'device-unavailable'
  /** Not enough space left, by `fallocate_reserve` or by the file system. */
  | 'no-space'
  /** The file system has no user xattrs. */
  | 'xattr-unsupported'
  /** More metadata than the file system keeps with one file (ext4: some 4 KiB), however much space is left. */
  | 'metadata-too-large'
  /** No file of this object. */
  | 'not-exist'
  /** A tombstone is newest: `timestamp` is its time. */
  | 'deleted'
  /** X-Delete-At has passed: `timestamp` and `metadata` are the object's. */
  | 'expired'
  /** The files there belong to another name with the same hash. */
  | 'collision'
  /** The files were damaged and have been put aside. */
  | 'quarantined'
  /** Another request changed the files meanwhile. */
  | 'state-changed';

export class StorageError extends Error {
  readonly code: StorageErrorCode;
  /** Of the tombstone (`deleted`) or of the object (`expired`). */
  readonly timestamp: Timestamp | undefined;
  /** Merged metadata of the object (`expired`). */
  readonly metadata: Metadata | undefined;

  constructor(
    code: StorageErrorCode,
    message: string = code,
    details: { timestamp?: Timestamp; metadata?: Metadata; cause?: unknown } = {},
  ) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'StorageError';
    this.code = code;
    this.timestamp = details.timestamp;
    this.metadata = details.metadata;
  }
}

export interface OpenOptions {
  /** The clock against which X-Delete-At is held, seconds since 1970. */
  readonly nowSeconds: number;
  /** Opens an object whose X-Delete-At has passed instead of throwing `expired`. */
  readonly openExpired?: boolean;
}

/** An object that was found. Whoever opened it calls `close`, after every body it gave is read or closed. */
export interface OpenedObject {
  /** The merged view of data and metadata file. Not to be changed. */
  readonly metadata: Metadata;
  /** Of the data file alone; the same map as `metadata` when there is no metadata file. */
  readonly dataMetadata: Metadata;
  /** Of the newest metadata file alone, when there is one. */
  readonly metaMetadata: Metadata | undefined;
  /** X-Timestamp of the merged view. */
  readonly timestamp: Timestamp;
  readonly dataTimestamp: Timestamp;
  readonly contentTypeTimestamp: Timestamp;
  readonly durableTimestamp: Timestamp | undefined;
  readonly contentLength: number;
  /**
   * The bytes from `start` up to, not including, `end`; the whole object without them. Small objects may come as bytes at once. May
   * be called again once the body before was read or closed. A whole body that turns out damaged is sent in full and put
   * aside afterwards.
   */
  body(start?: number, end?: number): Body;
  /** Frees what the object holds. Safe to call more than once. */
  close(): void;
}

/** MD5 in hex of the bytes of an object, told how many they are. */
export type Md5Of = (sizeBytes: number) => string;

export interface CreateOptions {
  /** Bytes that will be written, when known: space is set aside. */
  readonly sizeBytes: number | null;
  /** The partition power being moved to, when there is one: the file is linked into its future folder as well. */
  readonly nextPartPower?: number | null;
  /** Made elsewhere of the same bytes: asked at `finish`. The storage makes no MD5 then. */
  readonly md5Of?: Md5Of | undefined;
}

/** A new object being written. Nothing of it can be seen before `commit`. Ends with `commit` or `abort`. */
export interface ObjectWriter {
  /** Takes over the chunk. A promise when the disk does not keep up: wait for it before the next. Throws StorageError. */
  write(chunk: Uint8Array): void | Promise<void>;
  /** True when nothing refers to the memory of the chunks written so far. */
  readonly holdsNothing: boolean;
  /** After the last write, once: MD5 in hex of all that was written. */
  finish(): string | Promise<string>;
  /**
   * Makes the object durable and visible. The storage adds `name`; all else (`X-Timestamp`, `Content-Length`, `ETag`, …) is in
   * `metadata`. The timestamp names the file. Throws StorageError, and then nothing is left.
   */
  commit(metadata: Metadata, timestamp: Timestamp): Promise<void>;
  /** Drops all that was written. Safe to call at any time, also after commit (then it does nothing). */
  abort(): void | Promise<void>;
}

/** One name on one device. Making it costs no access to the disk. */
export interface StoredObject {
  /** Throws StorageError: not-exist, deleted, expired, collision, quarantined, state-changed, device-unavailable. */
  open(options: OpenOptions): OpenedObject | Promise<OpenedObject>;
  /** Throws StorageError: no-space, device-unavailable. */
  create(options: CreateOptions): ObjectWriter | Promise<ObjectWriter>;
  /**
   * Writes a metadata file, `X-Timestamp` in `metadata` being its time; the storage adds `name`. When it holds `Content-Type`, then
   * `Content-Type-Timestamp` is there too and goes into the file's name. Throws StorageError: no-space, xattr-unsupported.
   */
  writeMetadata(metadata: Metadata, nextPartPower?: number | null): Promise<void>;
  /** Writes a tombstone. Throws StorageError. */
  delete(timestamp: Timestamp, nextPartPower?: number | null): Promise<void>;
}

export interface ObjectStorage {
  /** Throws StorageError `device-unavailable`. */
  checkDevice(device: string): void | Promise<void>;
  object(location: ObjectLocation): StoredObject;
  /** Suffix → MD5 of what lies in it, for all suffixes of a partition; empty when it does not exist. */
  suffixHashes(device: string, partition: string, policyIndex: number): Promise<Map<string, string>>;
  /** Marks suffixes to be hashed anew. */
  invalidateSuffixes(
    device: string,
    partition: string,
    policyIndex: number,
    suffixes: readonly string[],
  ): Promise<void>;
  readonly asyncPending: AsyncPendingStore;
  close(): void | Promise<void>;
}

/** A container update that could not be delivered. Text is native except header values (wire); header names are title-cased. */
export interface AsyncUpdate {
  op: 'PUT' | 'DELETE';
  account: string;
  container: string;
  obj: string;
  headers: [string, string][];
  /** State of the root container's database as the proxy saw it. */
  dbState?: string | null;
  /** `account/container` to send to instead. */
  containerPath?: string;
  /** Ids of ring devices already told. */
  successes?: number[];
  /** Paths visited by redirects. */
  redirectHistory?: string[];
}

/** One stored update, as found by a sweep. */
export interface AsyncPendingEntry {
  readonly device: string;
  readonly policyIndex: number;
  /** Hash of the row's account, container and object, in hex. */
  readonly hash: string;
  readonly timestamp: Timestamp;
}

export interface AsyncPendingStore {
  /** Names of the devices that are there, sorted. */
  devices(): Promise<string[]>;
  /** Indexes of the policies that have updates waiting on a device. */
  policies(device: string): Promise<number[]>;
  /** Stores an update under the hash of its names and `timestamp`; one that is there is replaced. Throws StorageError. */
  save(device: string, policyIndex: number, update: AsyncUpdate, timestamp: Timestamp): Promise<void>;
  /** Entries of a device and policy; of one hash the newest alone: older ones are removed on the way. */
  entries(device: string, policyIndex: number): AsyncIterable<AsyncPendingEntry>;
  /** The update, or undefined when it is gone or was unreadable and has been put aside. */
  load(entry: AsyncPendingEntry): Promise<AsyncUpdate | undefined>;
  /** Replaces an entry's update. */
  rewrite(entry: AsyncPendingEntry, update: AsyncUpdate): Promise<void>;
  remove(entry: AsyncPendingEntry): Promise<void>;
}
