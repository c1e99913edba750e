import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { type FilterModule, HttpError } from '../../../src/middleware-api.ts';
import { type Cluster, type ClusterOptions, startCluster } from '../../../src/testing.ts';
import { scratchDirectory } from '../common/scratch.ts';

async function cluster(options?: ClusterOptions): Promise<Cluster> {
  const started = await startCluster(options);
  onTestFinished(() => started.stop());
  return started;
}

/** Refuses what its section names, and marks what passes. */
const refuser: FilterModule = {
  confSpec: { refused: { type: 'text', doc: 'End of the names that are refused.' } },
  filterFactory: (_globalConf, localConf) => (app) => async (req) => {
    if (req.path.endsWith(localConf['refused'] ?? '?')) throw new HttpError(403);
    const res = await app(req);
    res.headers.set('x-passed', 'yes');
    return res;
  },
};

async function roundTrip({ fetch }: Cluster): Promise<string> {
  await fetch('/c', { method: 'PUT' });
  expect((await fetch('/c/o', { method: 'PUT', body: 'hello' })).status).toBe(201);
  return (await fetch('/c/o')).text();
}

test('objects are stored and listed, in memory or on disk, and the folder is gone afterwards', async () => {
  for (const memory of [true, false]) {
    const started = await cluster({ memory });
    expect(await roundTrip(started)).toBe('hello');
    expect(await (await started.fetch('/c')).text()).toBe('o\n');
    expect(existsSync(started.folder)).toBe(true);
    await started.stop();
    expect(existsSync(started.folder)).toBe(false);
  }
});

test('a filter given as a module stands where it was asked for', async () => {
  const started = await cluster({
    filters: [{ name: 'refuser', module: refuser, options: { refused: '.exe' }, before: 'tempauth' }],
  });
  expect(started.pipeline.at(started.pipeline.indexOf('refuser') + 1)).toBe('tempauth');
  expect(await roundTrip(started)).toBe('hello');
  expect((await started.fetch('/c/o')).headers.get('x-passed')).toBe('yes');
  expect((await started.fetch('/c/x.exe', { method: 'PUT', body: '' })).status).toBe(403);
  expect((await fetch(`${started.url}/v1/AUTH_test/x.exe`)).status).toBe(403);
});

test('only users that tempauth knows get a token', async () => {
  const started = await cluster();
  const { storageUrl } = await started.authenticate({ user: 'test2:tester2', key: 'testing2' });
  expect(storageUrl).toBe(`${started.url}/v1/AUTH_test2`);
  await expect(started.authenticate({ user: 'test:tester', key: 'wrong' })).rejects.toThrow('got no token: 401');
});

test('a config of its own is used, with what lies beside it', async () => {
  const scratch = scratchDirectory();
  onTestFinished(() => scratch.remove());
  const configDir = join(scratch.path, 'etc');
  await mkdir(configDir);
  const conf = `[DEFAULT]
bind_port = 8080
bind_ip = 127.0.0.1
user = root
swift_dir = %(here)s/../../var/swift
[pipeline:main]
pipeline = catch_errors mine proxy-server
[app:proxy-server]
use = egg:swift#proxy
account_autocreate = true
[filter:catch_errors]
use = egg:swift#catch_errors
[filter:mine]
paste.filter_factory = ./mine.mjs:filterFactory
`;
  const filter = `export const filterFactory = () => (app) => async (req) => {
  const res = await app(req);
  res.headers.set('x-mine', 'yes');
  return res;
};\n`;
  await writeFile(join(configDir, 'proxy-server.conf'), conf);
  await writeFile(join(configDir, 'mine.mjs'), filter);
  const started = await cluster({ configDir });
  const res = await fetch(`${started.url}/v1/AUTH_test/c`, { method: 'PUT' });
  expect([res.status, res.headers.get('x-mine')]).toEqual([201, 'yes']);
  expect(existsSync(join(scratch.path, 'var'))).toBe(false);
});

test('a filter that fails to start takes the folder and everything else down with it', async () => {
  const failing: FilterModule = {
    filterFactory: (_globalConf, _localConf, host) => {
      host.log.warn('about to fail');
      throw new Error('not today');
    },
  };
  await expect(startCluster({ filters: [{ name: 'failing', module: failing }] })).rejects.toThrow('not today');
});

test.each([
  ['a place that the pipeline does not have', { name: 'x', module: refuser, before: 'nothing' }, 'before nothing'],
  ['a name that is taken', { name: 'cache', module: refuser }, 'has a cache already'],
  ['no factory', { name: 'x' }, 'needs one of module, use and factory'],
])('a filter with %s is refused', async (_what, filter, message) => {
  await expect(startCluster({ filters: [filter] })).rejects.toThrow(message);
});

test('a pipeline may name any filter that is built in', async () => {
  const pipeline = 'catch_errors gatekeeper cache listing_formats tempauth copy container-quotas slo dlo proxy-server';
  await using cluster = await startCluster({ pipeline });
  await cluster.fetch('/c', { method: 'PUT', headers: { 'x-container-meta-quota-bytes': '1' } });
  expect((await cluster.fetch('/c/o', { method: 'PUT', body: 'x' })).status).toBe(201);
  expect((await cluster.fetch('/c/p', { method: 'PUT', headers: { 'x-copy-from': '/c/o' } })).status).toBe(201);
  expect((await cluster.fetch('/c/q', { method: 'PUT', body: 'xx' })).status).toBe(413);
});
