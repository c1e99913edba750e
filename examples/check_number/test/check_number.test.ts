import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { readmeCommands, startExample } from '../../../test/example-readme.ts';

const example = join(import.meta.dirname, '..');

async function answer(url: string, headers: Record<string, string> = {}): Promise<[number, string]> {
  const res = await fetch(url, { headers });
  return [res.status, await res.text()];
}

test('with security even and odd are told to who brings a token, 403 to others, and 503 when the app throws', async () => {
  const { url } = await startExample(example);
  const token = { 'x-auth-token': 'any' };
  expect(await answer(`${url}/4`, token)).toEqual([200, 'even\n']);
  expect(await answer(`${url}/5`, token)).toEqual([200, 'odd\n']);
  expect(await answer(`${url}/4`)).toEqual([403, 'You are not authorized\n']);
  expect(await answer(`${url}/x`, token)).toEqual([503, 'Service unavailable: x is no number\n']);
  const { printed, promised } = await readmeCommands(example, url);
  expect(printed).toBe(promised);
});

test('with security = False nobody is asked for a token', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'check-number-'));
  onTestFinished(() => rmSync(folder, { recursive: true }));
  cpSync(example, folder, { recursive: true });
  const conf = join(folder, 'conf.ini');
  writeFileSync(conf, readFileSync(conf, 'utf8').replace('security = high', 'security = False'));
  const { url } = await startExample(folder);
  expect(await answer(`${url}/4`)).toEqual([200, 'even\n']);
});
