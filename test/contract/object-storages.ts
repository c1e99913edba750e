/** The storages that the contract suite runs against. */

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { parseSwiftConf } from '../../src/common/swift-conf.ts';
import { DiskStorage } from '../../src/obj/disk-storage.ts';
import { MemStorage } from '../../src/obj/mem-storage.ts';
import type { ObjectStorage } from '../../src/obj/storage.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';
import { LineLog } from '../unit/http/silent-log.ts';

export interface StorageUnderTest {
  readonly name: string;
  /** A storage with these devices, hash path prefix and suffix `changeme`; `end` takes away what it leaves. */
  make(devices: readonly string[]): Promise<{ storage: ObjectStorage; end: () => void | Promise<void> }>;
}

const { hashPath } = parseSwiftConf(
  '[swift-hash]\nswift_hash_path_prefix = changeme\nswift_hash_path_suffix = changeme\n',
  'swift.conf',
);

export const storages: readonly StorageUnderTest[] = [
  {
    name: 'memory storage',
    make: (devices) => Promise.resolve({ storage: new MemStorage({ hashPath, devices }), end: () => undefined }),
  },
  { name: 'disk storage', make: (devices) => Promise.resolve(diskStorage(devices)) },
];

function diskStorage(devices: readonly string[]): { storage: ObjectStorage; end: () => void } {
  const scratch = scratchDirectory();
  for (const device of devices) mkdirSync(join(scratch.path, device));
  const storage = new DiskStorage({
    devices: scratch.path,
    mountCheck: false,
    reserve: { value: 0, isPercent: false },
    hashPath,
    log: new LineLog(),
    now: () => Date.now() / 1000,
  });
  return { storage, end: () => scratch.remove() };
}
