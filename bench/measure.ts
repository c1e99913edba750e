/** One measurement: a load, and the CPU time that the servers spent on it. */

import { setTimeout as sleep } from 'node:timers/promises';
import type { Load } from './load.ts';
import { cpuSeconds, kernelSecondsBetween, kernelWork } from './process-times.ts';

export interface Sample extends Load {
  /** Of all processes of the system, per request. */
  cpuMs: number;
  /** Of the kernel's own threads meanwhile, per request. */
  kernelMs: number;
}

const LOOK_MS = 100;
/** More of a core than idle servers take. */
const BUSY_SHARE = 0.15;
const LONGEST_WAIT_MS = 15_000;

/** Waits until the processes have done what was begun: some of it comes after the answer. Gives their CPU seconds then. */
async function idleCpuSeconds(pids: readonly number[]): Promise<number> {
  let before = cpuSeconds(pids);
  for (let waitedMs = 0; waitedMs < LONGEST_WAIT_MS; waitedMs += LOOK_MS) {
    await sleep(LOOK_MS);
    const now = cpuSeconds(pids);
    if (now - before < (BUSY_SHARE * LOOK_MS) / 1000) return now;
    before = now;
  }
  return before;
}

export async function measure(pids: readonly number[], load: () => Promise<Load>): Promise<Sample> {
  const before = await idleCpuSeconds(pids);
  const kernelBefore = kernelWork();
  const result = await load();
  const after = await idleCpuSeconds(pids);
  const kernelSec = kernelSecondsBetween(kernelBefore, kernelWork());
  const perRequest = (seconds: number): number => (seconds * 1000) / Math.max(1, result.requests);
  return { ...result, cpuMs: perRequest(after - before), kernelMs: perRequest(kernelSec) };
}
