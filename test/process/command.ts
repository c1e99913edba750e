import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { onTestFinished } from 'vitest';

const bin = fileURLToPath(new URL('../../bin', import.meta.url));

export interface CommandOptions {
  env?: Record<string, string>;
  cwd?: string;
}

/** A command of bin/ (or any other) that runs as a process group of its own; what is left of it is killed when the test is over. */
export class Command {
  readonly child: ChildProcess;
  stdout = '';
  stderr = '';
  readonly exited: Promise<{ code: number | null; signal: string | null }>;
  #notify: (() => void)[] = [];

  constructor(name: string, args: readonly string[], options: CommandOptions = {}) {
    this.child = spawn(name.includes('/') ? name : `${bin}/${name}`, args, {
      detached: true,
      stdio: ['ignore', 'pipe', 'pipe'],
      env: { ...process.env, ...options.env },
      cwd: options.cwd,
    });
    this.child.stdout?.on('data', (chunk: Buffer) => this.#add('stdout', chunk));
    this.child.stderr?.on('data', (chunk: Buffer) => this.#add('stderr', chunk));
    this.exited = once(this.child, 'close').then(([code, signal]) => {
      this.#wake();
      return { code: code as number | null, signal: signal as string | null };
    });
    onTestFinished(async () => {
      this.signal('SIGKILL', { group: true });
      await this.exited;
    });
  }

  get pid(): number {
    return this.child.pid as number;
  }

  signal(name: NodeJS.Signals, options: { group?: boolean } = {}): void {
    try {
      process.kill(options.group === true ? -this.pid : this.pid, name);
    } catch {
      // It is gone already.
    }
  }

  /** Waits until standard error holds `count` times `text`; throws when the command ends before. */
  async said(text: string, count = 1): Promise<void> {
    await this.#until(() => this.stderr.split(text).length > count, text);
  }

  async printed(text: string): Promise<void> {
    await this.#until(() => this.stdout.includes(text), text);
  }

  /** Waits until standard output holds more than it does now; throws when the command ends before. */
  async printedMore(): Promise<void> {
    const { length } = this.stdout;
    await this.#until(() => this.stdout.length > length, 'more');
  }

  async #until(enough: () => boolean, text: string): Promise<void> {
    while (!enough()) {
      if (this.child.exitCode !== null || this.child.signalCode !== null)
        throw new Error(`ended without saying ${JSON.stringify(text)}: ${this.stdout}${this.stderr}`);
      await new Promise<void>((resolve) => this.#notify.push(resolve));
    }
  }

  #add(stream: 'stdout' | 'stderr', chunk: Buffer): void {
    this[stream] += chunk.toString();
    this.#wake();
  }

  #wake(): void {
    for (const notify of this.#notify.splice(0)) notify();
  }

  /** Processes of the command that live, its parent first. */
  pids(): number[] {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .filter((pid) => groupOf(pid) === this.pid)
      .sort((a, b) => a - b);
  }

  /** Processes of the command beside its parent. */
  workerPids(): number[] {
    return this.pids().filter((pid) => pid !== this.pid);
  }
}

/** Process group of a process that lives. */
function groupOf(pid: number): number | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const [state, , group] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return state === 'Z' ? undefined : Number(group);
  } catch {
    return undefined;
  }
}

/** Polls until `condition` gives something true; throws after `timeoutMs`. */
export async function eventually<T>(condition: () => T | Promise<T>, timeoutMs = 15_000): Promise<T> {
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const value = await condition();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not so after ${timeoutMs} ms: ${condition.toString()}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
