import { randomBytes } from 'node:crypto';
import { close, closeSync, fdatasync, fsync, mkdir, open, rename, unlink, write } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { errorCode } from './system-calls.ts';

/** Files that survive a crash: written aside, fsynced, renamed, their folder fsynced. All off the event loop. */

const openAsync: (path: string, flags: string, mode?: number) => Promise<number> = promisify(open);
const closeAsync: (fd: number) => Promise<void> = promisify(close);
const renameAsync: (from: string, to: string) => Promise<void> = promisify(rename);
const unlinkAsync: (path: string) => Promise<void> = promisify(unlink);
const mkdirAsync: (path: string, options: { recursive: true }) => Promise<string | undefined> = promisify(mkdir);

/** fsync of an open file, through the pool. */
export const syncDescriptor: (fd: number) => Promise<void> = promisify(fsync);
/** fdatasync of an open file, through the pool. */
export const syncDataOfDescriptor: (fd: number) => Promise<void> = promisify(fdatasync);

/** Makes the names in a folder durable. */
export async function syncDirectory(path: string): Promise<void> {
  const fd = await openAsync(path, 'r');
  try {
    await syncDescriptor(fd);
  } finally {
    closeSync(fd);
  }
}

/** Writes all bytes; a short write is carried on. `position` null appends where the descriptor stands. */
async function writeFully(fd: number, bytes: Uint8Array, position: number | null = null): Promise<void> {
  let at = 0;
  while (at < bytes.length) {
    at += await new Promise<number>((resolve, reject) => {
      const from = position === null ? null : position + at;
      write(fd, bytes, at, bytes.length - at, from, (error, written) => (error ? reject(error) : resolve(written)));
    });
  }
}

export interface DurableFileOptions {
  /** Folder on the same file system for the temporary file; that of the file unless given. Made when missing. */
  readonly temporaryDirectory?: string;
  /** 0600 unless given, less the umask. */
  readonly mode?: number;
  /** Ends the temporary file's name; `.tmp` unless given. */
  readonly temporarySuffix?: string;
  /** Whether the file's folder is fsynced after the rename; true unless given. */
  readonly syncParent?: boolean;
}

/** Replaces a file in one step. The file's folder must exist (ENOENT otherwise). On failure the old file stays and nothing is left. */
export async function writeFileDurably(
  path: string,
  bytes: Uint8Array,
  options: DurableFileOptions = {},
): Promise<void> {
  const folder = options.temporaryDirectory ?? dirname(path);
  const unique = randomBytes(6).toString('hex');
  const temporary = join(folder, `.${basename(path)}.${unique}${options.temporarySuffix ?? '.tmp'}`);
  const fd = await openTemporary(temporary, options);
  try {
    try {
      await writeFully(fd, bytes);
      await syncDescriptor(fd);
    } finally {
      await closeAsync(fd);
    }
    await renameAsync(temporary, path);
  } catch (error) {
    await unlinkAsync(temporary).catch(() => undefined);
    throw error;
  }
  if (options.syncParent ?? true) await syncDirectory(dirname(path));
}

async function openTemporary(path: string, options: DurableFileOptions): Promise<number> {
  const mode = options.mode ?? 0o600;
  try {
    return await openAsync(path, 'wx', mode);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT' || options.temporaryDirectory === undefined) throw error;
    await mkdirAsync(dirname(path), { recursive: true });
    return await openAsync(path, 'wx', mode);
  }
}
