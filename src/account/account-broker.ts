import { randomUUID } from 'node:crypto';
import { isValidUtf8 } from '../common/text.ts';
import { createDatabase } from '../db/create-database.ts';
import type { Connection } from '../db/connection.ts';
import { Database, type DatabaseContext } from '../db/database.ts';
import type { DatabaseFolder } from '../db/database-folder.ts';
import { markDeleted, now, raisePutTimestamp } from '../db/info-changes.ts';
import { checkMetadata, stampMetadata, updateMetadata } from '../db/metadata.ts';
import { appendPending, commitPending } from '../db/pending-file.ts';
import { StoreError } from '../common/store-error.ts';
import type { MetadataUpdate, StoreOptions } from '../db/store-types.ts';
import { isDeleted, readAccountInfo, readAccountStatus } from './account-information.ts';
import { ACCOUNT_SCHEMA } from './account-schema.ts';
import type {
  AccountAnswer,
  AccountInfo,
  PutAccountOutcome,
  PutContainerRowOutcome,
  PutContainerRowRequest,
} from './account-store.ts';
import { PENDING_CONTAINERS, rowFromRequest } from './container-rows.ts';

const INFO_TABLE = 'account_stat';

export interface MetadataRequest {
  readonly timestamp: string;
  readonly metadata: MetadataUpdate;
}

/** The database of one account, for the requests on it; made for each call. */
export class AccountBroker {
  readonly database: Database;
  readonly #limits: StoreOptions['constraints'];

  constructor(context: DatabaseContext, limits: StoreOptions['constraints'], folder: DatabaseFolder) {
    this.database = new Database(context, folder);
    this.#limits = limits;
  }

  /** Null without database. */
  async info(staleReadsOk = false): Promise<AccountInfo | null> {
    if (!this.database.exists()) return null;
    await this.commit(staleReadsOk);
    return await this.#read(readAccountInfo);
  }

  commit(staleReadsOk = false): Promise<void> {
    return commitPending(this.database, PENDING_CONTAINERS, staleReadsOk);
  }

  /** False when there is a database already. */
  async create(account: string, timestamp: string): Promise<boolean> {
    if (!isValidUtf8(account)) throw new StoreError('not-utf8', 'the name of an account is not valid UTF-8');
    return await createDatabase(this.database, ACCOUNT_SCHEMA, (database) => {
      const id = `${randomUUID()}-${this.database.folder.device}`;
      database
        .prepare(
          `INSERT INTO account_stat (account, created_at, id, put_timestamp, status_changed_at, container_count)
           VALUES (?, ?, ?, ?, ?, ?)`,
        )
        .run(account, now().normal, id, timestamp, timestamp, 0);
    });
  }

  async put(account: string, { timestamp, metadata }: MetadataRequest): Promise<PutAccountOutcome> {
    checkMetadata(stampMetadata(metadata, timestamp), this.#limits);
    const isNew = !this.database.exists() && (await this.create(account, timestamp));
    const before = isNew ? null : await this.info();
    if (before?.isStatusDeleted === true) return { kind: 'recently-deleted' };
    if (before !== null) {
      const isStillDeleted = await this.database.change((connection) => {
        raisePutTimestamp(connection, INFO_TABLE, timestamp);
        return isDeleted(readAccountStatus(connection));
      });
      if (isStillDeleted) return { kind: 'conflict' };
    }
    await this.#updateMetadata({ timestamp, metadata });
    return { kind: 'stored', created: isNew || before?.isDeleted === true };
  }

  async post(request: MetadataRequest): Promise<AccountAnswer> {
    const before = await this.info();
    if (before === null || before.isDeleted) return notFound(before);
    await this.#updateMetadata(request);
    return { kind: 'done', info: await this.#read(readAccountInfo) };
  }

  async delete(timestamp: string): Promise<AccountAnswer> {
    const before = await this.info();
    if (before === null || before.isDeleted) return notFound(before);
    await this.database.change((connection) => markDeleted(connection, INFO_TABLE, timestamp));
    return { kind: 'done', info: await this.#read(readAccountInfo) };
  }

  async putContainer(account: string, request: PutContainerRowRequest): Promise<PutContainerRowOutcome> {
    const row = rowFromRequest(request.row);
    if (!this.database.exists()) {
      if (request.autoCreateTimestamp === undefined) return { kind: 'not-found' };
      await this.create(account, request.autoCreateTimestamp);
    }
    if (request.overrideDeleted !== true && (await this.#isDeleted())) return { kind: 'not-found' };
    await appendPending(this.database, PENDING_CONTAINERS, row);
    return { kind: 'stored' };
  }

  /** Asked for every row: pending rows are merged only when the number of containers decides. */
  async #isDeleted(): Promise<boolean> {
    const status = await this.#read(readAccountStatus);
    if (status.status === 'DELETED') return true;
    if (!isDeleted({ ...status, container_count: 0 })) return false;
    await this.commit();
    return isDeleted(await this.#read(readAccountStatus));
  }

  async #updateMetadata({ timestamp, metadata }: MetadataRequest): Promise<void> {
    if (Object.keys(metadata).length === 0) return;
    const update = stampMetadata(metadata, timestamp);
    await this.database.change((connection) => updateMetadata(connection, INFO_TABLE, update, this.#limits));
  }

  #read<T>(read: (connection: Connection) => T): Promise<T> {
    return this.database.use(this.database.current(), read);
  }
}

function notFound(info: AccountInfo | null): AccountAnswer {
  return { kind: 'not-found', statusDeleted: info?.isStatusDeleted === true };
}
