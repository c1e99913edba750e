import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { lockDirectory, type DirectoryLock } from '../../../src/common/directory-lock.ts';
import { readUnshardedInfo } from '../../../src/container/container-information.ts';
import { openContainerStore } from '../../../src/container/open-container-store.ts';
import type { ContainerStore } from '../../../src/container/container-store.ts';
import type { LoopDatabase } from '../../../src/db/loop-database.ts';
import { LoopDatabases } from '../../../src/db/loop-databases.ts';
import { TestDevice } from './support.ts';

let device: TestDevice;
let store: ContainerStore;
let loop: LoopDatabases;
let path: string;

beforeEach(async () => {
  device = new TestDevice();
  store = openContainerStore(device.options);
  loop = new LoopDatabases('container', device.devices);
  path = device.path('containers', device.hashOf());
  await store.putContainer(device.locator(), {
    timestamp: '1700000000.00000',
    defaultPolicyIndex: 0,
    metadata: { 'X-Container-Meta-Color': 'red' },
  });
  used();
});

afterEach(async () => {
  loop.close();
  await store.close();
  device.remove();
});

function used<T>(read: (database: LoopDatabase) => T | undefined = () => undefined): T | undefined {
  return loop.read(device.hashOf(), read);
}

function hash(): string | undefined {
  return used((database) => database.known(readUnshardedInfo))?.hash;
}

function setHash(text: string): void {
  const database = new DatabaseSync(path);
  database.prepare('UPDATE container_info SET hash = ?').run(text);
  database.close();
}

function append(entry = ':x'): boolean | undefined {
  return loop.write(device.hashOf(), (database) => database.append(entry));
}

test('a database that was not used of late is left to its thread', () => {
  const fresh = new LoopDatabases('container', device.devices);
  const read = (): string | undefined => fresh.read(device.hashOf(), () => 'read');
  expect([read(), read()]).toEqual([undefined, 'read']);
  fresh.close();
  expect(read()).toBeUndefined();
});

test('of many databases those used last are known', () => {
  for (let at = 0; at < 40; at++) loop.read(device.hashOf(`other${at}`), () => 0);
  expect(used(() => 'read')).toBeUndefined();
  expect(used(() => 'read')).toBe('read');
});

test('what another process writes is seen at once, however fast it follows', () => {
  const writer = new DatabaseSync(path);
  writer.exec('PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY');
  const write = writer.prepare('UPDATE container_info SET hash = ?');
  for (let at = 0; at < 200; at++) {
    write.run(`hash ${at}`);
    expect(hash()).toBe(`hash ${at}`);
    expect(hash()).toBe(`hash ${at}`);
  }
  writer.close();
});

test('what was read is remembered until the file changes', async () => {
  const known = (): object | undefined => used((database) => database.known(readUnshardedInfo));
  await expect.poll(() => known() === known()).toBe(true);
  const before = known();
  setHash('other');
  expect(known()).not.toBe(before);
});

test('a file that takes the place of another is read anew', () => {
  expect(hash()).toMatch(/^0+$/);
  copyFileSync(path, `${path}.copy`);
  const copy = new DatabaseSync(`${path}.copy`);
  copy.exec("UPDATE container_info SET hash = 'replaced'");
  copy.close();
  renameSync(`${path}.copy`, path);
  expect(hash()).toBe('replaced');
});

test('a database that is gone, or has a second file, is left to its thread', () => {
  const second = path.replace('.db', '_1700000000.00000.db');
  copyFileSync(path, second);
  expect(hash()).toBeUndefined();
  rmSync(second);
  expect(hash()).toBeDefined();
  rmSync(dirname(path), { recursive: true });
  expect(hash()).toBeUndefined();
  expect(append()).toBeUndefined();
  expect(existsSync(dirname(path))).toBe(false);
});

test('a database that is being written is left to its thread, without waiting', () => {
  const writer = new DatabaseSync(path);
  writer.exec('BEGIN EXCLUSIVE');
  expect(hash()).toBeUndefined();
  writer.exec('COMMIT');
  writer.close();
  expect(hash()).toBeDefined();
});

test('a damaged file is left to its thread', () => {
  writeFileSync(path, 'no database');
  expect(hash()).toBeUndefined();
});

test('an entry is appended while the folder is not locked and not too much waits', async () => {
  const pending = (): string => readFileSync(`${path}.pending`, 'latin1');
  expect([append(':a'), append(':b')]).toEqual([true, true]);
  expect(pending()).toBe(':a:b');
  expect(used((database) => database.hasPending())).toBe(true);
  const lock = (await lockDirectory(dirname(path))) as DirectoryLock;
  expect(append(':c')).toBe(false);
  lock.release();
  expect(pending()).toBe(':a:b');
  writeFileSync(`${path}.pending`, 'x'.repeat(131_073));
  expect(append(':d')).toBe(false);
  expect(pending()).toHaveLength(131_073);
});

test('a store lists at once what it was given at once', async () => {
  const names: string[] = [];
  for (let at = 0; at < 5; at++) {
    const row = {
      name: `o${at}`,
      created_at: `1700000001.0000${at}`,
      size: 1,
      content_type: 'a/b',
      etag: 'e',
      deleted: 0 as const,
      storage_policy_index: 0,
    };
    names.push(row.name);
    expect(await store.putRow(device.locator(), { row, acceptRedirect: true })).toEqual({ kind: 'stored' });
    if (at % 2 === 0) continue;
    const found = await store.list(device.locator(), { limit: 10, format: 'plain', recordType: 'auto' });
    expect(new TextDecoder().decode(found?.listing?.bytes)).toBe(`${names.join('\n')}\n`);
    expect((await store.getInfo(device.locator()))?.object_count).toBe(names.length);
  }
});
