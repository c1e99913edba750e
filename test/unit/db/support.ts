import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { gunzipSync } from 'node:zlib';
import { hashPath, storageDirectory, type HashPathConfig } from '../../../src/common/hash-path.ts';
import type { ContainerLocator, HashLocator, StoreOptions } from '../../../src/db/store-types.ts';
import { scratchDirectory } from '../common/scratch.ts';

const golden = join(import.meta.dirname, '../../golden/db');

export function goldenPath(name: string): string {
  return join(golden, name);
}

/** Parsed JSON of a recorded file; `.gz` ones are unpacked. */
export function goldenJson<T>(name: string): T {
  const bytes = readFileSync(goldenPath(name));
  return JSON.parse((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')) as T;
}

export type Row = Record<string, string | number | null>;

export interface Dump {
  readonly pragma: Record<string, string | number>;
  readonly sqlite_master: readonly {
    readonly type: string;
    readonly name: string;
    readonly tbl_name: string;
    readonly sql: string | null;
  }[];
  readonly tables: Record<string, Row[]>;
}

/** A database's schema, pragmas and rows in the form of the recorded dumps, read without our own code. */
export function dumpDatabase(path: string): Dump {
  const database = new DatabaseSync(path, { readOnly: true });
  try {
    const schema = database.prepare('SELECT type, name, tbl_name, sql FROM sqlite_master').all();
    const master = schema.map((row) => ({ ...row })) as unknown as Dump['sqlite_master'];
    const names = master.filter((row) => row.type === 'table' || row.type === 'view').map((row) => row.name);
    const tables = names.map((name) => [
      name,
      database
        .prepare(`SELECT * FROM ${name}`)
        .all()
        .map((row) => ({ ...row })),
    ]);
    const pragmas = ['page_size', 'encoding', 'user_version', 'journal_mode', 'auto_vacuum', 'application_id'];
    const pragma = pragmas.map((name) => [name, Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0]]);
    return {
      sqlite_master: master,
      tables: Object.fromEntries(tables) as Dump['tables'],
      pragma: Object.fromEntries(pragma) as Dump['pragma'],
    };
  } finally {
    database.close();
  }
}

export const HASH_PATH: HashPathConfig = { prefix: Buffer.from('pre'), suffix: Buffer.from('suf') };

/** A device folder `sda` in a folder of its own, with the options of a store over it. */
export class TestDevice {
  readonly devices: string;
  readonly logged: string[] = [];
  readonly options: StoreOptions;
  readonly remove: () => void;

  constructor(more: Partial<StoreOptions> = {}) {
    const scratch = scratchDirectory();
    this.devices = scratch.path;
    this.remove = () => scratch.remove();
    mkdirSync(`${this.devices}/sda`);
    const log = (message: string): void => void this.logged.push(message);
    this.options = {
      devices: this.devices,
      hashPath: HASH_PATH,
      constraints: {
        max_meta_name_length: 128,
        max_meta_value_length: 256,
        max_meta_count: 90,
        max_meta_overall_size: 4096,
      },
      log: { warn: log, error: log },
      workers: 0,
      ...more,
    };
  }

  locator(container = 'c', account = 'AUTH_a'): ContainerLocator {
    return { device: 'sda', partition: '7', account, container };
  }

  hashOf(container: string | undefined = 'c', account = 'AUTH_a'): HashLocator {
    return { device: 'sda', partition: '7', hash: hashPath(HASH_PATH, account, container) };
  }

  accountHash(account = 'AUTH_a'): HashLocator {
    return { device: 'sda', partition: '7', hash: hashPath(HASH_PATH, account) };
  }

  /** Path of a database's base file. */
  path(kind: 'accounts' | 'containers', { hash, partition }: HashLocator): string {
    return `${this.devices}/sda/${storageDirectory(kind, partition, hash)}/${hash}.db`;
  }

  /** Puts a recorded database (and its pending file) where the locator says. */
  install(name: string, kind: 'accounts' | 'containers', database: HashLocator, withPending = false): string {
    const path = this.path(kind, database);
    mkdirSync(dirname(path), { recursive: true });
    copyFileSync(goldenPath(name), path);
    if (withPending) copyFileSync(goldenPath(`${name}.pending`), `${path}.pending`);
    return path;
  }
}
