/** The least CPU time that bodies can cost: hashing them where Swift does, and copying them through the same hops. */

import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { scratchDirectory } from '../test/unit/common/scratch.ts';
import { endChild, firstLine, startNode } from './children.ts';
import { cpuSeconds } from './process-times.ts';

const PROGRAM = join(import.meta.dirname, 'limits/copy-wire.ts');
const REPLICAS = 3;
const FILLER = Buffer.alloc(1 << 18, 'x');
const ASK = Buffer.from('?');

/** Sends a body of so many bytes, or asks for it; resolves when all of the answer is there. */
async function exchange(socket: Socket, direction: 'put' | 'get', size: number): Promise<void> {
  let left = direction === 'get' ? size : 1;
  const answered = new Promise<void>((resolve) => {
    const take = (chunk: Buffer): void => {
      left -= chunk.length;
      if (left > 0) return;
      socket.off('data', take);
      resolve();
    };
    socket.on('data', take);
  });
  if (direction === 'get') socket.write(ASK);
  for (let toSend = direction === 'put' ? size : 0; toSend > 0; toSend -= FILLER.length) {
    if (!socket.write(FILLER.subarray(0, Math.min(toSend, FILLER.length)))) await once(socket, 'drain');
  }
  await answered;
}

/** CPU milliseconds of proxy and storage nodes for one body of `size` bytes, `clients` at once. */
export async function measureBodyFloor(
  direction: 'put' | 'get',
  size: number,
  clients: number,
  seconds: number,
): Promise<number> {
  const scratch = scratchDirectory();
  const children: ChildProcess[] = [];
  const start = async (...words: string[]): Promise<string> => {
    const child = startNode(PROGRAM, words);
    children.push(child);
    return String((await firstLine<{ port: number }>(child)).port);
  };
  try {
    const isPut = direction === 'put';
    const ports: string[] = [];
    for (let node = 0; node < (isPut ? REPLICAS : 1); node++)
      ports.push(await start(isPut ? 'store' : 'give', scratch.path, String(size)));
    const port = Number(await start(isPut ? 'fan-out' : 'pass-on', ...ports));
    const sockets = Array.from({ length: clients }, () => connect({ host: '127.0.0.1', port, noDelay: true }));
    const pids = children.map(({ pid }) => pid as number);
    const run = async (forSec: number): Promise<number> => {
      let bodies = 0;
      const end = performance.now() + forSec * 1000;
      const client = async (socket: Socket): Promise<void> => {
        do await exchange(socket, direction, size);
        while (++bodies > 0 && performance.now() < end);
      };
      await Promise.all(sockets.map(client));
      await sleep(50);
      return bodies;
    };
    await run(seconds / 2);
    const before = cpuSeconds(pids);
    const bodies = await run(seconds);
    const after = cpuSeconds(pids);
    for (const socket of sockets) socket.destroy();
    return ((after - before) * 1000) / bodies;
  } finally {
    await Promise.all(children.map(endChild));
    scratch.remove();
  }
}
