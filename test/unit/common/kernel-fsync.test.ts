import { closeSync, mkdirSync, openSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { syncDescriptors } from '../../../src/common/kernel-fsync.ts';
import { scratchDirectory } from './scratch.ts';

let scratch: ReturnType<typeof scratchDirectory>;
let file: number;
let folder: number;

beforeEach(() => {
  scratch = scratchDirectory();
  writeFileSync(join(scratch.path, 'file'), 'x');
  mkdirSync(join(scratch.path, 'folder'));
  file = openSync(join(scratch.path, 'file'), 'r+');
  folder = openSync(join(scratch.path, 'folder'), 'r');
});

afterEach(() => {
  closeSync(file);
  closeSync(folder);
  scratch.remove();
});

test('files and directories are synced together', async () => {
  await syncDescriptors([file, folder]);
  await syncDescriptors([folder]);
  await syncDescriptors([]);
});

test('more descriptors than are handed over in one call are synced, and more calls than the kernel takes at once', async () => {
  await syncDescriptors(Array.from({ length: 40 }, () => file));
  const calls = Array.from({ length: 600 }, () => syncDescriptors([file, folder]));
  expect(await Promise.all(calls)).toHaveLength(600);
});

test('a descriptor that cannot be synced fails its own call, with the name of the error, and no other', async () => {
  const device = openSync('/dev/null', 'r');
  try {
    const [bad, unsynced, mixed, good] = await Promise.allSettled([
      syncDescriptors([1 << 20]),
      syncDescriptors([device]),
      syncDescriptors([file, device, folder]),
      syncDescriptors([file, folder]),
    ]);
    expect(bad).toMatchObject({ status: 'rejected', reason: { code: 'EBADF' } });
    expect(unsynced).toMatchObject({ status: 'rejected', reason: { code: 'EINVAL' } });
    expect(mixed).toMatchObject({ status: 'rejected', reason: { code: 'EINVAL' } });
    expect(good.status).toBe('fulfilled');
  } finally {
    closeSync(device);
  }
});
