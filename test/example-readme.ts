/** Runs an example as its README says, on a port of the test's own, and gives what its commands print beside what the README promises. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { onTestFinished } from 'vitest';
import { Command } from './process/command.ts';

const run = promisify(execFile);
const bin = join(import.meta.dirname, '../bin');

interface Block {
  readonly language: string;
  readonly text: string;
}

/** Text of a README's nth block of shell commands, counted from 0. */
export function shellBlock(folder: string, at: number): string {
  return blocksOf(join(folder, 'README.md')).filter(({ language }) => language === 'sh')[at]?.text ?? '';
}

function blocksOf(path: string): Block[] {
  const text = readFileSync(path, 'utf8');
  return [...text.matchAll(/^```(\w+)\n(.*?)^```/gms)].map((match) => ({
    language: match[1] as string,
    text: match[2] as string,
  }));
}

/**
 * The launcher of an example, with its config changed: `changes` are lines to replace, by how they begin. Gives the addresses by the names
 * of the services.
 */
export async function startLauncher(
  folder: string,
  script: string,
  conf: string,
  changes: Readonly<Record<string, string>>,
): Promise<{ urls: ReadonlyMap<string, string>; command: Command }> {
  const own = mkdtempSync(join(tmpdir(), 'launcher-'));
  onTestFinished(() => rmSync(own, { recursive: true }));
  const lines = readFileSync(join(folder, conf), 'utf8').split('\n');
  const changed = lines.map((line) => {
    const begin = Object.keys(changes).find((each) => line.startsWith(each));
    return begin === undefined ? line.replace(/= (\S+\.ini)$/, `= ${folder}/$1`) : (changes[begin] as string);
  });
  writeFileSync(join(own, conf), changed.join('\n'));
  const command = new Command(join(bin, '../node_modules/.bin/node'), [
    '--disable-warning=ExperimentalWarning',
    '--disable-sigusr1',
    join(folder, script),
    join(own, conf),
  ]);
  const count = changed.filter((line) => /port = /.test(line)).length;
  const addresses = (): RegExpMatchArray[] => [...command.stdout.matchAll(/^(\S+) at (\S+)$/gm)];
  while (addresses().length < count) await command.printedMore();
  return { urls: new Map(addresses().map((match) => [match[1] as string, match[2] as string])), command };
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

/**
 * What a README's commands print, and what it says that they print. `urls`: what stands for each address in it, one for
 * the usual `http://127.0.0.1:8080`; `at`: which block it is, the second unless given.
 */
export async function readmeCommands(
  folder: string,
  urls: string | Readonly<Record<string, string>>,
  at = 1,
): Promise<{ printed: string; promised: string }> {
  const blocks = blocksOf(join(folder, 'README.md'));
  const script = shellBlock(folder, at);
  const promised = blocks.find(({ language }) => language === 'text')?.text ?? '';
  const addresses = typeof urls === 'string' ? { 'http://127.0.0.1:8080': urls } : urls;
  const here = (text: string): string =>
    Object.entries(addresses).reduce((each, [written, real]) => each.replaceAll(written, real), text);
  const { stdout } = await run('sh', ['-c', here(script).replaceAll(/curl (?!-s )/g, 'curl -s ')], { cwd: folder });
  return { printed: stdout.trim(), promised: here(promised).trim() };
}
