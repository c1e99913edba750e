import { closeSync, constants, openSync, unlinkSync } from 'node:fs';
import { constants as osConstants } from 'node:os';
import { join } from 'node:path';
import { randomBytes } from 'node:crypto';
import koffi from 'koffi';

/**
 * System calls that Node lacks, from glibc (Linux, x64 and arm64): extended attributes, flock, fallocate, linkat, fadvise.
 * Those without `Async` in their name block until the kernel answers; none of them waits for a lock.
 */

/** A call failed; `code` is the error's name, such as ENOSPC, as in Node's own errors. */
export class SystemCallError extends Error {
  readonly code: string;
  readonly syscall: string;

  constructor(syscall: string, errno: number) {
    const code = ERROR_NAMES.get(errno) ?? `E${errno}`;
    super(`${syscall}: ${code}`);
    this.name = 'SystemCallError';
    this.code = code;
    this.syscall = syscall;
  }
}

/** The name of a failed call's error (ENOENT, …), of Node's errors and ours; undefined for other values. */
export function errorCode(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}

const ERROR_NAMES = new Map(Object.entries(osConstants.errno).map(([name, errno]) => [errno, name]));
ERROR_NAMES.set(osConstants.errno.EAGAIN, 'EAGAIN'); // EWOULDBLOCK is the same number
ERROR_NAMES.set(osConstants.errno.EOPNOTSUPP, 'EOPNOTSUPP');

type Call<Args extends unknown[]> = ((...args: Args) => number) & {
  async: (...args: [...Args, (error: unknown, result: number) => void]) => void;
};

const libc = koffi.load('libc.so.6');
const fsetxattr = libc.func(
  'int fsetxattr(int fd, const char *name, const void *value, size_t size, int flags)',
) as Call<[number, string, Uint8Array, number, number]>;
const fgetxattr = libc.func('int64_t fgetxattr(int fd, const char *name, void *value, size_t size)') as Call<
  [number, string, Uint8Array, number]
>;
const fremovexattr = libc.func('int fremovexattr(int fd, const char *name)') as Call<[number, string]>;
const flock = libc.func('int flock(int fd, int operation)') as Call<[number, number]>;
const fallocate = libc.func('int fallocate(int fd, int mode, int64_t offset, int64_t length)') as Call<
  [number, number, number, number]
>;
const linkat = libc.func(
  'int linkat(int olddirfd, const char *oldpath, int newdirfd, const char *newpath, int flags)',
) as Call<[number, string, number, string, number]>;
const fcntl = libc.func('int fcntl(int fd, int command, ...)') as (
  fd: number,
  command: number,
  type: 'int',
  value: number,
) => number;
const mkdir = libc.func('int mkdir(const char *path, unsigned int mode)') as Call<[string, number]>;
const openPath = libc.func('int open(const char *path, int flags)') as Call<[string, number]>;
const getdents64 = libc.func('int64_t getdents64(int fd, void *entries, size_t size)') as Call<
  [number, Uint8Array, number]
>;
const fadvise = libc.func('int posix_fadvise(int fd, int64_t offset, int64_t length, int advice)') as Call<
  [number, number, number, number]
>;

const getrusage = libc.func('int getrusage(int who, void *usage)') as (who: number, usage: Buffer) => number;
const clockGettime = libc.func('int clock_gettime(int clock, void *time)') as (clock: number, time: Buffer) => number;

const CLOCK_REALTIME = 0;
const timespec = Buffer.alloc(16);

/**
 * The system's time in seconds since 1970, to the microsecond: Date.now() counts whole milliseconds, in which two writes of one name would
 * get the same timestamp, and performance.now() does not follow a clock that is set.
 */
export function systemTimeSec(): number {
  clockGettime(CLOCK_REALTIME, timespec);
  return timespec.readUInt32LE(0) + timespec.readUInt32LE(4) * 2 ** 32 + timespec.readUInt32LE(8) / 1e9;
}

const RUSAGE_THREAD = 1;
const RU_INBLOCK_AT = 88;
const RU_NVCSW_AT = 128;
const usage = Buffer.alloc(144);

/** How often the calling thread has waited for something so far, be it a disk, a lock or its next event. Waiting for a CPU does not count. */
export function threadWaits(): number {
  getrusage(RUSAGE_THREAD, usage);
  return usage.readUInt32LE(RU_NVCSW_AT);
}

/** How much the calling thread has had read from disks so far, in blocks of 512 bytes: what it found in the kernel's cache does not count. */
export function threadBlocksRead(): number {
  getrusage(RUSAGE_THREAD, usage);
  return usage.readUInt32LE(RU_INBLOCK_AT);
}

const LOCK_EX_NB = 6;
const FALLOC_FL_KEEP_SIZE = 1;
const AT_FDCWD = -100;
const AT_SYMLINK_FOLLOW = 0x400;
const FADV_DONTNEED = 4;
const F_DUPFD_CLOEXEC = 1030;
const O_CLOEXEC = 0o2000000;
const O_TMPFILE = 0o20000000 | constants.O_DIRECTORY;
const LIST_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY | O_CLOEXEC;
const { ERANGE } = osConstants.errno;
const XATTR_LIMIT_BYTES = 65536;
/** What the kernel clears for every call, so that a larger buffer is only tried when it must be. */
const USUAL_XATTR_BYTES = 4096;

const scratch = Buffer.allocUnsafeSlow(XATTR_LIMIT_BYTES);

function checked(syscall: string, result: number): number {
  if (result < 0) throw new SystemCallError(syscall, koffi.errno());
  return result;
}

function settled(syscall: string, run: (done: (error: unknown, result: number) => void) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    run((error, result) => {
      if (error instanceof Error) reject(error);
      else if (result < 0) reject(new SystemCallError(syscall, koffi.errno()));
      else resolve(result);
    });
  });
}

/** Sets an extended attribute (`user.…`) of an open file. */
export function setXattr(fd: number, name: string, value: Uint8Array): void {
  checked('fsetxattr', fsetxattr(fd, name, value, value.length, 0));
}

/** An extended attribute of an open file (up to 64 KiB, which is Linux's limit), or undefined when it has none of that name. */
export function getXattr(fd: number, name: string): Buffer | undefined {
  for (let sizeBytes = USUAL_XATTR_BYTES; ; sizeBytes = XATTR_LIMIT_BYTES) {
    const length = fgetxattr(fd, name, scratch, sizeBytes);
    if (length >= 0) return Buffer.from(scratch.subarray(0, length));
    const errno = koffi.errno();
    if (errno === osConstants.errno.ENODATA) return undefined;
    if (errno !== ERANGE || sizeBytes === XATTR_LIMIT_BYTES) throw new SystemCallError('fgetxattr', errno);
  }
}

export async function getXattrAsync(fd: number, name: string): Promise<Buffer | undefined> {
  const into = Buffer.allocUnsafeSlow(XATTR_LIMIT_BYTES);
  const length = await new Promise<number>((resolve, reject) => {
    fgetxattr.async(fd, name, into, into.length, (error, result) => {
      if (error instanceof Error) reject(error);
      else resolve(result < 0 ? -koffi.errno() : result);
    });
  });
  if (length >= 0) return Buffer.from(into.subarray(0, length));
  if (-length === osConstants.errno.ENODATA) return undefined;
  throw new SystemCallError('fgetxattr', -length);
}

/** Removes an extended attribute; one that is not there is an error (ENODATA). */
export function removeXattr(fd: number, name: string): void {
  checked('fremovexattr', fremovexattr(fd, name));
}

/** Takes an exclusive flock without waiting; false when another open file holds it. Closing the descriptor frees it. */
export function tryFlock(fd: number): boolean {
  if (flock(fd, LOCK_EX_NB) === 0) return true;
  const errno = koffi.errno();
  if (errno === osConstants.errno.EWOULDBLOCK || errno === osConstants.errno.EINTR) return false;
  throw new SystemCallError('flock', errno);
}

/** Sets space aside for a file without changing its size. Throws ENOSPC, EDQUOT, EOPNOTSUPP, … */
export function allocateSpace(fd: number, sizeBytes: number): void {
  checked('fallocate', fallocate(fd, FALLOC_FL_KEEP_SIZE, 0, sizeBytes));
}

export async function allocateSpaceAsync(fd: number, sizeBytes: number): Promise<void> {
  await settled('fallocate', (done) => fallocate.async(fd, FALLOC_FL_KEEP_SIZE, 0, sizeBytes, done));
}

/** Tells the kernel that cached pages of a range will not be needed. A hint: failure is ignored. */
export function dropCache(fd: number, offset: number, length: number): void {
  fadvise(fd, offset, length, FADV_DONTNEED);
}

/** Where the record of a directory's entry has its length, and where its name begins. */
const [D_RECLEN_AT, D_NAME_AT] = [16, 19];

/** Names in a directory, in no order; undefined when nothing has that path. Node's own makes an error of that, which costs more than to look. */
export function listDirectory(path: string): string[] | undefined {
  const fd = openPath(path, LIST_FLAGS);
  if (fd < 0) {
    const errno = koffi.errno();
    if (errno === osConstants.errno.ENOENT) return undefined;
    throw new SystemCallError('open', errno);
  }
  try {
    const names: string[] = [];
    for (;;) {
      const length = checked('getdents64', getdents64(fd, scratch, scratch.length));
      if (length === 0) return names;
      for (let at = 0; at < length; at += scratch.readUInt16LE(at + D_RECLEN_AT)) {
        const name = scratch.toString('utf8', at + D_NAME_AT, scratch.indexOf(0, at + D_NAME_AT));
        if (name !== '.' && name !== '..') names.push(name);
      }
    }
  } finally {
    closeSync(fd);
  }
}

/**
 * Makes a directory; mode 0777 less the umask. That one is there already, or none to make it in, is no error: both are met all the time
 * by who makes directories as they are needed.
 */
export function makeDirectory(path: string): 'made' | 'exists' | 'no-parent' {
  if (mkdir(path, 0o777) === 0) return 'made';
  const errno = koffi.errno();
  if (errno === osConstants.errno.EEXIST) return 'exists';
  if (errno === osConstants.errno.ENOENT) return 'no-parent';
  throw new SystemCallError('mkdir', errno);
}

/** Opens a file without a name in a folder, for writing; mode 0777 less the umask. Throws EOPNOTSUPP where there is no such thing. */
export function openUnnamed(directory: string): number {
  return openSync(directory, O_TMPFILE | constants.O_WRONLY, 0o777);
}

/** Gives an open file a name. Throws EEXIST when the name is taken, ENOENT when its folder is gone. */
export function linkDescriptor(fd: number, path: string): void {
  checked('linkat', linkat(AT_FDCWD, `/proc/self/fd/${fd}`, AT_FDCWD, path, AT_SYMLINK_FOLLOW));
}

/** Another descriptor for what `fd` stands for. */
export function duplicateDescriptor(fd: number): number {
  const copy = fcntl(fd, F_DUPFD_CLOEXEC, 'int', 0);
  checked('fcntl', copy);
  return copy;
}

/** True for the errors of a file system (or kernel) that lacks a feature. */
export function isUnsupported(error: unknown): boolean {
  const code = errorCode(error);
  return code === 'EOPNOTSUPP' || code === 'ENOTSUP' || code === 'ENOSYS' || code === 'EISDIR' || code === 'EINVAL';
}

/** Whether files in a folder can hold user xattrs of some size. Throws when no file can be made there. */
export function supportsUserXattrs(directory: string): boolean {
  const path = join(directory, `.xattr-${randomBytes(6).toString('hex')}`);
  const fd = openSync(path, 'wx');
  try {
    setXattr(fd, 'user.swift.metadata', Buffer.alloc(1024, 'x'));
    return getXattr(fd, 'user.swift.metadata')?.length === 1024;
  } catch (error) {
    if (isUnsupported(error) || errorCode(error) === 'EPERM' || errorCode(error) === 'ENOSPC') return false;
    throw error;
  } finally {
    closeSync(fd);
    unlinkSync(path);
  }
}
