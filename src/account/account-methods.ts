import type { Job, MethodTable } from '../db/database-executor.ts';
import { replicate } from '../db/replication.ts';
import type { AccountLocator, ReplicateAnswer } from '../db/store-types.ts';
import { AccountBroker, type MetadataRequest } from './account-broker.ts';
import { formatContainers, listContainers } from './account-listing.ts';
import { ACCOUNT_REPLICATION } from './account-replication.ts';
import type {
  AccountAnswer,
  AccountInfo,
  AccountListing,
  AccountListingRequest,
  PutAccountOutcome,
  PutContainerRowOutcome,
  PutContainerRowRequest,
} from './account-store.ts';

function broker({ context, limits, folder }: Job): AccountBroker {
  return new AccountBroker(context, limits, folder);
}

async function list(job: Job, request: AccountListingRequest): Promise<AccountListing | null> {
  const source = broker(job);
  const info = await source.info(true);
  if (info === null) return null;
  const listing = info.isDeleted
    ? formatContainers([], request, info.account)
    : await source.database.use(source.database.current(), (connection) =>
        listContainers(connection, request, info.account),
      );
  return { info, listing };
}

/** What an account store does on the thread of a database. */
export const ACCOUNT_METHODS: MethodTable = {
  list,
  getInfo: (job: Job, staleReadsOk: boolean): Promise<AccountInfo | null> => broker(job).info(staleReadsOk),
  putAccount: (job: Job, { account }: AccountLocator, request: MetadataRequest): Promise<PutAccountOutcome> =>
    broker(job).put(account, request),
  postAccount: (job: Job, request: MetadataRequest): Promise<AccountAnswer> => broker(job).post(request),
  deleteAccount: (job: Job, timestamp: string): Promise<AccountAnswer> => broker(job).delete(timestamp),
  putContainer: (
    job: Job,
    { account }: AccountLocator,
    request: PutContainerRowRequest,
  ): Promise<PutContainerRowOutcome> => broker(job).putContainer(account, request),
  replicate: (job: Job, message: readonly unknown[]): Promise<ReplicateAnswer> =>
    replicate(job.context, job.folder, ACCOUNT_REPLICATION, message),
};
