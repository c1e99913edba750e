import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { syncDirectory, writeFileDurably } from '../../../src/common/durable-file.ts';
import { scratchDirectory } from './scratch.ts';

let scratch: ReturnType<typeof scratchDirectory>;

beforeEach(() => {
  scratch = scratchDirectory();
});

afterEach(() => {
  scratch.remove();
});

test('a file is replaced as a whole, with mode 0600, and no temporary file stays', async () => {
  const path = join(scratch.path, 'hashes.pkl');
  writeFileSync(path, 'old');
  await writeFileDurably(path, Buffer.from('new'));
  expect(readFileSync(path, 'utf8')).toBe('new');
  expect(statSync(path).mode & 0o777).toBe(0o600);
  expect(readdirSync(scratch.path)).toEqual(['hashes.pkl']);
});

test('the temporary folder is made when it is missing', async () => {
  await writeFileDurably(join(scratch.path, 'f'), Buffer.from('x'), { temporaryDirectory: join(scratch.path, 'tmp') });
  expect(readdirSync(join(scratch.path, 'tmp'))).toEqual([]);
});

test('a failed replacement throws and leaves the old file alone', async () => {
  mkdirSync(join(scratch.path, 'taken'));
  await expect(writeFileDurably(join(scratch.path, 'taken'), Buffer.from('x'))).rejects.toMatchObject({
    code: 'EISDIR',
  });
  await expect(writeFileDurably(join(scratch.path, 'none/f'), Buffer.from('x'))).rejects.toMatchObject({
    code: 'ENOENT',
  });
  expect(readdirSync(scratch.path)).toEqual(['taken']);
});

test('a folder is synced, one that is missing is ENOENT', async () => {
  await syncDirectory(scratch.path);
  await expect(syncDirectory(join(scratch.path, 'none'))).rejects.toMatchObject({ code: 'ENOENT' });
});
