/** Runs an example as its README says, on a port of the test's own, and gives what its commands print beside what the README promises. */

import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Command } from './process/command.ts';

const run = promisify(execFile);
const bin = join(import.meta.dirname, '../bin');

interface Block {
  readonly language: string;
  readonly text: string;
}

function blocksOf(path: string): Block[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map((match) => ({
    language: match[1] as string,
    text: match[2] as string,
  }));
}

/** A server that was started as the README's first block says. */
export async function startExample(folder: string): Promise<{ url: string; command: Command }> {
  const first =
    blocksOf(join(folder, 'README.md'))
      .find(({ language }) => language === 'sh')
      ?.text.trim() ?? '';
  const [program, ...args] = first.split(/\s+/);
  const command = new Command(join(bin, program as string), [...args, '--port', '0'], { cwd: folder });
  await command.printed('\n');
  return { url: /http:\S+/.exec(command.stdout)?.[0] ?? '', command };
}

/** What the README's second block prints, and what its third says that it prints. */
export async function readmeCommands(folder: string, url: string): Promise<{ printed: string; promised: string }> {
  const blocks = blocksOf(join(folder, 'README.md'));
  const script = blocks.filter(({ language }) => language === 'sh')[1]?.text ?? '';
  const promised = blocks.find(({ language }) => language === 'text')?.text ?? '';
  const here = (text: string): string => text.replaceAll('http://127.0.0.1:8080', url);
  const { stdout } = await run('sh', ['-c', here(script).replaceAll('curl ', 'curl -s ')], { cwd: folder });
  return { printed: stdout.trim(), promised: here(promised).trim() };
}
