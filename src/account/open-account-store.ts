import { hashLocator } from '../db/database-folder.ts';
import { walkDevice } from '../db/device-walk.ts';
import { openCaller } from '../db/open-caller.ts';
import type { AccountLocator, StoreOptions } from '../db/store-types.ts';
import type { AccountStore } from './account-store.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The account databases below a folder of devices. Close it when done. */
export function openAccountStore(options: StoreOptions): AccountStore {
  const entry = new URL(`./account-worker${EXTENSION}`, import.meta.url);
  const caller = openCaller('account', options, entry, async () => {
    return (await import('./account-methods.ts')).ACCOUNT_METHODS;
  });
  const onAccount = <T>(method: string, account: AccountLocator, ...args: unknown[]): Promise<T> =>
    caller.call(method, hashLocator(options, account), args) as Promise<T>;
  return {
    getInfo: (account, getOptions) => onAccount('getInfo', account, getOptions?.staleReadsOk === true),
    putAccount: (account, request) => onAccount('putAccount', account, account, request),
    postAccount: (account, request) => onAccount('postAccount', account, request),
    deleteAccount: (account, request) => onAccount('deleteAccount', account, request.timestamp),
    putContainer: (account, request) => onAccount('putContainer', account, account, request),
    list: (account, request) => onAccount('list', account, request),
    replicate: async (database, message) => (await caller.call('replicate', database, [message])) as never,
    databases: (device) => walkDevice(options.devices, 'account', device),
    close: () => caller.close(),
  };
}
