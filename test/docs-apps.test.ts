import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { Command } from './process/command.ts';

test('the app of docs/apps.md runs, and the command finds nothing wrong with it', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'docs-apps-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  const page = readFileSync(join(import.meta.dirname, '../docs/apps.md'), 'utf8');
  const block = (language: string): string =>
    new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\``, 'ms').exec(page)?.[1] ?? '';
  writeFileSync(join(folder, 'api.ini'), block('ini').replace('port = 8080', 'port = 0'));
  writeFileSync(join(folder, 'api.ts'), block('ts'));

  const check = new Command('apus', ['check', 'api.ini'], { cwd: folder });
  expect([(await check.exited).code, check.stderr]).toEqual([0, '']);
  const server = new Command('apus', ['serve', 'api.ini'], { cwd: folder });
  await server.printed('\n');
  const url = /http:\S+/.exec(server.stdout)?.[0] ?? '';
  const ask = async (path: string, headers: Record<string, string> = {}): Promise<[number, string]> => {
    const res = await fetch(url + path, { headers });
    return [res.status, await res.text()];
  };
  const token = { 'x-auth-token': 'x' };
  expect(await ask('/')).toEqual([300, 'v1\n']);
  expect(await ask('/v1/servers')).toEqual([403, 'no token\n']);
  expect(await ask('/v1/servers', token)).toEqual([200, '{"servers":[]}']);
  expect(await ask('/v1/servers/7', token)).toEqual([200, 'server 7\n']);
  expect(await ask('/v1/about', token)).toEqual([300, 'v1\n']);
  expect((await ask('/v1/nothing', token))[0]).toBe(404);
});
