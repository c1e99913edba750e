import { statfsSync } from 'node:fs';
import { errorCode } from '../common/system-calls.ts';
import { StorageError } from './storage.ts';

/** More than the attributes of one file can need. */
const ATTRIBUTES_BYTES = 1024 * 1024;
const NO_SPACE = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);
const DEVICE_FAULTS = new Set([
  'EIO',
  'EROFS',
  'ENODEV',
  'ENXIO',
  'EUCLEAN',
  'ESTALE',
  'ESHUTDOWN',
  'EREMOTEIO',
  'ETIMEDOUT',
]);
const DAMAGED = new Set(['EUCLEAN', 'EIO', 'ENODATA', 'EBADMSG']);

/** Turns what a system call threw into a StorageError where it tells of the device; anything else stays as it is. */
export function storageFault(error: unknown): unknown {
  const code = errorCode(error);
  if (error instanceof StorageError || code === undefined) return error;
  if (NO_SPACE.has(code)) return new StorageError('no-space', String(error), { cause: error });
  if (DEVICE_FAULTS.has(code)) return new StorageError('device-unavailable', String(error), { cause: error });
  return error;
}

/** Setting attributes of an open file fails in ways of its own: no support, or more than the file system takes. */
export function xattrFault(error: unknown, fd: number): unknown {
  const code = errorCode(error);
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP') {
    return new StorageError('xattr-unsupported', String(error), { cause: error });
  }
  // ext4 says ENOSPC also when it is only the file's one block of attributes that is full.
  if (code === 'E2BIG' || code === 'ERANGE' || (code === 'ENOSPC' && hasSpace(fd))) {
    return new StorageError('metadata-too-large', String(error), { cause: error });
  }
  return storageFault(error);
}

function hasSpace(fd: number): boolean {
  const { bavail, bsize } = statfsSync(`/proc/self/fd/${fd}`);
  return bavail * bsize > ATTRIBUTES_BYTES;
}

/** Errors of one file or folder that the file system can no longer read. */
export function isDamage(error: unknown): boolean {
  return DAMAGED.has(errorCode(error) ?? '');
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}
