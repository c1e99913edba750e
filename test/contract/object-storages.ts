/** The storages that the contract suite runs against. */

import { parseSwiftConf } from '../../src/common/swift-conf.ts';
import { MemStorage } from '../../src/obj/mem-storage.ts';
import type { ObjectStorage } from '../../src/obj/storage.ts';

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
];
