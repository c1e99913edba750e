/** The disk storage as the options of a section describe it: for the object server and for the updater. */

import type { Host } from '../common/host.ts';
import type { Conf, ConfSpec } from '../http/contract.ts';
import { OptionReader, readStorageConf, STORAGE_CONF_SPEC } from '../http/storage-conf.ts';
import { DiskStorage } from './disk-storage.ts';

export const DISK_CONF_SPEC: ConfSpec = {
  ...STORAGE_CONF_SPEC,
  disable_fallocate: {
    type: 'boolean',
    default: false,
    doc: 'True sets no space aside before an object is written.',
  },
  disk_chunk_size: { type: 'bytes', default: 65536, min: 1, doc: 'Bytes of one read of a large object.' },
  keep_cache_size: {
    type: 'bytes',
    default: 5242880,
    doc: 'Objects larger than this are dropped from the buffer cache once they were read.',
  },
  mb_per_sync: {
    type: 'number',
    default: 512,
    doc: 'A large upload is made durable bit by bit, after each so many megabytes.',
  },
  reclaim_age: { type: 'seconds', default: 604800, doc: 'Age at which tombstones are removed.' },
  commit_window: { type: 'seconds', default: 60, doc: 'Fragments that are not durable are kept at least so long.' },
};

/** Opens the devices of a node. Throws ConfigError for options that are none. */
export function openDiskStorage(globalConf: Conf, localConf: Conf, host: Host): DiskStorage {
  const options = new OptionReader(DISK_CONF_SPEC, globalConf, localConf);
  const { devices, mountCheck, reserve } = readStorageConf(options);
  return new DiskStorage({
    devices,
    mountCheck,
    reserve,
    disableFallocate: options.boolean('disable_fallocate'),
    diskChunkSizeBytes: options.number('disk_chunk_size'),
    keepCacheSizeBytes: options.number('keep_cache_size'),
    bytesPerSync: options.number('mb_per_sync') * 1024 * 1024,
    reclaimAgeSeconds: options.number('reclaim_age'),
    commitWindowSeconds: options.number('commit_window'),
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
