import type { FreeSpaceReserve } from '../common/drive.ts';
import type { Logger } from '../common/host.ts';
import { hashPath, type HashPathConfig } from '../common/hash-path.ts';
import { policyFolder } from '../common/storage-policy.ts';
import type { ObjectLocation } from './storage.ts';

/** What the parts of the disk storage share: its settings, and where things are. Source: spec swift-formats 3.1. */

export interface DiskSettings {
  /** Folder that holds the devices. */
  readonly devices: string;
  readonly mountCheck: boolean;
  readonly reserve: FreeSpaceReserve;
  readonly disableFallocate: boolean;
  /** False writes to `tmp` and renames, as is done anyway where the file system knows no unnamed files. */
  readonly usesUnnamedFiles: boolean;
  /** Bytes of one read of a large object. */
  readonly diskChunkSizeBytes: number;
  /** Larger objects are dropped from the kernel's cache once they were read. */
  readonly keepCacheSizeBytes: number;
  /** Age at which tombstones and leftovers are removed. */
  readonly reclaimAgeSeconds: number;
  /** Fragments that are not durable are kept at least so long. */
  readonly commitWindowSeconds: number;
  /** A large upload is made durable bit by bit, after each so many bytes. */
  readonly bytesPerSync: number;
  readonly hashPath: HashPathConfig;
  /** Fragments of an object of a policy, for erasure coding; null for replication. */
  readonly fragmentsOf: (policyIndex: number) => number | null;
  readonly log: Logger;
  /** Seconds since 1970. */
  readonly now: () => number;
}

/** Swift's defaults; `devices`, `hashPath`, `log` and `now` have none. */
export const DISK_DEFAULTS: Omit<DiskSettings, 'devices' | 'hashPath' | 'log' | 'now'> = {
  mountCheck: true,
  reserve: { value: 1, isPercent: true },
  disableFallocate: false,
  usesUnnamedFiles: true,
  diskChunkSizeBytes: 65536,
  keepCacheSizeBytes: 5242880,
  reclaimAgeSeconds: 604800,
  commitWindowSeconds: 60,
  bytesPerSync: 536870912,
  fragmentsOf: () => null,
};

/** Where one object, or one partition, lies. */
export interface ObjectPaths {
  readonly device: string;
  readonly dataDir: string;
  readonly partition: string;
  readonly suffix: string;
  readonly hashDir: string;
  readonly hash: string;
  readonly temporary: string;
}

export function dataDirectory(deviceDir: string, policyIndex: number): string {
  return `${deviceDir}/${policyFolder('objects', policyIndex)}`;
}

export function objectPaths(settings: DiskSettings, location: ObjectLocation): ObjectPaths {
  const hash = hashPath(settings.hashPath, location.account, location.container, location.object);
  const device = `${settings.devices}/${location.device}`;
  return pathsOfHash(device, location.policyIndex, location.partition, hash);
}

export function pathsOfHash(
  device: string,
  policyIndex: number,
  partitionName: number | string,
  hash: string,
): ObjectPaths {
  const dataDir = dataDirectory(device, policyIndex);
  const partition = `${dataDir}/${partitionName}`;
  const suffix = `${partition}/${hash.slice(-3)}`;
  return {
    device,
    dataDir,
    partition,
    suffix,
    hash,
    hashDir: `${suffix}/${hash}`,
    temporary: `${device}/${policyFolder('tmp', policyIndex)}`,
  };
}

/** Names of devices and partitions come from requests: they may not lead out of their folder. */
export function isPlainName(name: string): boolean {
  return name !== '' && name !== '.' && name !== '..' && !name.includes('/') && !name.includes('\0');
}
