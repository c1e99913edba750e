import { hashLocator } from '../db/database-folder.ts';
import { walkDevice } from '../db/device-walk.ts';
import { openCaller } from '../db/open-caller.ts';
import type { ContainerLocator, HashLocator, StoreOptions } from '../db/store-types.ts';
import type { ContainerStore } from './container-store.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The container databases below a folder of devices. Close it when done. */
export function openContainerStore(options: StoreOptions): ContainerStore {
  const entry = new URL(`./container-worker${EXTENSION}`, import.meta.url);
  const caller = openCaller('container', options, entry, async () => {
    return (await import('./container-methods.ts')).CONTAINER_METHODS;
  });
  const onContainer = <T>(method: string, container: ContainerLocator, ...args: unknown[]): Promise<T> =>
    caller.call(method, hashLocator(options, container), args) as Promise<T>;
  const onHash = <T>(method: string, database: HashLocator, ...args: unknown[]): Promise<T> =>
    caller.call(method, database, args) as Promise<T>;
  return {
    getInfo: (container, getOptions) => onContainer('getInfo', container, getOptions?.staleReadsOk === true),
    putContainer: (container, request) => onContainer('putContainer', container, container, request),
    postContainer: (container, request) => onContainer('postContainer', container, request),
    deleteContainer: (container, request) => onContainer('deleteContainer', container, request.timestamp),
    putRow: (container, request) => onContainer('putRow', container, container, request),
    mergeRows: (container, rows, autoCreate) => onContainer('mergeRows', container, container, rows, autoCreate),
    list: (container, request) => onContainer('list', container, request),
    getShardRanges: (container, getOptions) =>
      onContainer('getShardRanges', container, getOptions?.includeDeleted === true),
    putShardRanges: (container, ranges, autoCreate) =>
      onContainer('putShardRanges', container, container, ranges, autoCreate),
    replicate: (database, message) => onHash('replicate', database, message),
    databases: (device) => walkDevice(options.devices, 'container', device),
    getReport: (database) => onHash('getReport', database),
    setReported: (database, reported) => onHash('setReported', database, reported),
    quarantine: (database, reason) => onHash('quarantine', database, reason),
    close: () => caller.close(),
  };
}
