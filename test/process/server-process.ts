/** One of the servers as a process of its own, run by its command in bin/. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BIN = join(import.meta.dirname, '../../bin');
const START_TIMEOUT_MS = 30_000;
const POLL_MS = 20;

/** A test run that ends before its servers takes them along. */
const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Waits until `check` gives something other than undefined or false. Throws when that takes too long. */
export async function eventually<T>(
  what: string,
  check: () => T | undefined | false | Promise<T | undefined | false>,
  timeoutMs: number = START_TIMEOUT_MS,
): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const found = await check();
    if (found !== undefined && found !== false) return found;
    if (Date.now() > deadline) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(POLL_MS);
  }
}

function accepts(port: number): Promise<boolean> {
  const socket = connect({ host: '127.0.0.1', port });
  return new Promise((resolve) => {
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
  }).finally(() => socket.destroy()) as Promise<boolean>;
}

export class ServerProcess {
  readonly port: number;
  readonly configPath: string;
  readonly logPath: string;
  readonly #command: readonly string[];
  readonly #arguments: readonly string[];
  #child: ChildProcess | undefined;

  /** `command`: one of those in bin/, or a whole command line; the config's path and `words` are added to it. */
  constructor(
    command: string | readonly string[],
    configPath: string,
    port: number,
    words: readonly string[] = ['--verbose'],
  ) {
    this.#command = typeof command === 'string' ? [join(BIN, command)] : command;
    this.#arguments = [configPath, ...words];
    this.configPath = configPath;
    this.port = port;
    this.logPath = `${configPath}.log`;
  }

  get isRunning(): boolean {
    return this.#child !== undefined;
  }

  get pid(): number {
    const pid = this.#child?.pid;
    if (pid === undefined) throw new Error(`${this.configPath} is not running`);
    return pid;
  }

  /** Resolves once the server accepts connections. Its log goes to `logPath`. */
  async start(timeoutMs: number = START_TIMEOUT_MS): Promise<void> {
    const log = openSync(this.logPath, 'a');
    const [program = '', ...words] = this.#command;
    const child = spawn(program, [...words, ...this.#arguments], { stdio: ['ignore', log, log] });
    closeSync(log);
    running.add(child);
    this.#child = child;
    child.once('exit', () => {
      running.delete(child);
      if (this.#child === child) this.#child = undefined;
    });
    await eventually(
      `${this.configPath} serves`,
      () => {
        if (!this.isRunning) throw new Error(`${this.configPath} ended at its start:\n${this.log()}`);
        return accepts(this.port);
      },
      timeoutMs,
    );
  }

  /** SIGTERM lets requests in flight end; SIGKILL does not. Resolves when the process is gone. */
  async stop(signal: 'SIGTERM' | 'SIGKILL' = 'SIGTERM'): Promise<void> {
    const child = this.#child;
    if (child === undefined) return;
    const gone = once(child, 'exit');
    child.kill(signal);
    await gone;
  }

  log(): string {
    return readFileSync(this.logPath, 'utf8');
  }

  get rssBytes(): number {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    return Number(/^VmRSS:\s+(\d+) kB$/m.exec(status)?.[1]) * 1024;
  }

  /** Paths of the files that the process has open. */
  openFiles(): string[] {
    const folder = `/proc/${this.pid}/fd`;
    return readdirSync(folder).flatMap((fd) => {
      try {
        return [readlinkSync(join(folder, fd))];
      } catch {
        return []; // closed since
      }
    });
  }
}

/** Runs one of the daemons with `--once`. Gives its exit code and what it printed. */
export async function runOnce(command: string, configPath: string): Promise<{ code: number | null; output: string }> {
  const child = spawn(join(BIN, command), [configPath, '--once', '--verbose'], { stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  let output = '';
  const collect = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on('data', collect);
  child.stderr.on('data', collect);
  const [code] = (await once(child, 'close')) as [number | null];
  running.delete(child);
  return { code, output };
}
