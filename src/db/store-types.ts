/**
 * What the container and account stores share: locators, errors, replication answers. Everything here is plain data, since the
 * databases live on worker threads. Timestamps are text in normal or internal form, names native text.
 */

import type { Constraints } from '../common/constraints.ts';
import type { HashPathConfig } from '../common/hash-path.ts';
import type { Logger, ServiceKey } from '../common/host.ts';

export type DatabaseKind = 'account' | 'container';

export interface AccountLocator {
  readonly device: string;
  /** As in the request path, decimal digits. */
  readonly partition: string;
  readonly account: string;
}

export interface ContainerLocator extends AccountLocator {
  readonly container: string;
}

/** A database by the hash of its path: what REPLICATE and the daemons know. */
export interface HashLocator {
  readonly device: string;
  readonly partition: string;
  /** 32 hex digits. */
  readonly hash: string;
}

/** Worker threads of each store, where a process that holds several servers wants other than the default; they start when they are needed. */
export const DATABASE_THREADS: ServiceKey<number> = { name: 'database-threads' };

export interface StoreOptions {
  /** The folder that holds the devices (`devices` of the server's section). */
  readonly devices: string;
  readonly hashPath: HashPathConfig;
  readonly constraints: Pick<
    Constraints,
    'max_meta_name_length' | 'max_meta_value_length' | 'max_meta_count' | 'max_meta_overall_size'
  >;
  readonly log: Pick<Logger, 'warn' | 'error'>;
  /** Worker threads; a database is always served by the same one. 0: in the calling thread, for tests and tools. Default 2. */
  readonly workers?: number | undefined;
  /** The threads start now rather than at their first call, which would wait for them. */
  readonly warm?: boolean;
  /** Connections that a worker keeps open. Default 64. */
  readonly openDatabases?: number;
  /** How long writes wait for the lock of a database's folder. Default 10,000. */
  readonly lockTimeoutMs?: number;
}

/** Title-cased key → [value, timestamp], both native text. A removed key has the value ''. */
export type DatabaseMetadata = Readonly<Record<string, readonly [value: string, timestamp: string]>>;

/** Metadata to set: title-cased key → value, native text; '' removes. */
export type MetadataUpdate = Readonly<Record<string, string>>;

/** Answer to REPLICATE: a status and, for 200, a JSON body. */
export interface ReplicateAnswer {
  readonly status: 200 | 202 | 204 | 400 | 404 | 500;
  readonly body: Uint8Array | null;
}

/** `json` and the rest are finished bodies; see the listing calls. */
export type ListingFormat = 'json' | 'plain' | 'xml';

export interface ListingBody {
  /** UTF-8, or ASCII JSON as Python writes it. */
  readonly bytes: Uint8Array;
  /** Entries, subdirs included. */
  readonly count: number;
}

/** Common listing parameters; absent or empty ones do not restrict. */
export interface ListingQuery {
  readonly limit: number;
  readonly marker?: string;
  readonly endMarker?: string;
  readonly prefix?: string;
  /** Of any length. A delimiter without prefix means prefix ''. */
  readonly delimiter?: string;
  readonly reverse?: boolean;
  /** Also names that begin with NUL. */
  readonly allowReserved?: boolean;
}
