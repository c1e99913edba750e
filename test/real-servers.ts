/** Real memcached and Redis servers for tests, each a process of its own on a free port of the loopback; programs that are installed. */

import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';

export type ServerProgram = 'memcached' | 'redis-server';

/** Debian's package of each program that can be asked for. */
const PACKAGES = {
  memcached: 'memcached',
  'redis-server': 'redis-server',
  nginx: 'nginx-light',
  wrk: 'wrk',
  strace: 'strace',
  'swift-proxy-server': 'swift-proxy',
  'swift-object-server': 'swift-object',
  'swift-container-server': 'swift-container',
  'swift-account-server': 'swift-account',
} as const;

/**
 * Whether the program can be run; it is installed where that is possible (apt-get, as root). Otherwise it says loudly which tests are
 * left out. Throws where CI=true: there all tests are to run.
 */
export function haveServer(program: keyof typeof PACKAGES, leftOut: string): boolean {
  if (isInstalled(program)) return true;
  if (process.getuid?.() === 0 && isInstalled('apt-get')) {
    try {
      install(PACKAGES[program]);
    } catch (error) {
      process.stderr.write(`installing ${program}: ${(error as Error).message}\n`);
    }
    if (isInstalled(program)) return true;
  }
  const message = `LEFT OUT: ${leftOut}: there is no ${program} (apt-get install ${PACKAGES[program]})`;
  if (process.env['CI'] === 'true') throw new Error(message);
  process.stderr.write(`\n*** ${message}\n\n`);
  return false;
}

/** Whether a program stands in PATH or where the system's servers are. */
export function isInstalled(program: string): boolean {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), '/usr/bin', '/usr/sbin', '/usr/local/bin'];
  return folders.some((folder) => folder !== '' && existsSync(join(folder, program)));
}

function install(name: string): void {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const options = { env, stdio: 'ignore', timeout: 300_000 } as const;
  try {
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], options);
  } catch {
    execFileSync('apt-get', ['update', '-q'], options);
    execFileSync('apt-get', ['install', '-y', '-q', '--no-install-recommends', name], options);
  }
}

export interface RealServer {
  readonly pid: number;
  readonly port: number;
  /** `127.0.0.1:port` */
  readonly address: string;
  /** Stops the process without ending it: it neither answers nor refuses. Resolves once the system has. */
  freeze(): Promise<void>;
  stop(): Promise<void>;
}

export async function startMemcached(port?: number): Promise<RealServer> {
  const at = port ?? (await freePort());
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  return start('memcached', at, ['-l', '127.0.0.1', '-p', String(at), '-U', '0', '-m', '16', '-t', '1', ...user]);
}

/** `settings`: further `--name value` arguments. */
export async function startRedis(settings: readonly string[] = [], port?: number): Promise<RealServer> {
  const at = port ?? (await freePort());
  const common = [
    '--port',
    String(at),
    '--bind',
    '127.0.0.1',
    '--save',
    '',
    '--appendonly',
    'no',
    '--protected-mode',
    'no',
  ];
  return start('redis-server', at, [...common, ...settings]);
}

/** A sentinel, from a config file that it will rewrite. */
export function startSentinel(configPath: string, port: number): Promise<RealServer> {
  return start('redis-server', port, [configPath, '--sentinel']);
}

/** A port that nobody has at the moment. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}

async function start(program: ServerProgram, port: number, args: readonly string[]): Promise<RealServer> {
  const child = spawn(program, args, { stdio: ['ignore', 'ignore', 'inherit'] });
  const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()).once('error', () => resolve()));
  const kill = (): void => void child.kill('SIGKILL');
  // None outlives the tests, whatever becomes of them.
  process.once('exit', kill);
  await untilListening(child, program, port);
  return {
    pid: child.pid as number,
    port,
    address: `127.0.0.1:${port}`,
    freeze: () => freeze(child),
    stop: async () => {
      process.off('exit', kill);
      kill();
      await ended;
    },
  };
}

const START_TIMEOUT_MS = 10_000;

async function untilListening(child: ChildProcess, program: string, port: number): Promise<void> {
  const end = Date.now() + START_TIMEOUT_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > end) {
      child.kill('SIGKILL');
      throw new Error(`${program} did not start on port ${port}`);
    }
  }
}

/** Tries to connect; waits a moment before it says no. */
function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => {
      socket.destroy();
      setTimeout(resolve, 10, false);
    });
  });
}

/** The signal takes effect a moment after it was sent; until then a server may still answer. */
async function freeze(child: ChildProcess): Promise<void> {
  child.kill('SIGSTOP');
  for (let tries = 0; tries < 1000; tries++) {
    const stat = readFileSync(`/proc/${child.pid}/stat`, 'latin1');
    if (stat.slice(stat.lastIndexOf(')') + 2).startsWith('T')) return;
    await new Promise((resolve) => setImmediate(resolve));
  }
  throw new Error(`process ${child.pid} does not stop`);
}
