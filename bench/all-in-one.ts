/** Apus in one process: how soon it answers, and what it takes while nobody asks. */

import { setTimeout as sleep } from 'node:timers/promises';
import { rssBytes } from './process-times.ts';
import { type AllInOneFolder, startAllInOne, type System } from './systems.ts';

export interface AllInOneStart {
  /** From the command to the first answer, of a start that found its data and its compiled code. */
  firstAnswerMs: number;
  idleRssBytes: number;
}

const SETTLE_MS = 3000;

/** Starts it twice: the first makes its data. The second goes on running. */
export async function startAndLook(folder: AllInOneFolder): Promise<{ system: System; start: AllInOneStart }> {
  const first = await startAllInOne(folder);
  await first.stop();
  const started = performance.now();
  const system = await startAllInOne(folder);
  const firstAnswerMs = performance.now() - started;
  await sleep(SETTLE_MS);
  return { system, start: { firstAnswerMs, idleRssBytes: rssBytes(system.pids[0] as number) } };
}
