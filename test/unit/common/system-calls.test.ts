import { closeSync, fstatSync, openSync, readFileSync, readdirSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import {
  allocateSpace,
  allocateSpaceAsync,
  dropCache,
  errorCode,
  getXattr,
  getXattrAsync,
  linkDescriptor,
  listDirectory,
  makeDirectory,
  openUnnamed,
  removeXattr,
  setXattr,
  supportsUserXattrs,
  SystemCallError,
  systemTimeSec,
  threadWaits,
  tryFlock,
} from '../../../src/common/system-calls.ts';
import { scratchDirectory } from './scratch.ts';

let scratch: ReturnType<typeof scratchDirectory>;
const descriptors: number[] = [];

beforeEach(() => {
  scratch = scratchDirectory();
});

afterEach(() => {
  for (const fd of descriptors.splice(0)) closeSync(fd);
  scratch.remove();
});

function opened(fd: number): number {
  descriptors.push(fd);
  return fd;
}

function codeOf(run: () => unknown): string | undefined {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(SystemCallError);
    return errorCode(error);
  }
  return undefined;
}

test('an extended attribute is read back, replaced, removed, and then missing', async () => {
  const fd = opened(openSync(join(scratch.path, 'f'), 'w'));
  expect(getXattr(fd, 'user.a')).toBeUndefined();
  setXattr(fd, 'user.a', Buffer.from('one'));
  setXattr(fd, 'user.b', Buffer.alloc(0));
  expect(getXattr(fd, 'user.a')?.toString()).toBe('one');
  expect((await getXattrAsync(fd, 'user.a'))?.toString()).toBe('one');
  expect(getXattr(fd, 'user.b')?.length).toBe(0);
  removeXattr(fd, 'user.a');
  expect(await getXattrAsync(fd, 'user.a')).toBeUndefined();
  expect(codeOf(() => removeXattr(fd, 'user.a'))).toBe('ENODATA');
});

test('failed calls carry the name of their error, sync and async', async () => {
  expect(codeOf(() => setXattr(9999, 'user.a', Buffer.from('x')))).toBe('EBADF');
  expect(codeOf(() => getXattr(9999, 'user.a'))).toBe('EBADF');
  await expect(getXattrAsync(9999, 'user.a')).rejects.toMatchObject({ code: 'EBADF' });
  await expect(allocateSpaceAsync(9999, 1)).rejects.toMatchObject({ code: 'EBADF' });
});

test('space is set aside without a change of size', async () => {
  const fd = opened(openSync(join(scratch.path, 'f'), 'w'));
  allocateSpace(fd, 1 << 20);
  await allocateSpaceAsync(fd, 2 << 20);
  expect(fstatSync(fd).size).toBe(0);
  expect(fstatSync(fd).blocks * 512).toBeGreaterThanOrEqual(2 << 20);
});

test('more space than any disk has is ENOSPC or EFBIG', () => {
  const fd = opened(openSync(join(scratch.path, 'f'), 'w'));
  expect(['ENOSPC', 'EFBIG']).toContain(codeOf(() => allocateSpace(fd, 2 ** 52)));
});

test('an unnamed file appears complete when it is linked, and a taken name is EEXIST', () => {
  const fd = opened(openUnnamed(scratch.path));
  writeSync(fd, 'whole');
  expect(readdirSync(scratch.path)).toEqual([]);
  linkDescriptor(fd, join(scratch.path, 'name'));
  expect(readFileSync(join(scratch.path, 'name'), 'utf8')).toBe('whole');
  expect(codeOf(() => linkDescriptor(fd, join(scratch.path, 'name')))).toBe('EEXIST');
  const second = opened(openUnnamed(scratch.path));
  expect(codeOf(() => linkDescriptor(second, join(scratch.path, 'none/x')))).toBe('ENOENT');
  linkDescriptor(second, join(scratch.path, 'second'));
  expect(readdirSync(scratch.path)).toEqual(['name', 'second']);
});

test('a flock held by one open file is refused to another until it is closed', () => {
  const path = join(scratch.path, 'lock');
  const first = openSync(path, 'w');
  const second = opened(openSync(path, 'w'));
  expect(tryFlock(first)).toBe(true);
  expect(tryFlock(second)).toBe(false);
  closeSync(first);
  expect(tryFlock(second)).toBe(true);
});

test('cache hints never throw', () => {
  dropCache(9999, 0, 1);
});

test('support for user xattrs is found out, and nothing is left behind', () => {
  expect(supportsUserXattrs(scratch.path)).toBe(true);
  expect(readdirSync(scratch.path)).toEqual([]);
  expect(() => supportsUserXattrs(join(scratch.path, 'missing'))).toThrow(/ENOENT/);
});

test('the system time is that of the clock, finer than its milliseconds, and never stands still for long', () => {
  const seen = new Set<number>();
  for (let at = 0; at < 1000; at++) {
    const before = Date.now();
    const time = systemTimeSec() * 1000;
    const after = Date.now();
    expect(time).toBeGreaterThanOrEqual(before);
    expect(time).toBeLessThan(after + 1);
    seen.add(time);
  }
  expect(seen.size).toBeGreaterThan(500);
});

test('every wait of this thread is counted', () => {
  const before = threadWaits();
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 1);
  expect(threadWaits()).toBeGreaterThan(before);
});

test.each([4096, 4097, 60_000])('an attribute of %i bytes is read whole, if the file system takes it', (sizeBytes) => {
  const fd = opened(openSync(join(scratch.path, 'f'), 'wx'));
  const value = Buffer.alloc(sizeBytes, 'v');
  try {
    setXattr(fd, 'user.swift.metadata', value);
  } catch (error) {
    expect(errorCode(error)).toBe('ENOSPC'); // ext4 keeps one block
    return;
  }
  expect(getXattr(fd, 'user.swift.metadata')?.equals(value)).toBe(true);
});

test('a directory is listed, however many names are in it, and one that is not there gives nothing', () => {
  expect(listDirectory(join(scratch.path, 'none'))).toBeUndefined();
  expect(listDirectory(scratch.path)).toEqual([]);
  const names = Array.from({ length: 2000 }, (_, i) => `${i}-${'n'.repeat(i % 200)}é`);
  for (const name of names) closeSync(openSync(join(scratch.path, name), 'wx'));
  expect(listDirectory(scratch.path)?.sort()).toEqual(names.sort());
  expect(codeOf(() => listDirectory(join(scratch.path, names[0] as string)))).toBe('ENOTDIR');
});

test('a directory is made, was there, or has no parent; other faults are told', () => {
  const path = join(scratch.path, 'a');
  expect(makeDirectory(join(path, 'b'))).toBe('no-parent');
  expect(makeDirectory(path)).toBe('made');
  expect(makeDirectory(path)).toBe('exists');
  closeSync(openSync(join(path, 'file'), 'wx'));
  expect(codeOf(() => makeDirectory(join(path, 'file/b')))).toBe('ENOTDIR');
});
