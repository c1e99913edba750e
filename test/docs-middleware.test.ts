import { execFile } from 'node:child_process';
import { readFile, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { scratchDirectory } from './unit/common/scratch.ts';

const root = join(import.meta.dirname, '..');
const PORT_IN_TEXT = '8080';

/** What a reader does (a command, a file to write) and what they then see. */
type Step = { kind: 'sh' | 'text'; text: string; path?: never } | { kind: 'file'; path: string; text: string };

/** Fenced blocks up to the second part: `sh`, `text` behind it for what it prints, any other with a path for a file. */
function stepsOf(page: string): Step[] {
  const session = page.slice(0, page.indexOf('\n## The contract'));
  return [...session.matchAll(/^```(\w+)(?: (\S+))?\n(.*?)^```$/gms)].map(([, language, path, text = '']) => {
    if (path !== undefined) return { kind: 'file', path, text };
    if (language !== 'sh' && language !== 'text') throw new Error(`a block of ${language} without a file's name`);
    return { kind: language, text };
  });
}

/** One script for all steps; each command's output ends with a mark of its number. */
function scriptOf(steps: readonly Step[]): string {
  const lines = steps.map((step, at) => {
    switch (step.kind) {
      case 'sh':
        return `${step.text}printf '\\n%s\\n' 'end of step ${at}'\n`;
      case 'file':
        return `mkdir -p "$(dirname ${step.path})"\ncat > ${step.path} <<'END OF FILE'\n${step.text}END OF FILE\n`;
      case 'text':
        return '';
    }
  });
  return `set -eu\ntrap 'kill $(jobs -p) 2>/dev/null || true' EXIT\n${lines.join('')}`;
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return String(port);
}

test('the session of docs/middleware.md prints what the page says', { timeout: 120_000 }, async () => {
  const scratch = scratchDirectory();
  onTestFinished(() => scratch.remove());
  const page = (await readFile(join(root, 'docs/middleware.md'), 'utf8')).replaceAll(PORT_IN_TEXT, await freePort());
  const steps = stepsOf(page);
  const script = join(scratch.path, 'session.sh');
  await writeFile(script, scriptOf(steps));
  // What `npm start` installs before it starts is there: it must not be replaced under the tests that run.
  const npm = { npm_config_ignore_scripts: 'true' };
  const env = { ...process.env, APUS: root, ...npm, NODE_ENV: undefined, VITEST: undefined };
  const { promise, resolve } = Promise.withResolvers<{ stdout: string; fault: string }>();
  execFile('bash', [script], { cwd: scratch.path, env, timeout: 100_000 }, (error, stdout, stderr) =>
    resolve({ stdout, fault: error === null ? '' : `${error.message}\n${stderr}\nafter: ${stdout}` }),
  );
  const { stdout, fault } = await promise;
  expect(fault).toBe('');
  let rest = stdout;
  steps.forEach((step, at) => {
    if (step.kind !== 'sh') return;
    const mark = `\nend of step ${at}\n`;
    const end = rest.indexOf(mark);
    const printed = rest.slice(0, end).replaceAll('\r', '').trim();
    rest = rest.slice(end + mark.length);
    const expected = steps[at + 1];
    if (expected?.kind === 'text') expect(printed).toBe(expected.text.trim());
  });
});
