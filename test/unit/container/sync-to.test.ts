import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { SyncRealms, syncToFault } from '../../../src/container/sync-to.ts';
import { LineLog } from '../http/silent-log.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apus-realms-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

const scheme = (name: string): string =>
  `Invalid scheme '${name}' in X-Container-Sync-To, must be "//", "http", or "https".`;
const NO_QUERY = 'Params, queries, and fragments not allowed in X-Container-Sync-To';

// Texts recorded from Python Swift's container server.
test.each<[string, string | undefined]>([
  ['', undefined],
  ['junk', scheme('')],
  ['/x', scheme('')],
  ['ftp://127.0.0.1/v1/a/c', scheme('ftp')],
  ['http://127.0.0.1/v1/a/c', undefined],
  ['https://127.0.0.1/v1/a/c', undefined],
  ['http://127.0.0.1/v1/a', undefined],
  ['http://127.0.0.1:80/v1/a/c/o', undefined],
  ['http://127.0.0.1', 'Path required in X-Container-Sync-To'],
  ['http://127.0.0.1/v1/a/c?x=1', NO_QUERY],
  ['http://127.0.0.1/v1/a/c#f', NO_QUERY],
  ['http://127.0.0.1/v1/a/c;p', NO_QUERY],
  ['http://other/v1/a/c', "Invalid host 'other' in X-Container-Sync-To"],
  ['http:///v1/a/c', 'Invalid host None in X-Container-Sync-To'],
  ['//a/b', "Invalid X-Container-Sync-To format '//a/b'"],
  ['//r/c/a/c/o', "Invalid X-Container-Sync-To format '//r/c/a/c/o'"],
  ['//realm/cluster/a/c', "No realm key for 'realm'"],
])('X-Container-Sync-To: %s', (value, fault) => {
  const realms = new SyncRealms(join(folder, 'container-sync-realms.conf'), new LineLog());
  expect(syncToFault(value, { allowedHosts: ['127.0.0.1'], realms })).toBe(fault);
});

test('realms are read from their file, and again when it changes', () => {
  const path = join(folder, 'container-sync-realms.conf');
  const realms = new SyncRealms(path, new LineLog());
  const fault = (value: string): string | undefined => syncToFault(value, { allowedHosts: [], realms });
  expect(fault('//realm/cluster/a/c')).toBe("No realm key for 'realm'");
  writeFileSync(path, '[REALM]\nkey = secret\ncluster_cluster = http://host/v1/\n');
  expect(fault('//realm/cluster/a/c')).toBeUndefined();
  expect(fault('//realm/other/a/c')).toBe("No cluster endpoint for 'realm' 'other'");
  writeFileSync(path, '[realm2]\nkey = k\ncluster_x = http://host/v1/\n');
  utimesSync(path, 1, 1);
  expect(fault('//realm/cluster/a/c')).toBe("No realm key for 'realm'");
  expect(fault('//REALM2/X/a/c')).toBeUndefined();
});

test('a broken realms file is logged and has no realms', () => {
  const path = join(folder, 'container-sync-realms.conf');
  writeFileSync(path, 'nonsense\n');
  const log = new LineLog();
  expect(new SyncRealms(path, log).hasKey('REALM')).toBe(false);
  expect(log.lines[0]).toContain('Could not load');
});
