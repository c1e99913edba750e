/** The disk storage as the options of a section describe it: for the object server and for the updater. */

import type { Conf } from '../common/conf.ts';
import { readConf, type TypedConf } from '../common/conf-spec.ts';
import type { Host } from '../common/host.ts';
import { STORAGE_CONF_SPEC, storageConf } from '../http/storage-conf.ts';
import { DiskStorage } from './disk-storage.ts';

/** What the disk storage reads beside STORAGE_CONF_SPEC. */
export const DISK_CONF_SPEC = {
  disable_fallocate: {
    type: 'boolean',
    default: false,
    doc: 'True sets no space aside before an object is written.',
  },
  disk_chunk_size: { type: 'bytes', default: 65536, min: 1, doc: 'Bytes of one read of a large object.' },
  keep_cache_size: {
    type: 'integer',
    default: 5242880,
    doc: 'Objects larger than this are dropped from the buffer cache once they were read.',
  },
  mb_per_sync: {
    type: 'number',
    default: 512,
    doc: 'A large upload is made durable bit by bit, after each so many megabytes.',
  },
  reclaim_age: { type: 'number', default: 604800, doc: 'Age in seconds at which tombstones are removed.' },
  commit_window: { type: 'seconds', default: 60, doc: 'Fragments that are not durable are kept at least so long.' },
} as const;

export type DiskConf = TypedConf<typeof STORAGE_CONF_SPEC & typeof DISK_CONF_SPEC>;

/** Opens the devices of a node. Throws ConfigError that tells every option that is none. */
export function openDiskStorage(globalConf: Conf, localConf: Conf, host: Host): DiskStorage {
  return diskStorage(readConf({ ...STORAGE_CONF_SPEC, ...DISK_CONF_SPEC }, globalConf, localConf), host);
}

export function diskStorage(conf: DiskConf, host: Host): DiskStorage {
  const { devices, mountCheck, reserve } = storageConf(conf);
  return new DiskStorage({
    devices,
    mountCheck,
    reserve,
    disableFallocate: conf.disable_fallocate,
    diskChunkSizeBytes: conf.disk_chunk_size,
    keepCacheSizeBytes: conf.keep_cache_size,
    bytesPerSync: conf.mb_per_sync * 1024 * 1024,
    reclaimAgeSeconds: conf.reclaim_age,
    commitWindowSeconds: conf.commit_window,
    hashPath: host.hashPath,
    fragmentsOf: (policyIndex) => fragmentCount(host, policyIndex),
    log: host.log,
    now: host.now,
  });
}

function fragmentCount(host: Host, policyIndex: number): number | null {
  const scheme = host.policies.get(policyIndex)?.erasureCoding;
  if (scheme === undefined) return null;
  return (scheme.ec_num_data_fragments + scheme.ec_num_parity_fragments) * scheme.ec_duplication_factor;
}
