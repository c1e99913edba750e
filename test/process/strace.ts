/** Watches a process's system calls, for tests that show what is made durable and when. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** In the order in which the calls ended. */
export type DiskEvent = { readonly kind: 'synced'; readonly path: string } | { readonly kind: 'answered' };

const CALLS = 'trace=fsync,fdatasync,syncfs,write,writev,sendto,sendmsg';
const SYNC = /^(\d+) +(?:fsync|fdatasync|syncfs)\(\d+<([^>]*)>/;
const RESUMED = /^(\d+) +<\.\.\. (?:fsync|fdatasync|syncfs) resumed>/;

/** The events of strace's lines; `answer` is the text that an answer begins with. Throws when a sync failed. */
export function readTrace(text: string, answer: string): DiskEvent[] {
  const events: DiskEvent[] = [];
  const underWay = new Map<string, string>();
  for (const line of text.split('\n')) {
    const [, thread = '', begun] = SYNC.exec(line) ?? RESUMED.exec(line) ?? [];
    if (thread === '') {
      if (line.includes(`"${answer}`)) events.push({ kind: 'answered' });
    } else if (begun !== undefined && line.endsWith('<unfinished ...>')) {
      underWay.set(thread, begun);
    } else {
      const path = begun ?? underWay.get(thread);
      if (path === undefined || !/= 0$/.test(line)) throw new Error(`not a sync that went well: ${line}`);
      events.push({ kind: 'synced', path });
    }
  }
  return events;
}

/** What the process does on behalf of `act`. `folder`: where the trace is kept. */
export async function traced(
  pid: number,
  folder: string,
  answer: string,
  act: () => Promise<void>,
): Promise<DiskEvent[]> {
  const path = `${folder}/trace-${pid}`;
  const strace = spawn('strace', ['-f', '-y', '-e', CALLS, '-o', path, '-p', String(pid)], {
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(strace, 'exit');
  let said = '';
  await new Promise<void>((resolve, reject) => {
    strace.stderr.on('data', (data: Buffer) => {
      said += data.toString();
      if (said.includes('attached')) resolve();
    });
    void ended.then(() => reject(new Error(`strace ended: ${said}`)));
  });
  try {
    await act();
  } finally {
    strace.kill('SIGINT');
    await ended;
  }
  return readTrace(readFileSync(path, 'latin1'), answer);
}
