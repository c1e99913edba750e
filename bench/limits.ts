/** What no server can pass, measured in the same run: nginx, bare node:http, the disk, and hashing and copying. */

import type { ChildProcess } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { freePorts } from '../test/process/cluster.ts';
import { eventually } from '../test/process/server-process.ts';
import { scratchDirectory } from '../test/unit/common/scratch.ts';
import { measureBodyFloor } from './body-floor.ts';
import { endChild, firstLine, startChild, startNode } from './children.ts';
import { measure, type Sample } from './measure.ts';
import { SIZES } from './fixture.ts';
import { runWrk } from './wrk.ts';

export type BareName = 'nginx' | 'node:http';

/** A server of one file of 1 KiB. */
export interface BareMeasurement {
  server: BareName;
  clients: number;
  samples: Sample[];
}

export interface DiskSample {
  createsPerSec: number;
  cpuMs: number;
}

export interface BodyFloor {
  direction: 'put' | 'get';
  size: '1m' | '64m';
  /** Of all processes of the way, for one body. */
  cpuMs: number;
}

const LIMITS = join(import.meta.dirname, 'limits');
/** As many as the servers' pools have. */
const POOL = { UV_THREADPOOL_SIZE: '16' };
const CREATES_AT_ONCE = 16;

async function startNginx(folder: string): Promise<{ child: ChildProcess; port: number }> {
  const [port = 0] = await freePorts(1);
  writeFileSync(join(folder, '1k'), Buffer.alloc(SIZES['1k'], 'x'));
  const path = join(folder, 'nginx.conf');
  const server = `server { listen 127.0.0.1:${port}; root ${folder}; }`;
  const http = `http { access_log off; keepalive_requests 1000000000; ${server} }`;
  const main = `daemon off; user root; worker_processes 1; master_process off; pid ${folder}/pid; error_log stderr error;`;
  writeFileSync(path, `${main}\nevents { worker_connections 4096; }\n${http}\n`);
  const child = startChild('nginx', ['-p', folder, '-e', 'stderr', '-c', path]);
  await eventually('nginx serves', () =>
    fetch(`http://127.0.0.1:${port}/1k`).then(
      (answer) => answer.ok,
      () => false,
    ),
  );
  return { child, port };
}

async function startBareHttp(): Promise<{ child: ChildProcess; port: number }> {
  const child = startNode(join(LIMITS, 'bare-http.ts'), []);
  const { port } = await firstLine<{ port: number }>(child);
  return { child, port };
}

/** GET of 1 KiB from servers that do nothing else, in turn. */
export async function measureBareServers(
  clients: readonly number[],
  rounds: number,
  seconds: number,
): Promise<BareMeasurement[]> {
  const scratch = scratchDirectory();
  const started: [BareName, { child: ChildProcess; port: number }][] = [];
  try {
    started.push(['nginx', await startNginx(scratch.path)], ['node:http', await startBareHttp()]);
    const all: BareMeasurement[] = [];
    for (const count of clients) {
      const measurements = started.map(([server]): BareMeasurement => ({ server, clients: count, samples: [] }));
      for (let round = 0; round < rounds; round++) {
        for (const [at, [, { child, port }]] of started.entries()) {
          const request = { port, method: 'GET', path: '/1k', token: '', bodyBytes: 0 } as const;
          const sample = await measure([child.pid as number], () => runWrk(request, count, seconds));
          measurements[at]?.samples.push(sample);
        }
      }
      all.push(...measurements);
    }
    return all;
  } finally {
    await Promise.all(started.map(([, { child }]) => endChild(child)));
    scratch.remove();
  }
}

/** How many names of Swift's layout the disk makes durable in a second. */
export async function measureDisk(seconds: number): Promise<DiskSample> {
  const scratch = scratchDirectory();
  try {
    const folder = join(scratch.path, 'objects');
    mkdirSync(folder);
    const child = startNode(
      join(LIMITS, 'durable-creates.ts'),
      [folder, String(seconds), String(CREATES_AT_ONCE)],
      POOL,
    );
    const {
      creates,
      seconds: took,
      cpuMs,
    } = await firstLine<{ creates: number; seconds: number; cpuMs: number }>(child);
    return { createsPerSec: creates / took, cpuMs: cpuMs / creates };
  } finally {
    scratch.remove();
  }
}

export async function measureBodyFloors(seconds: number): Promise<BodyFloor[]> {
  const floors: BodyFloor[] = [];
  for (const [size, clients] of [
    ['1m', 16],
    ['64m', 4],
  ] as const) {
    for (const direction of ['get', 'put'] as const) {
      const cpuMs = await measureBodyFloor(direction, SIZES[size], clients, seconds);
      floors.push({ direction, size, cpuMs });
    }
  }
  return floors;
}
