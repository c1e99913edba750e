import { close, open, read, readdir } from 'node:fs';
import { promisify } from 'node:util';
import { getXattrAsync } from '../common/system-calls.ts';

/** Objects up to this size are read in one call. */
export const SMALL_BYTES = 65536;

const readdirAsync: (path: string) => Promise<string[]> = promisify(readdir);
const openAsync: (path: string, flags: string) => Promise<number> = promisify(open);
const closeAsync: (fd: number) => Promise<void> = promisify(close);
const readAsync = promisify(read);

/** Brings what opening an object needs into the kernel's cache. Faults are left for the opening itself to meet. */
export async function warmHashDirectory(hashDir: string): Promise<void> {
  try {
    const names = await readdirAsync(hashDir);
    await Promise.all(names.map((name) => warmFile(`${hashDir}/${name}`)));
  } catch {
    return;
  }
}

async function warmFile(path: string): Promise<void> {
  const fd = await openAsync(path, 'r');
  try {
    await getXattrAsync(fd, 'user.swift.metadata');
    await readAsync(fd, Buffer.allocUnsafe(SMALL_BYTES), 0, SMALL_BYTES, 0);
  } finally {
    await closeAsync(fd);
  }
}
