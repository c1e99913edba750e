/** Undelivered container updates in memory. */

import { type HashPathConfig, hashPath } from '../common/hash-path.ts';
import type { Timestamp } from '../common/timestamp.ts';
import type { AsyncPendingEntry, AsyncPendingStore, AsyncUpdate } from './storage.ts';

export class MemAsyncPending implements AsyncPendingStore {
  readonly #hashPath: HashPathConfig;
  readonly #devices: ReadonlySet<string> | undefined;
  readonly #updates = new Map<string, { entry: AsyncPendingEntry; update: AsyncUpdate }>();

  constructor(hashConfig: HashPathConfig, devices: ReadonlySet<string> | undefined) {
    this.#hashPath = hashConfig;
    this.#devices = devices;
  }

  devices(): Promise<string[]> {
    const devices = this.#devices ?? new Set([...this.#updates.values()].map(({ entry }) => entry.device));
    return Promise.resolve([...devices].sort());
  }

  policies(device: string): Promise<number[]> {
    const entries = [...this.#updates.values()].filter(({ entry }) => entry.device === device);
    return Promise.resolve([...new Set(entries.map(({ entry }) => entry.policyIndex))].sort((a, b) => a - b));
  }

  save(device: string, policyIndex: number, update: AsyncUpdate, timestamp: Timestamp): Promise<void> {
    const hash = hashPath(this.#hashPath, update.account, update.container, update.obj);
    const entry: AsyncPendingEntry = { device, policyIndex, hash, timestamp };
    this.#updates.set(keyOf(entry), { entry, update: structuredClone(update) });
    return Promise.resolve();
  }

  async *entries(device: string, policyIndex: number): AsyncGenerator<AsyncPendingEntry> {
    const entries = [...this.#updates.values()]
      .map(({ entry }) => entry)
      .filter((entry) => entry.device === device && entry.policyIndex === policyIndex)
      .sort((a, b) => (a.hash === b.hash ? b.timestamp.compare(a.timestamp) : a.hash < b.hash ? -1 : 1));
    let last = '';
    for (const entry of entries) {
      if (entry.hash === last) await this.remove(entry);
      else yield entry;
      last = entry.hash;
    }
  }

  load(entry: AsyncPendingEntry): Promise<AsyncUpdate | undefined> {
    const update = this.#updates.get(keyOf(entry))?.update;
    return Promise.resolve(update === undefined ? undefined : structuredClone(update));
  }

  rewrite(entry: AsyncPendingEntry, update: AsyncUpdate): Promise<void> {
    this.#updates.set(keyOf(entry), { entry, update: structuredClone(update) });
    return Promise.resolve();
  }

  remove(entry: AsyncPendingEntry): Promise<void> {
    this.#updates.delete(keyOf(entry));
    return Promise.resolve();
  }
}

function keyOf(entry: AsyncPendingEntry): string {
  return `${entry.device}/${entry.policyIndex}/${entry.hash}-${entry.timestamp.internal}`;
}
