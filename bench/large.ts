/** One object of 5 GiB: rate, and the largest memory that any process took. */

import { prepare, put, SIZES, sendOne, WRITTEN } from './fixture.ts';
import { type LargestRss, RssWatch, withDescendants } from './process-times.ts';
import type { RawRequest } from './raw-connection.ts';
import type { System, SystemName } from './systems.ts';

export interface LargeResult {
  system: SystemName;
  direction: 'put' | 'get';
  megabytesPerSec: number;
  /** Of each process, the largest first. */
  rss: LargestRss[];
}

async function sendWatched(system: System, direction: 'put' | 'get', request: RawRequest): Promise<LargeResult> {
  const watch = new RssWatch(withDescendants(system.pids));
  const started = performance.now();
  await sendOne(system, request);
  const seconds = (performance.now() - started) / 1000;
  const rss = watch.stop();
  return { system: system.name, direction, megabytesPerSec: SIZES['5g'] / 1e6 / seconds, rss };
}

export async function measureLarge(system: System): Promise<LargeResult[]> {
  await prepare(system, [], []);
  const path = `${WRITTEN}/5g`;
  const { token } = system;
  const results = [
    await sendWatched(system, 'put', put(system, path, SIZES['5g'])),
    await sendWatched(system, 'get', { method: 'GET', path, token }),
  ];
  await sendOne(system, { method: 'DELETE', path, token });
  return results;
}
