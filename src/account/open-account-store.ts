import { hashLocator } from '../db/database-folder.ts';
import { walkDevice } from '../db/device-walk.ts';
import type { LoopDatabase } from '../db/loop-database.ts';
import { LoopDatabases } from '../db/loop-databases.ts';
import { openCaller } from '../db/open-caller.ts';
import type { AccountLocator, StoreOptions } from '../db/store-types.ts';
import type { AccountStore, PutContainerRowOutcome } from './account-store.ts';
import { infoOnLoop, listOnLoop, putContainerOnLoop } from './loop-calls.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The account databases below a folder of devices. Close it when done. */
export function openAccountStore(options: StoreOptions): AccountStore {
  const entry = new URL(`./account-worker${EXTENSION}`, import.meta.url);
  const caller = openCaller('account', options, entry, async () => {
    return (await import('./account-methods.ts')).ACCOUNT_METHODS;
  });
  const onAccount = <T>(method: string, account: AccountLocator, ...args: unknown[]): Promise<T> =>
    caller.call(method, hashLocator(options, account), args) as Promise<T>;
  const loop = new LoopDatabases('account', options.devices);
  const read = async <T>(
    method: string,
    account: AccountLocator,
    args: readonly unknown[],
    onLoop: (database: LoopDatabase) => T | undefined,
  ): Promise<T | null> => {
    const locator = hashLocator(options, account);
    return loop.read(locator, onLoop) ?? ((await caller.call(method, locator, args)) as T | null);
  };
  return {
    getInfo: (account, getOptions) => read('getInfo', account, [getOptions?.staleReadsOk === true], infoOnLoop),
    putAccount: (account, request) => onAccount('putAccount', account, account, request),
    postAccount: (account, request) => onAccount('postAccount', account, request),
    deleteAccount: (account, request) => onAccount('deleteAccount', account, request.timestamp),
    putContainer: async (account, request) => {
      const locator = hashLocator(options, account);
      const outcome = loop.write(locator, (database) => putContainerOnLoop(database, request));
      return outcome ?? ((await caller.call('putContainer', locator, [account, request])) as PutContainerRowOutcome);
    },
    list: (account, request) => read('list', account, [request], (database) => listOnLoop(database, request)),
    replicate: async (database, message) => (await caller.call('replicate', database, [message])) as never,
    databases: (device) => walkDevice(options.devices, 'account', device),
    close: () => {
      loop.close();
      return caller.close();
    },
  };
}
