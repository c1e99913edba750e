/** Programs that the bench runs; none outlives it. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});

/** Starts a program whose standard output is read; what it says of faults comes to the terminal. */
export function startChild(program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], env: { ...process.env, ...env } });
  running.add(child);
  child.once('exit', () => running.delete(child));
  return child;
}

/** A program of this folder, by Node. */
export function startNode(path: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): ChildProcess {
  return startChild(process.execPath, ['--disable-warning=ExperimentalWarning', path, ...args], env);
}

/** The first line that a program prints, as JSON. Throws when it ends without one. */
export async function firstLine<T>(child: ChildProcess): Promise<T> {
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  for await (const line of lines) return JSON.parse(line) as T;
  throw new Error(`${child.spawnargs.join(' ')} ended without a word`);
}

/** What a program printed until its end. Throws when it fails. */
export async function outputOf(child: ChildProcess): Promise<string> {
  let output = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${child.spawnargs.join(' ')} ended with ${code}: ${output}`);
  return output;
}

export async function endChild(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = once(child, 'exit');
  child.kill('SIGKILL');
  await gone;
}
