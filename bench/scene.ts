/** The folder of a run, and the end of all that it started: at its end, at a fault, at Ctrl-C. */

import { mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stopAll } from './systems.ts';

const TMPFS = 0x01021994;
const INTERRUPTED = 130;

/** A disk is wanted: fsync costs nothing in memory. */
function folderOnDisk(): string {
  return [tmpdir(), '/var/tmp'].find((path) => statfsSync(path).type !== TMPFS) ?? tmpdir();
}

/** Runs `play` with a folder that temporary files go to, and exits when it is over: 1 after a fault, told in one line. */
export async function onScene(play: (folder: string) => Promise<void>): Promise<never> {
  const folder = mkdtempSync(join(folderOnDisk(), 'apus-bench-'));
  process.env['TMPDIR'] = folder;
  process.on('exit', () => rmSync(folder, { recursive: true, force: true, maxRetries: 3 }));
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(INTERRUPTED));
  try {
    await play(folder);
    await stopAll();
    process.exit(0);
  } catch (error) {
    const { message, cause } = error as Error;
    console.error(`bench: ${message}${cause instanceof Error ? `: ${cause.message}` : ''}`);
    await stopAll();
    process.exit(1);
  }
}
