/** One serving process, with Swift's ways to begin and to end. */

import { availableParallelism } from 'node:os';
import type { HttpServer } from '../http/server.ts';

/** Requests in flight get this long once the process was told to end. */
const STOP_GRACE_MS = 5_000;
/** A drain waits as long as Swift's does: until the last client is served. */
const DRAIN_GRACE_MS = 24 * 3600 * 1000;

/** Number of workers that `workers` asks for; 0 serves in the parent. Throws RangeError with what was expected. */
export function workerCount(text: string): number {
  if (text.toLowerCase() === 'auto') return availableParallelism();
  if (!/^\d+$/.test(text)) throw new RangeError(`workers = ${text}: expected a number or auto`);
  return Number(text);
}

/** Becomes `user` when the process runs as root. Throws when there is no such user. */
export function dropPrivileges(user: string): void {
  if (process.geteuid?.() !== 0 || user === 'root') return;
  // Node's types leave this one out.
  (process as { initgroups?: (user: string, group: string) => void }).initgroups?.(user, user);
  process.setgid?.(user);
  process.setuid?.(user);
  process.umask(0o22);
}

/** Ends serving: `stop` within a bounded moment, `drain` once the last request is answered; then takes the pipeline down. */
export async function endServing(
  server: HttpServer,
  pipeline: { close(): Promise<void> },
  how: 'stop' | 'drain',
): Promise<void> {
  await server.drain(how === 'stop' ? STOP_GRACE_MS : DRAIN_GRACE_MS);
  await pipeline.close();
}
