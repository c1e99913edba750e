import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import {
  cpuSeconds,
  kernelSecondsBetween,
  kernelWork,
  rssBytes,
  RssWatch,
  withDescendants,
} from '../../../bench/process-times.ts';

const BUSY = 'const end = Date.now() + 300; while (Date.now() < end); console.log("done"); setInterval(() => {}, 1000)';

test("a process's CPU time is counted, and that of what it started; one that is gone has none", async () => {
  const child = spawn('/bin/sh', ['-c', '"$0" -e "$1" & wait', process.execPath, BUSY], {
    stdio: ['ignore', 'pipe', 'inherit'],
    detached: true,
  });
  const pid = child.pid as number;
  const gone = once(child, 'exit');
  onTestFinished(async () => {
    process.kill(-pid, 'SIGKILL');
    await gone;
  });
  await once(child.stdout as NodeJS.ReadableStream, 'data');
  expect(withDescendants([pid])).toHaveLength(2);
  expect(cpuSeconds([pid])).toBeGreaterThan(0.05);
  expect(cpuSeconds([2 ** 22 + 1])).toBe(0);
});

test('the largest memory of a process is seen', () => {
  expect(rssBytes(process.pid)).toBeGreaterThan(20 << 20);
  const [own] = new RssWatch([process.pid]).stop();
  expect(own?.process).toMatch(/node/);
  expect(own?.bytes).toBeGreaterThan(20 << 20);
});

test("what the kernel's own threads did between two looks is counted; of those that ended nothing is known", () => {
  const before = new Map([
    [1, 5],
    [2, 1],
  ]);
  const after = new Map([
    [2, 1.25],
    [3, 0.5],
  ]);
  expect(kernelSecondsBetween(before, after)).toBe(0.75);
  const [now, later] = [kernelWork(), kernelWork()];
  expect(kernelSecondsBetween(now, later)).toBeLessThan(5);
});
