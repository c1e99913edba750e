import type {
  AccountLocator,
  DatabaseMetadata,
  HashLocator,
  ListingBody,
  ListingFormat,
  ListingQuery,
  MetadataUpdate,
  ReplicateAnswer,
} from '../db/store-types.ts';

export interface AccountPolicyStat {
  readonly storage_policy_index: number;
  readonly container_count: number;
  readonly object_count: number;
  readonly bytes_used: number;
}

/** `account_stat` and what is worked out from it. Keys of columns keep their names. */
export interface AccountInfo {
  readonly account: string;
  readonly created_at: string;
  /** In normal or internal form, or `0`: parse before comparing. */
  readonly put_timestamp: string;
  readonly delete_timestamp: string;
  readonly status_changed_at: string;
  readonly container_count: number;
  readonly object_count: number;
  readonly bytes_used: number;
  readonly hash: string;
  readonly id: string;
  readonly status: string;
  readonly metadata: DatabaseMetadata;
  /** In order of the index. */
  readonly policyStats: readonly AccountPolicyStat[];
  /** Status DELETED, or nothing in it and deleted after it was put. */
  readonly isDeleted: boolean;
  /** Status DELETED, or deleted after it was put: a PUT gets 403, a 404 says X-Account-Status: Deleted. */
  readonly isStatusDeleted: boolean;
}

/** A container's row as container servers send it. Values come unparsed from headers: the columns' affinity makes them numbers. */
export interface ContainerRow {
  readonly name: string;
  readonly put_timestamp: string;
  readonly delete_timestamp: string;
  readonly object_count: number | string;
  readonly bytes_used: number | string;
  readonly storage_policy_index: number | string;
}

export type PutAccountOutcome =
  | { readonly kind: 'stored'; readonly created: boolean }
  /** 403 with X-Account-Status: Deleted. */
  | { readonly kind: 'recently-deleted' }
  /** 409: a newer delete. */
  | { readonly kind: 'conflict' };

export type AccountAnswer =
  | { readonly kind: 'done'; readonly info: AccountInfo }
  /** 404; `statusDeleted` adds X-Account-Status: Deleted. */
  | { readonly kind: 'not-found'; readonly statusDeleted: boolean };

export type PutContainerRowOutcome =
  /** 201, or 204 when the row says deleted. */
  { readonly kind: 'stored' } | { readonly kind: 'not-found' };

export interface PutContainerRowRequest {
  readonly row: ContainerRow;
  /** X-Account-Override-Deleted: yes. */
  readonly overrideDeleted?: boolean;
  /** Makes a missing database with this put_timestamp (accounts that begin with `.`). */
  readonly autoCreateTimestamp?: string;
}

export interface AccountListingRequest extends ListingQuery {
  readonly format: ListingFormat;
  /** Names of policies by index: adds `storage_policy` to JSON and XML entries. */
  readonly policyNames?: Readonly<Record<number, string>>;
}

export interface AccountListing {
  readonly info: AccountInfo;
  readonly listing: ListingBody;
}

/**
 * Account databases of the devices of one server. Calls on one database are carried out one after another. Every promise may
 * reject with a StoreError.
 */
export interface AccountStore {
  /** Null without database. `staleReadsOk` (GET, HEAD): waits only 0.1 s for pending rows. */
  getInfo(account: AccountLocator, options?: { readonly staleReadsOk?: boolean }): Promise<AccountInfo | null>;
  putAccount(
    account: AccountLocator,
    request: { readonly timestamp: string; readonly metadata: MetadataUpdate },
  ): Promise<PutAccountOutcome>;
  postAccount(
    account: AccountLocator,
    request: { readonly timestamp: string; readonly metadata: MetadataUpdate },
  ): Promise<AccountAnswer>;
  /** Marks it deleted; containers may remain, the reaper removes them. */
  deleteAccount(account: AccountLocator, request: { readonly timestamp: string }): Promise<AccountAnswer>;
  /** Stores a container's row: appended to `.pending`, and merged later. */
  putContainer(account: AccountLocator, request: PutContainerRowRequest): Promise<PutContainerRowOutcome>;
  /** Null: no database. With `info.isDeleted` answer 404; the listing is then empty. */
  list(account: AccountLocator, request: AccountListingRequest): Promise<AccountListing | null>;
  /** REPLICATE with the parsed JSON array of its body. */
  replicate(database: HashLocator, message: readonly unknown[]): Promise<ReplicateAnswer>;
  /** Databases on a device, in random order of partitions. For daemons. */
  databases(device: string): AsyncIterable<HashLocator>;
  /** Finishes the calls under way, closes the files and ends the workers. Later calls reject with `store-closed`. */
  close(): Promise<void>;
}
