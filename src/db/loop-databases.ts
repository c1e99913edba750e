import { DevicePace } from '../common/device-pace.ts';
import { databaseFolder } from './database-folder.ts';
import { LoopDatabase } from './loop-database.ts';
import type { DatabaseKind, HashLocator } from './store-types.ts';

const OPEN_DATABASES = 32;

interface Kept {
  readonly database: LoopDatabase;
  lastUse: number;
}

/**
 * The databases that the loop uses itself. What takes less than the way to a database's thread and back, and cannot wait for a
 * lock or a disk, is done here; all else is left to the thread.
 */
export class LoopDatabases {
  readonly #kind: DatabaseKind;
  readonly #devices: string;
  readonly #databases = new Map<string, Kept>();
  readonly #paces = new Map<string, DevicePace>();
  #uses = 0;
  #isClosed = false;

  constructor(kind: DatabaseKind, devices: string) {
    this.#kind = kind;
    this.#devices = devices;
  }

  /**
   * What `read` makes of a database; undefined when its thread is to be asked instead. That is so too for one that was not used
   * of late: its thread brings it into the kernel's cache.
   */
  read<T>(locator: HashLocator, read: (database: LoopDatabase) => T | undefined): T | undefined {
    const database = this.#find(locator);
    const pace = this.#paceOf(locator.device);
    if (database === undefined || !pace.isFast) return undefined;
    pace.beginReading();
    try {
      return database.refresh() ? read(database) : undefined;
    } finally {
      pace.endReading();
    }
  }

  /** Like `read`, for what also appends. */
  write<T>(locator: HashLocator, write: (database: LoopDatabase) => T | undefined): T | undefined {
    const database = this.#find(locator);
    const pace = this.#paceOf(locator.device);
    if (database === undefined || !pace.isFast) return undefined;
    pace.begin();
    try {
      return database.refresh() ? write(database) : undefined;
    } finally {
      pace.end();
    }
  }

  /** From then on everything is left to the threads. */
  close(): void {
    this.#isClosed = true;
    for (const { database } of this.#databases.values()) database.close();
    this.#databases.clear();
  }

  #find(locator: HashLocator): LoopDatabase | undefined {
    if (this.#isClosed) return undefined;
    const key = `${locator.device}/${locator.partition}/${locator.hash}`;
    const lastUse = this.#uses++;
    const known = this.#databases.get(key);
    if (known !== undefined) {
      known.lastUse = lastUse;
      return known.database;
    }
    if (this.#databases.size >= OPEN_DATABASES) this.#closeOldest();
    const database = new LoopDatabase(databaseFolder(this.#devices, this.#kind, locator));
    this.#databases.set(key, { database, lastUse });
    return undefined;
  }

  #closeOldest(): void {
    const [key, { database }] = [...this.#databases].reduce((oldest, other) =>
      other[1].lastUse < oldest[1].lastUse ? other : oldest,
    );
    database.close();
    this.#databases.delete(key);
  }

  #paceOf(device: string): DevicePace {
    let pace = this.#paces.get(device);
    if (pace === undefined) this.#paces.set(device, (pace = new DevicePace()));
    return pace;
  }
}
