import { close, open, read, readdir } from 'node:fs';
import { promisify } from 'node:util';
import { getXattrAsync, threadWaits } from '../common/system-calls.ts';

/** Objects up to this size are read in one call. */
export const SMALL_BYTES = 65536;

/** More than a cached answer takes. */
const SLOW_MS = 1;
const REST_MS = 1000;

/**
 * Whether a device answers at once, as it does from the kernel's cache. Then plain calls cost less than a way through the pool; a
 * device that let the loop wait is asked through the pool for a second. Time that went by because others had the CPU, or in the
 * collector, is not the device's.
 */
export class DevicePace {
  #slowUntilMs = 0;
  #startMs = 0;
  #waitsBefore = 0;

  get isFast(): boolean {
    return this.#slowUntilMs === 0 || performance.now() >= this.#slowUntilMs;
  }

  /** Plain calls follow, within this turn of the loop. */
  begin(): void {
    this.#waitsBefore = threadWaits();
    this.#startMs = performance.now();
  }

  /** The calls that followed `begin` are done. */
  end(): void {
    const nowMs = performance.now();
    if (nowMs - this.#startMs > SLOW_MS && threadWaits() !== this.#waitsBefore) this.#slowUntilMs = nowMs + REST_MS;
    else if (this.isFast) this.#slowUntilMs = 0;
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
