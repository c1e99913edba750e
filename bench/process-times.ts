/** CPU time and memory of processes, from /proc. */

import { readdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';

/** The kernel counts in hundredths of a second, whatever its own tick is. */
const TICKS_PER_SEC = 100;

/** Fields of `/proc/PID/stat` behind the command, whose name may hold anything. */
function statFields(pid: number): string[] {
  const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
}

/** utime + stime of all the process's threads, those that have ended too; 0 once it is gone. */
function cpuSecondsOf(pid: number): number {
  try {
    const fields = statFields(pid);
    return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SEC;
  } catch {
    return 0;
  }
}

/** The processes and all that they started. */
export function withDescendants(pids: readonly number[]): number[] {
  const children = new Map<number, number[]>();
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue;
    try {
      const parent = Number(statFields(Number(name))[1]);
      children.set(parent, [...(children.get(parent) ?? []), Number(name)]);
    } catch {
      // Gone since.
    }
  }
  const all: number[] = [];
  const add = (pid: number): void => {
    all.push(pid);
    for (const child of children.get(pid) ?? []) add(child);
  };
  for (const pid of pids) add(pid);
  return all;
}

export function cpuSeconds(pids: readonly number[]): number {
  return withDescendants(pids).reduce((sum, pid) => sum + cpuSecondsOf(pid), 0);
}

/** Kernel threads that work for whoever has something written or sent. */
const KERNEL_WORKERS = /^\d+ \((?:kworker|jbd2|ksoftirqd)/;
/** kthreadd, which starts them all. */
const KERNEL_PARENT = 2;

/** CPU seconds by the number of the thread. */
export type KernelWork = ReadonlyMap<number, number>;

/** What the kernel's own threads did so far, for anybody: an fsync, and the disk's work, is partly theirs, and no process is charged for it. */
export function kernelWork(): KernelWork {
  const work = new Map<number, number>();
  for (const pid of withDescendants([KERNEL_PARENT])) {
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
      if (KERNEL_WORKERS.test(stat)) work.set(pid, cpuSecondsOf(pid));
    } catch {
      // Gone since.
    }
  }
  return work;
}

/** Seconds between two looks. Of a thread that ended meanwhile nothing is known. */
export function kernelSecondsBetween(before: KernelWork, after: KernelWork): number {
  let seconds = 0;
  for (const [pid, now] of after) seconds += Math.max(0, now - (before.get(pid) ?? 0));
  return seconds;
}

export function rssBytes(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1] ?? 0) * 1024;
}

/** The most memory that a process was seen to take. */
export interface LargestRss {
  /** Its config without folder and ending, as `object-server-1`, or its program. */
  process: string;
  bytes: number;
}

function nameOf(pid: number): string {
  const words = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split(/[\0 ]+/);
  const config = words.find((word) => word.endsWith('.conf') && !word.endsWith('/swift.conf'));
  return basename(config ?? words[0] ?? String(pid), '.conf');
}

/** The largest RSS of each process, looked at five times a second until `stop`. */
export class RssWatch {
  readonly #largest: Map<number, number>;
  readonly #timer: NodeJS.Timeout;

  constructor(pids: readonly number[]) {
    this.#largest = new Map(pids.map((pid) => [pid, 0]));
    this.#timer = setInterval(() => this.#look(), 200);
  }

  /** The largest first. */
  stop(): LargestRss[] {
    clearInterval(this.#timer);
    this.#look();
    const all = [...this.#largest].map(([pid, bytes]) => ({ process: nameOf(pid), bytes }));
    return all.sort((a, b) => b.bytes - a.bytes);
  }

  #look(): void {
    for (const [pid, bytes] of this.#largest) this.#largest.set(pid, Math.max(bytes, rssBytes(pid)));
  }
}
