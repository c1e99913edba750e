/** Watches a process's system calls, for tests that show what is made durable and when. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';

/** In the order in which the calls ended. */
export type DiskEvent = { readonly kind: 'synced'; readonly path: string } | { readonly kind: 'answered' };

const CALLS = 'trace=fsync,fdatasync,syncfs,io_submit,io_getevents,write,writev,sendto,sendmsg';
const SYNC = /^(\d+) +(?:fsync|fdatasync|syncfs)\(\d+<([^>]*)>/;
const RESUMED = /^(\d+) +<\.\.\. (?:fsync|fdatasync|syncfs) resumed>/;
/** What is handed to the kernel's own threads, by the number that comes back when it is done. */
const HANDED_OVER = /aio_data=(\w+), aio_lio_opcode=IOCB_CMD_F(?:DATA)?SYNC, aio_fildes=\d+<([^>]*)>/g;
const DONE = /\{data=(\w+), obj=\w+, res=(-?\d+)/g;

/** The events of strace's lines; `answer` is the text that an answer begins with. Throws when a sync failed. */
export function readTrace(text: string, answer: string): DiskEvent[] {
  const events: DiskEvent[] = [];
  const underWay = new Map<string, string>();
  const handedOver = new Map<string, string>();
  for (const line of text.split('\n')) {
    for (const [, number = '', path = ''] of line.matchAll(HANDED_OVER)) handedOver.set(number, path);
    for (const [, number = '', result] of line.matchAll(DONE)) {
      const path = handedOver.get(number);
      if (path === undefined || result !== '0') throw new Error(`not a sync that went well: ${line}`);
      events.push({ kind: 'synced', path });
    }
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
