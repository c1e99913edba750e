import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readmeCommands, startExample } from '../../../test/example-readme.ts';

const example = join(import.meta.dirname, '..');

test('the versions are told as JSON with 300, other paths and methods are not there', async () => {
  const { url } = await startExample(example);
  const res = await fetch(`${url}/`);
  expect([res.status, res.headers.get('content-type')]).toEqual([300, 'application/json']);
  expect(((await res.json()) as { versions: { id: string }[] }).versions.map(({ id }) => id)).toEqual(['v1.1', 'v1.0']);
  expect((await fetch(`${url}/v9`)).status).toBe(404);
  expect((await fetch(`${url}/`, { method: 'DELETE' })).status).toBe(405);
  const { printed, promised } = await readmeCommands(example, url);
  expect(printed).toBe(promised);
});
