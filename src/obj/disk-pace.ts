import { close, open, read, readdir } from 'node:fs';
import { promisify } from 'node:util';
import { getXattrAsync } from '../common/system-calls.ts';
import { SMALL_BYTES } from './disk-reader.ts';

/** More than a cached answer takes, even with a pause of the collector in between. */
const SLOW_MS = 2;
const REST_MS = 1000;

/**
 * Whether a device answers at once, as it does from the kernel's cache. Then plain calls cost less than a way through the pool; a
 * device that let the loop wait is asked through the pool for a second.
 */
export class DevicePace {
  #slowUntilMs = 0;

  get isFast(): boolean {
    return this.#slowUntilMs === 0 || performance.now() >= this.#slowUntilMs;
  }

  /** `startMs`: performance.now() before some calls that have ended now. */
  note(startMs: number): void {
    const nowMs = performance.now();
    this.#slowUntilMs = nowMs - startMs > SLOW_MS ? nowMs + REST_MS : this.isFast ? 0 : this.#slowUntilMs;
  }
}

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
