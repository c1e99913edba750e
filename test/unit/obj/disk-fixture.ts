import { mkdirSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { hash } from 'node:crypto';
import type { HashPathConfig } from '../../../src/common/hash-path.ts';
import { Timestamp } from '../../../src/common/timestamp.ts';
import { readAll } from '../../../src/http/body.ts';
import { DISK_DEFAULTS, objectPaths, type DiskSettings, type ObjectPaths } from '../../../src/obj/disk-layout.ts';
import { DiskStorage } from '../../../src/obj/disk-storage.ts';
import type { Metadata, ObjectLocation, ObjectWriter, StoredObject } from '../../../src/obj/storage.ts';
import { scratchDirectory } from '../common/scratch.ts';
import { LineLog } from '../http/silent-log.ts';

export const CHANGEME: HashPathConfig = { prefix: Buffer.from('changeme'), suffix: Buffer.from('changeme') };

/** 22 Nov 2026, when the golden data were recorded. */
export const GOLDEN_NOW = 1795353300;

export class DiskFixture {
  readonly scratch: ReturnType<typeof scratchDirectory> = scratchDirectory();
  readonly log: LineLog = new LineLog();
  readonly settings: DiskSettings;
  readonly storage: DiskStorage;

  constructor(options: Partial<DiskSettings> = {}) {
    mkdirSync(join(this.scratch.path, 'sdb1'));
    this.settings = {
      ...DISK_DEFAULTS,
      devices: this.scratch.path,
      mountCheck: false,
      reserve: { value: 0, isPercent: false },
      hashPath: CHANGEME,
      log: this.log,
      now: () => GOLDEN_NOW,
      ...options,
    };
    this.storage = new DiskStorage(this.settings);
  }

  get device(): string {
    return join(this.scratch.path, 'sdb1');
  }

  location(object = 'o', policyIndex = 0): ObjectLocation {
    return { device: 'sdb1', partition: '7', account: 'AUTH_test', container: 'c', object, policyIndex };
  }

  paths(object = 'o', policyIndex = 0): ObjectPaths {
    return objectPaths(this.settings, this.location(object, policyIndex));
  }

  object(name = 'o', policyIndex = 0): StoredObject {
    return this.storage.object(this.location(name, policyIndex));
  }

  files(object = 'o', policyIndex = 0): string[] {
    return readdirSync(this.paths(object, policyIndex).hashDir).sort();
  }

  async end(): Promise<void> {
    await this.storage.close();
    this.scratch.remove();
  }
}

export function at(seconds: number): Timestamp {
  return Timestamp.fromSeconds(GOLDEN_NOW - 1000 + seconds);
}

export function dataMetadata(timestamp: Timestamp, bytes: Uint8Array, extra: Record<string, string> = {}): Metadata {
  return new Map([
    ['X-Timestamp', timestamp.internal],
    ['Content-Type', 'text/plain'],
    ['Content-Length', String(bytes.length)],
    ['ETag', hash('md5', bytes, 'hex')],
    ...Object.entries(extra),
  ]);
}

/** Writes all of `bytes` in chunks of `chunkBytes`. */
export async function fill(writer: ObjectWriter, bytes: Uint8Array, chunkBytes = 65536): Promise<string> {
  for (let from = 0; from < bytes.length; from += chunkBytes) {
    await writer.write(bytes.subarray(from, from + chunkBytes));
  }
  return await writer.finish();
}

export async function store(
  object: StoredObject,
  timestamp: Timestamp,
  bytes: Uint8Array,
  extra: Record<string, string> = {},
): Promise<void> {
  const writer = await object.create({ sizeBytes: bytes.length });
  await fill(writer, bytes);
  await writer.commit(dataMetadata(timestamp, bytes, extra), timestamp);
}

export async function fetched(object: StoredObject): Promise<{ bytes: Buffer; metadata: Metadata }> {
  const opened = await object.open({ nowSeconds: GOLDEN_NOW });
  try {
    return { bytes: await readAll(opened.body()), metadata: opened.metadata };
  } finally {
    opened.close();
  }
}

/** Bytes without a pattern that shows, the same each time. */
export function randomBytes(length: number): Buffer {
  return Buffer.from(Uint8Array.from({ length }, (_, at) => (at * 2654435761) >>> 13));
}
