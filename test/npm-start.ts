/** `npm start` as a process, for tests that need a server of its own Node. */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const START_TIMEOUT_MS = 30_000;

export interface StartedCluster {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  stop(): Promise<void>;
}

/** Starts a whole cluster on the configs in `configDir`, on a free port. Throws with what it printed when it does not start. */
export async function startProcess(configDir: string): Promise<StartedCluster> {
  const args = ['--disable-warning=ExperimentalWarning', join(root, 'src/cli/start.ts'), '--config', configDir];
  const child = spawn(process.execPath, [...args, '--port', '0'], { stdio: ['ignore', 'pipe', 'pipe'] });
  const url = await addressOf(child);
  return {
    url,
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      const ended = once(child, 'exit');
      child.kill('SIGTERM');
      await ended;
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let printed = '';
    const fail = (why: string): void => {
      clearTimeout(timer);
      child.kill('SIGKILL');
      reject(new Error(`the cluster ${why}: ${printed}`));
    };
    const timer = setTimeout(() => fail('did not start in time'), START_TIMEOUT_MS);
    child.once('exit', () => fail('ended'));
    child.stderr?.on('data', (data: Buffer) => (printed += data.toString()));
    child.stdout?.on('data', (data: Buffer) => {
      printed += data.toString();
      const url = /^Apus serves (\S+)$/m.exec(printed)?.[1];
      if (url === undefined) return;
      clearTimeout(timer);
      child.removeAllListeners('exit');
      resolve(url);
    });
  });
}
