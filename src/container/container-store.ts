import type { ServiceKey } from '../common/host.ts';
import type {
  ContainerLocator,
  DatabaseMetadata,
  HashLocator,
  ListingBody,
  ListingFormat,
  ListingQuery,
  MetadataUpdate,
  ReplicateAnswer,
} from '../db/store-types.ts';

export type DatabaseState = 'not_found' | 'unsharded' | 'sharding' | 'sharded' | 'collapsed';

/** `container_stat` and what is worked out from it. Keys of columns keep their names. */
export interface ContainerInfo {
  readonly account: string;
  readonly container: string;
  readonly created_at: string;
  /** In normal or internal form, or `0`: parse before comparing. */
  readonly put_timestamp: string;
  readonly delete_timestamp: string;
  readonly reported_put_timestamp: string;
  readonly reported_delete_timestamp: string;
  readonly reported_object_count: number;
  readonly reported_bytes_used: number;
  readonly status: string;
  readonly status_changed_at: string;
  readonly hash: string;
  readonly id: string;
  readonly x_container_sync_point1: number;
  readonly x_container_sync_point2: number;
  readonly storage_policy_index: number;
  /** Of the container's policy; for a sharded root the sum over its shards. */
  readonly object_count: number;
  readonly bytes_used: number;
  readonly db_state: DatabaseState;
  readonly metadata: DatabaseMetadata;
  readonly isDeleted: boolean;
  readonly isRoot: boolean;
}

/** One row as object servers send it. Numbers may come as text from headers: the columns' affinity makes them numbers. */
export interface ObjectRow {
  readonly name: string;
  /** Data time, or an encoded triple. */
  readonly created_at: string;
  readonly size: number | string;
  readonly content_type: string;
  readonly etag: string;
  readonly deleted: 0 | 1;
  readonly storage_policy_index: number;
  readonly ctype_timestamp?: string | null;
  readonly meta_timestamp?: string | null;
}

/** A full shard range record. */
export interface ShardRangeRow {
  readonly name: string;
  readonly timestamp: string;
  /** Exclusive; '' is unbounded. */
  readonly lower: string;
  /** Inclusive; '' is unbounded. */
  readonly upper: string;
  readonly object_count: number;
  readonly bytes_used: number;
  readonly meta_timestamp: string;
  readonly deleted: 0 | 1;
  readonly state: number;
  readonly state_timestamp: string;
  readonly epoch: string | null;
  readonly reported: 0 | 1;
  readonly tombstones: number;
}

/** Names the database that a missing one is made with; absent: a missing database stays missing. */
export interface AutoCreate {
  /** put_timestamp of the new database. */
  readonly timestamp: string;
  readonly storagePolicyIndex: number;
}

export interface PutContainerRequest {
  readonly timestamp: string;
  /** X-Backend-Storage-Policy-Index; absent: not asked for. */
  readonly storagePolicyIndex?: number;
  /** For a new container when none was asked for (X-Backend-Storage-Policy-Default or the server's default). */
  readonly defaultPolicyIndex: number;
  readonly metadata: MetadataUpdate;
}

export type PutContainerOutcome =
  /** `created`: answer 201, else 202. */
  | { readonly kind: 'stored'; readonly created: boolean; readonly info: ContainerInfo }
  /** 409: another policy, or still deleted (a newer delete). */
  | { readonly kind: 'conflict'; readonly storagePolicyIndex: number };

export interface PostContainerRequest {
  readonly timestamp: string;
  readonly metadata: MetadataUpdate;
  /** False for X-Backend-No-Timestamp-Update. */
  readonly updatePutTimestamp: boolean;
}

export type DeleteContainerOutcome =
  /** `existed` false: answer 404 all the same. The account's row is to be sent in both cases. */
  | { readonly kind: 'deleted'; readonly existed: boolean; readonly info: ContainerInfo }
  | { readonly kind: 'not-found' }
  /** 409: not empty, or a newer put. */
  | { readonly kind: 'conflict' };

export interface PutRowRequest {
  readonly row: ObjectRow;
  readonly autoCreate?: AutoCreate;
  /** X-Backend-Accept-Redirect. */
  readonly acceptRedirect?: boolean;
  /** X-Backend-Accept-Quoted-Location. */
  readonly acceptQuotedLocation?: boolean;
}

export type PutRowOutcome =
  | { readonly kind: 'stored' }
  | { readonly kind: 'not-found' }
  /** 301: `path` is native `account/container` of the shard; append the object. `timestamp` for X-Backend-Redirect-Timestamp. */
  | { readonly kind: 'redirect'; readonly path: string; readonly timestamp: string };

export interface ContainerListingRequest extends ListingQuery {
  readonly format: ListingFormat;
  /** X-Backend-Record-Type. */
  readonly recordType: 'object' | 'shard' | 'auto';
  /** `path=`, objects only. */
  readonly path?: string;
  /** Policy of the rows; absent: the container's. */
  readonly storagePolicyIndex?: number;
  /** Shard ranges: the `states` parameter as given (names, numbers or aliases, csv). */
  readonly states?: string;
  /** Shard ranges: only the one that covers this name. */
  readonly includes?: string;
  /** X-Backend-Record-Shard-Format: namespace. */
  readonly namespacesOnly?: boolean;
  /** X-Backend-Include-Deleted. */
  readonly includeDeleted?: boolean;
  /** X-Backend-Override-Deleted: list although the container is deleted. */
  readonly overrideDeleted?: boolean;
  /** X-Backend-Override-Shard-Name-Filter: sharded. */
  readonly overrideNameFilter?: boolean;
}

export interface ContainerListing {
  readonly info: ContainerInfo;
  /** Null when the container is deleted (and overrideDeleted is not set): answer 404. */
  readonly listing: ListingBody | null;
  /** What was listed. */
  readonly recordType: 'object' | 'shard';
  readonly storagePolicyIndex: number;
  /** True when marker, endMarker, includes and reverse were ignored (answer says X-Backend-Override-Shard-Name-Filter: true). */
  readonly nameFilterOverridden: boolean;
}

/** What the container updater decides and reports from. */
export interface ContainerReport {
  readonly account: string;
  readonly container: string;
  readonly put_timestamp: string;
  readonly delete_timestamp: string;
  readonly object_count: number;
  readonly bytes_used: number;
  readonly storage_policy_index: number;
  readonly isRoot: boolean;
  /** The account has not been told of this state, and put_timestamp is above 0. A shard's counts are already 0. */
  readonly isDue: boolean;
}

export type ReportedState = Pick<ContainerReport, 'put_timestamp' | 'delete_timestamp' | 'object_count' | 'bytes_used'>;

/**
 * Container databases of the devices of one server. Calls on one database are carried out one after another. Every promise may
 * reject with a StoreError.
 */
export interface ContainerStore {
  /** Null without database. `staleReadsOk` (GET, HEAD): waits only 0.1 s for pending rows. */
  getInfo(container: ContainerLocator, options?: { readonly staleReadsOk?: boolean }): Promise<ContainerInfo | null>;
  putContainer(container: ContainerLocator, request: PutContainerRequest): Promise<PutContainerOutcome>;
  /** Null: none or deleted (404). */
  postContainer(container: ContainerLocator, request: PostContainerRequest): Promise<ContainerInfo | null>;
  deleteContainer(
    container: ContainerLocator,
    request: { readonly timestamp: string },
  ): Promise<DeleteContainerOutcome>;
  /** Stores a row, deleted or not: appended to `.pending`, and merged later. */
  putRow(container: ContainerLocator, request: PutRowRequest): Promise<PutRowOutcome>;
  /** UPDATE: merges rows now. False: no database. */
  mergeRows(container: ContainerLocator, rows: readonly ObjectRow[], autoCreate?: AutoCreate): Promise<boolean>;
  /** Null: no database. A listing commits pending rows first if the lock is free within 0.1 s. */
  list(container: ContainerLocator, request: ContainerListingRequest): Promise<ContainerListing | null>;
  getShardRanges(
    container: ContainerLocator,
    options?: { readonly includeDeleted?: boolean },
  ): Promise<ShardRangeRow[]>;
  /** PUT of shard records. Null: no database; else whether this call made it. */
  putShardRanges(
    container: ContainerLocator,
    ranges: readonly ShardRangeRow[],
    autoCreate?: AutoCreate,
  ): Promise<{ readonly created: boolean } | null>;
  /** REPLICATE with the parsed JSON array of its body. */
  replicate(database: HashLocator, message: readonly unknown[]): Promise<ReplicateAnswer>;

  /** Databases on a device, in random order of partitions. For daemons. */
  databases(device: string): AsyncIterable<HashLocator>;
  /** Null: no database. */
  getReport(database: HashLocator): Promise<ContainerReport | null>;
  setReported(database: HashLocator, reported: ReportedState): Promise<void>;
  /** Moves the database's folder to `quarantined`. */
  quarantine(database: HashLocator, reason: string): Promise<void>;

  /** Finishes the calls under way, closes the files and ends the workers. Later calls reject with `store-closed`. */
  close(): Promise<void>;
}

/** Where the container server of a process leaves its store for the updater of the same process, which need not open another. */
export const CONTAINER_STORE: ServiceKey<{ store?: ContainerStore }> = { name: 'container-store' };
