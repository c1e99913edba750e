import { errorCode } from '../common/system-calls.ts';
import { StorageError } from './storage.ts';

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

/** Setting attributes fails in ways of its own: no support, or more than the file system takes. */
export function xattrFault(error: unknown): unknown {
  const code = errorCode(error);
  if (code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'E2BIG' || code === 'ERANGE') {
    return new StorageError('xattr-unsupported', String(error), { cause: error });
  }
  return storageFault(error);
}

/** Errors of one file or folder that the file system can no longer read. */
export function isDamage(error: unknown): boolean {
  return DAMAGED.has(errorCode(error) ?? '');
}

export function isMissing(error: unknown): boolean {
  return errorCode(error) === 'ENOENT';
}
