import { hashLocator } from '../db/database-folder.ts';
import { walkDevice } from '../db/device-walk.ts';
import { LoopDatabases } from '../db/loop-databases.ts';
import type { LoopDatabase } from '../db/loop-database.ts';
import { openCaller } from '../db/open-caller.ts';
import type { ContainerLocator, HashLocator, StoreOptions } from '../db/store-types.ts';
import type { ContainerStore, PutRowOutcome } from './container-store.ts';
import { infoOnLoop, listOnLoop, putRowOnLoop } from './loop-calls.ts';

const EXTENSION = import.meta.url.endsWith('.ts') ? '.ts' : '.js';

/** The container databases below a folder of devices. Close it when done. */
export function openContainerStore(options: StoreOptions): ContainerStore {
  const entry = new URL(`./container-worker${EXTENSION}`, import.meta.url);
  const caller = openCaller('container', options, entry, async () => {
    return (await import('./container-methods.ts')).CONTAINER_METHODS;
  });
  const loop = new LoopDatabases('container', options.devices);
  const onContainer = <T>(method: string, container: ContainerLocator, ...args: unknown[]): Promise<T> =>
    caller.call(method, hashLocator(options, container), args) as Promise<T>;
  const onHash = <T>(method: string, database: HashLocator, ...args: unknown[]): Promise<T> =>
    caller.call(method, database, args) as Promise<T>;
  const read = async <T>(
    method: string,
    container: ContainerLocator,
    args: readonly unknown[],
    onLoop: (database: LoopDatabase) => T | undefined,
  ): Promise<T | null> => {
    const locator = hashLocator(options, container);
    return loop.read(locator, onLoop) ?? ((await caller.call(method, locator, args)) as T | null);
  };
  return {
    getInfo: (container, getOptions) => read('getInfo', container, [getOptions?.staleReadsOk === true], infoOnLoop),
    putContainer: (container, request) => onContainer('putContainer', container, container, request),
    postContainer: (container, request) => onContainer('postContainer', container, request),
    deleteContainer: (container, request) => onContainer('deleteContainer', container, request.timestamp),
    putRow: async (container, request) => {
      const locator = hashLocator(options, container);
      const outcome = loop.write(locator, (database) => putRowOnLoop(database, request));
      return outcome ?? ((await caller.call('putRow', locator, [container, request])) as PutRowOutcome);
    },
    mergeRows: (container, rows, autoCreate) => onContainer('mergeRows', container, container, rows, autoCreate),
    list: (container, request) => read('list', container, [request], (database) => listOnLoop(database, request)),
    getShardRanges: (container, getOptions) =>
      onContainer('getShardRanges', container, getOptions?.includeDeleted === true),
    putShardRanges: (container, ranges, autoCreate) =>
      onContainer('putShardRanges', container, container, ranges, autoCreate),
    replicate: (database, message) => onHash('replicate', database, message),
    databases: (device) => walkDevice(options.devices, 'container', device),
    getReport: (database) => onHash('getReport', database),
    setReported: (database, reported) => onHash('setReported', database, reported),
    quarantine: (database, reason) => onHash('quarantine', database, reason),
    close: () => {
      loop.close();
      return caller.close();
    },
  };
}
