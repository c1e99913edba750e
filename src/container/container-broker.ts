import { randomUUID } from 'node:crypto';
import { isAscii, isValidUtf8, quote } from '../common/text.ts';
import { createDatabase } from '../db/create-database.ts';
import type { Connection } from '../db/connection.ts';
import { Database, type DatabaseContext } from '../db/database.ts';
import type { DatabaseFolder } from '../db/database-folder.ts';
import { markDeleted, now, raisePutTimestamp, raiseStatusChangedAt } from '../db/info-changes.ts';
import { checkMetadata, readMetadata, stampMetadata, updateMetadata } from '../db/metadata.ts';
import { appendPending, commitPending } from '../db/pending-file.ts';
import { StoreError } from '../common/store-error.ts';
import type { DatabaseMetadata, MetadataUpdate, StoreOptions } from '../db/store-types.ts';
import { readContainerInfo, shardUsage } from './container-information.ts';
import { CONTAINER_SCHEMA } from './container-schema.ts';
import type {
  AutoCreate,
  ContainerInfo,
  DeleteContainerOutcome,
  ObjectRow,
  PostContainerRequest,
  PutContainerOutcome,
  PutContainerRequest,
  PutRowOutcome,
  PutRowRequest,
  ShardRangeRow,
} from './container-store.ts';
import { mergeObjectRows } from './object-row-merge.ts';
import { checkObjectRow, PENDING_OBJECTS } from './object-rows.ts';
import { UPDATING_STATES, SHARD_STATES } from './shard-range.ts';
import { mergeShardRanges, readShardRanges } from './shard-range-table.ts';
import { selectShardRanges } from './shard-listing.ts';
import { updateSyncStore } from './sync-store.ts';

const INFO_TABLE = 'container_info';
/** What a deleted container still says: where its shards' root is, and that it may be sharded. */
const KEPT_WHEN_DELETED = [
  'X-Container-Sysmeta-Shard-Quoted-Root',
  'X-Container-Sysmeta-Shard-Root',
  'X-Container-Sysmeta-Sharding',
];
const STARTED_SHARDING: readonly number[] = [SHARD_STATES['sharding'] as number, SHARD_STATES['sharded'] as number];

/** The database of one container, for the requests on it; made for each call. */
export class ContainerBroker {
  readonly database: Database;
  readonly #limits: StoreOptions['constraints'];

  constructor(context: DatabaseContext, limits: StoreOptions['constraints'], folder: DatabaseFolder) {
    this.database = new Database(context, folder);
    this.#limits = limits;
  }

  /** Null without database. */
  async info(staleReadsOk = false): Promise<ContainerInfo | null> {
    const files = this.database.files();
    if (files.length === 0) return null;
    await this.commit(staleReadsOk);
    return await readContainerInfo(this.database, files);
  }

  commit(staleReadsOk = false): Promise<void> {
    return commitPending(this.database, PENDING_OBJECTS, staleReadsOk);
  }

  /** False when there is a database already. */
  async create(account: string, container: string, autoCreate: AutoCreate): Promise<boolean> {
    if (!isValidUtf8(account) || !isValidUtf8(container)) {
      throw new StoreError('not-utf8', 'the name of an account or container is not valid UTF-8');
    }
    const { timestamp, storagePolicyIndex } = autoCreate;
    return await createDatabase(this.database, CONTAINER_SCHEMA, (database) => {
      const id = `${randomUUID()}-${this.database.folder.device}`;
      database
        .prepare(
          `INSERT INTO container_info (account, container, created_at, id, put_timestamp, status_changed_at,
           storage_policy_index) VALUES (?, ?, ?, ?, ?, ?, ?)`,
        )
        .run(account, container, now().normal, id, timestamp, timestamp, storagePolicyIndex);
      database.prepare('INSERT INTO policy_stat (storage_policy_index) VALUES (?)').run(storagePolicyIndex);
    });
  }

  /** Makes a missing database if that is asked for. False when there is none then. */
  async exists(account: string, container: string, autoCreate: AutoCreate | undefined): Promise<boolean> {
    if (this.database.exists()) return true;
    if (autoCreate === undefined) return false;
    await this.create(account, container, autoCreate);
    return true;
  }

  async put(account: string, container: string, request: PutContainerRequest): Promise<PutContainerOutcome> {
    const { timestamp } = request;
    const storagePolicyIndex = request.storagePolicyIndex ?? request.defaultPolicyIndex;
    const metadata = stampMetadata(request.metadata, timestamp);
    checkMetadata(metadata, this.#limits);
    const isMissing = !this.database.exists();
    const isNew = isMissing && (await this.create(account, container, { timestamp, storagePolicyIndex }));
    const before = isNew ? undefined : ((await this.info()) ?? undefined);
    const isRecreated = before?.isDeleted === true;
    if (before !== undefined && !isRecreated && request.storagePolicyIndex !== undefined) {
      const { storage_policy_index } = before;
      if (request.storagePolicyIndex !== storage_policy_index) {
        return { kind: 'conflict', storagePolicyIndex: storage_policy_index };
      }
    }
    if (before !== undefined) {
      await this.database.change((connection) => {
        if (isRecreated) setStoragePolicy(connection, storagePolicyIndex, timestamp);
        raisePutTimestamp(connection, INFO_TABLE, timestamp);
      });
      const after = await this.#currentInfo();
      if (after.isDeleted) return { kind: 'conflict', storagePolicyIndex: after.storage_policy_index };
    }
    if (isRecreated || Object.keys(metadata).length > 0) {
      await this.database.change((connection) => {
        if (isRecreated) raiseStatusChangedAt(connection, INFO_TABLE, timestamp);
        this.#setMetadata(connection, metadata);
      });
    }
    const info = await this.#currentInfo();
    this.#updateSyncStore(info, request.metadata);
    return { kind: 'stored', created: isNew || isRecreated, info };
  }

  /** Null: none or deleted. */
  async post(request: PostContainerRequest): Promise<ContainerInfo | null> {
    const before = await this.info();
    if (before === null || before.isDeleted) return null;
    await this.database.change((connection) => {
      if (request.updatePutTimestamp) raisePutTimestamp(connection, INFO_TABLE, request.timestamp);
      this.#setMetadata(connection, stampMetadata(request.metadata, request.timestamp));
    });
    const info = await this.#currentInfo();
    this.#updateSyncStore(info, request.metadata);
    return info;
  }

  async delete(timestamp: string): Promise<DeleteContainerOutcome> {
    const before = await this.info();
    if (before === null) return { kind: 'not-found' };
    if (!(await this.#isEmpty(before))) return { kind: 'conflict' };
    await this.database.change((connection) => markDeleted(connection, INFO_TABLE, timestamp, KEPT_WHEN_DELETED));
    const info = await this.#currentInfo();
    if (!info.isDeleted) return { kind: 'conflict' };
    updateSyncStore(this.database.folder, this.database.current(), info);
    const existed = !before.isDeleted && Number.parseFloat(before.put_timestamp) > 0;
    return { kind: 'deleted', existed, info };
  }

  async putRow(account: string, container: string, request: PutRowRequest): Promise<PutRowOutcome> {
    checkObjectRow(request.row);
    if (!(await this.exists(account, container, request.autoCreate))) return { kind: 'not-found' };
    if (request.acceptRedirect === true) {
      const redirect = await this.#redirect(account, container, request);
      if (redirect !== undefined) return redirect;
    }
    await appendPending(this.database, PENDING_OBJECTS, request.row);
    return { kind: 'stored' };
  }

  async mergeRows(rows: readonly ObjectRow[]): Promise<void> {
    await this.database.change((connection) => mergeObjectRows(connection, rows));
  }

  async shardRanges(): Promise<ShardRangeRow[]> {
    return await this.database.use(this.database.current(), (connection) => readShardRanges(connection));
  }

  async mergeShardRanges(ranges: readonly ShardRangeRow[]): Promise<void> {
    await this.database.change((connection) => mergeShardRanges(connection, ranges));
  }

  async #currentInfo(): Promise<ContainerInfo> {
    const files = this.database.files();
    if (files.length === 0) throw this.database.gone();
    return await readContainerInfo(this.database, files);
  }

  /** Metadata as a request brings it: limits hold, and a new sync target starts from the beginning. */
  #setMetadata(connection: Connection, metadata: DatabaseMetadata): void {
    const target = metadata['X-Container-Sync-To']?.[0];
    if (target !== undefined && target !== readMetadata(connection, INFO_TABLE)['X-Container-Sync-To']?.[0]) {
      connection.exec('UPDATE container_info SET x_container_sync_point1 = -1, x_container_sync_point2 = -1');
    }
    updateMetadata(connection, INFO_TABLE, metadata, this.#limits);
  }

  #updateSyncStore(info: ContainerInfo, changed: MetadataUpdate): void {
    if (!Object.keys(changed).some((key) => key.startsWith('X-Container-Sync-'))) return;
    updateSyncStore(this.database.folder, this.database.current(), info);
  }

  /** No objects of any policy in any file and, for a root that began sharding, none in its shards. */
  async #isEmpty(info: ContainerInfo): Promise<boolean> {
    for (const path of this.database.files()) {
      const most = await this.database.use(path, (connection) =>
        connection.prepareArrays('SELECT max(object_count) FROM policy_stat').get(),
      );
      if (((most as unknown as [number | null])[0] ?? 0) > 0) return false;
    }
    if (!info.isRoot) return true;
    const path = `${info.account}/${info.container}`;
    const ranges = await this.shardRanges();
    const own = ranges.find((range) => range.name === path);
    if (own === undefined || !STARTED_SHARDING.includes(own.state)) return true;
    return shardUsage(ranges, path).object_count <= 0;
  }

  async #redirect(account: string, container: string, request: PutRowRequest): Promise<PutRowOutcome | undefined> {
    const ranges = await this.shardRanges();
    if (ranges.length === 0) return undefined;
    const { name } = request.row;
    const filter = { includes: name, states: UPDATING_STATES.join(',') };
    const [shard] = selectShardRanges(ranges, filter, `${account}/${container}`, now());
    if (shard === undefined) return undefined;
    const location = `/${shard.name}/${name}`;
    const isPlain = isAscii(location) && quote(location) === location;
    if (!isPlain && request.acceptQuotedLocation !== true) return undefined;
    return { kind: 'redirect', path: shard.name, timestamp: shard.timestamp };
  }
}

/** A container that was deleted may come back with another policy. */
export function setStoragePolicy(connection: Connection, storagePolicyIndex: number, timestamp: string): void {
  connection.prepare('INSERT OR IGNORE INTO policy_stat (storage_policy_index) VALUES (?)').run(storagePolicyIndex);
  const { changes } = connection
    .prepare('UPDATE container_info SET storage_policy_index = ? WHERE storage_policy_index <> ?')
    .run(storagePolicyIndex, storagePolicyIndex);
  if (changes === 0) return;
  connection.prepare('UPDATE container_info SET status_changed_at = ?').run(timestamp);
}
