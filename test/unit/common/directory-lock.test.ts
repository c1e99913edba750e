import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  DirectoryLock,
  lockDirectory,
  LockTimeoutError,
  withDirectoryLock,
} from '../../../src/common/directory-lock.ts';
import { scratchDirectory } from './scratch.ts';

let scratch: ReturnType<typeof scratchDirectory>;

beforeEach(() => {
  scratch = scratchDirectory();
});

afterEach(() => {
  scratch.remove();
});

test('a free lock is taken at once, in a directory that is made for it', () => {
  const directory = join(scratch.path, 'a/b');
  const lock = lockDirectory(directory);
  expect(lock).toBeInstanceOf(DirectoryLock);
  expect(existsSync(join(directory, '.lock'))).toBe(true);
  (lock as DirectoryLock).release();
});

test('waiters get the lock one at a time, in the order they asked', async () => {
  const order: number[] = [];
  let inside = 0;
  const work = (id: number) => async (): Promise<void> => {
    expect(++inside).toBe(1);
    await new Promise((resolve) => setImmediate(resolve));
    order.push(id);
    inside--;
  };
  await Promise.all([1, 2, 3, 4].map((id) => withDirectoryLock(scratch.path, work(id))));
  expect(order).toEqual([1, 2, 3, 4]);
});

test('who waits longer than the time-out gets LockTimeoutError, and the others are served still', async () => {
  const held = (await lockDirectory(scratch.path)) as DirectoryLock;
  const impatient = lockDirectory(scratch.path, { timeoutMs: 5 });
  const patient = lockDirectory(scratch.path);
  await expect(impatient).rejects.toBeInstanceOf(LockTimeoutError);
  held.release();
  held.release();
  (await patient).release();
});

test('locks of different names do not exclude one another', async () => {
  using first = await lockDirectory(scratch.path);
  using second = await lockDirectory(scratch.path, { name: 'replication', timeoutMs: 50 });
  expect(existsSync(join(scratch.path, '.lock-replication'))).toBe(true);
  expect(first).not.toBe(second);
});

test('work that throws frees the lock', async () => {
  await expect(withDirectoryLock(scratch.path, () => Promise.reject(new Error('no')))).rejects.toThrow('no');
  expect(lockDirectory(scratch.path)).toBeInstanceOf(DirectoryLock);
});

test('another process that holds the flock is waited for', async () => {
  const script = `exec 9>"${scratch.path}/.lock"; flock 9; echo held; read line`;
  const other = spawn('/bin/bash', ['-c', script], { stdio: ['pipe', 'pipe', 'inherit'] });
  try {
    await once(other.stdout, 'data');
    const waiting = lockDirectory(scratch.path);
    expect(waiting).toBeInstanceOf(Promise);
    await expect(lockDirectory(scratch.path, { timeoutMs: 30 })).rejects.toBeInstanceOf(LockTimeoutError);
    other.stdin.end('go\n');
    (await waiting).release();
  } finally {
    other.kill();
  }
});
