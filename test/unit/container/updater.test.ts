import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runContainerUpdater } from '../../../src/container/updater.ts';
import type { SwiftRequest } from '../../../src/http/request.ts';
import type { SwiftResponse } from '../../../src/http/response.ts';
import { accountRing, ask, databaseServers, type DatabaseServers, emptyAnswer, listen } from './support.ts';

let servers: DatabaseServers;
let controller: AbortController;
beforeEach(() => {
  servers = databaseServers({}, accountRing(3));
  controller = new AbortController();
});
afterEach(() => servers.close());

const T = '1795352764.00000';

function sweep(conf: Record<string, string> = {}): Promise<void> {
  const { devices, host, containerStore: store, transport } = servers;
  mkdirSync(join(devices, 'cache'), { recursive: true });
  const localConf = { devices, mount_check: 'false', recon_cache_path: join(devices, 'cache'), ...conf };
  return runContainerUpdater({
    host,
    globalConf: {},
    localConf,
    store,
    transport,
    once: true,
    signal: controller.signal,
  });
}

/** Makes the three account servers answer with these statuses; returns what they were asked. */
function accounts(statuses: readonly number[]): SwiftRequest[] {
  const asked: SwiftRequest[] = [];
  statuses.forEach((status, at) => {
    listen(servers, `127.0.0.1:${6001 + at}`, (req): SwiftResponse => {
      asked.push(req);
      return emptyAnswer(status);
    });
  });
  return asked;
}

async function makeContainer(path: string, rows = 0): Promise<void> {
  await ask(servers.container, 'PUT', `/sdb1/1/${path}`, { 'x-timestamp': T });
  for (let at = 0; at < rows; at++) {
    const headers = { 'x-timestamp': T, 'x-size': 6, 'x-content-type': 'a/b', 'x-etag': 'e' };
    await ask(servers.container, 'PUT', `/sdb1/1/${path}/o${at}`, headers);
  }
}

describe('a sweep', () => {
  test('tells all primaries of a container that they do not know, with the recorded headers, once', async () => {
    await makeContainer('AUTH_test/c%20%C3%A9', 2);
    const asked = accounts([201, 201, 201]);
    await sweep();
    expect(asked.map((req) => [req.method, req.target]).sort()).toEqual([
      ['PUT', '/sdb1/5/AUTH_test/c%20%C3%A9'],
      ['PUT', '/sdb2/5/AUTH_test/c%20%C3%A9'],
      ['PUT', '/sdb3/5/AUTH_test/c%20%C3%A9'],
    ]);
    expect(asked[0]?.headers.toTitled()).toEqual(
      expect.arrayContaining([
        ['X-Put-Timestamp', T],
        ['X-Delete-Timestamp', '0'],
        ['X-Object-Count', '2'],
        ['X-Bytes-Used', '12'],
        ['X-Account-Override-Deleted', 'yes'],
        ['X-Backend-Storage-Policy-Index', '0'],
        ['User-Agent', `container-updater ${process.pid}`],
      ]),
    );
    asked.length = 0;
    await sweep();
    expect(asked).toEqual([]);
    expect(servers.log.lines.at(-1)).toContain('0 successes, 0 failures, 1 with no changes');
  });

  test('a majority is enough, and a deletion is told too', async () => {
    await makeContainer('AUTH_test/c');
    const asked = accounts([201, 201, 503]);
    await sweep();
    await ask(servers.container, 'DELETE', '/sdb1/1/AUTH_test/c', { 'x-timestamp': '1795352765' });
    asked.length = 0;
    await sweep();
    expect(asked.map((req) => req.headers.get('x-delete-timestamp'))).toEqual(Array(3).fill('1795352765.00000'));
    asked.length = 0;
    await sweep();
    expect(asked).toEqual([]);
  });

  test('without a majority the container is told again', async () => {
    await makeContainer('AUTH_test/c');
    const asked = accounts([201, 404, 503]);
    await sweep();
    await sweep();
    expect(asked).toHaveLength(6);
    expect(servers.log.lines.at(-1)).toContain('0 successes, 1 failures');
  });

  test('accounts that cannot be reached are logged', async () => {
    await makeContainer('AUTH_test/c');
    await sweep();
    const errors = servers.log.lines.filter((line) => line.startsWith('error'));
    expect(errors).toHaveLength(3);
    expect(errors[0]).toContain('ERROR account update failed with 127.0.0.1:6001/sdb1 (will retry later)');
  });

  test('an account that failed is left alone for account_suppression_time', async () => {
    for (const name of ['c1', 'c2', 'c3']) await makeContainer(`AUTH_test/${name}`);
    const asked = accounts([503, 503, 503]);
    await sweep({ concurrency: '1' });
    // The second container is looked at only once the report of the first has failed.
    expect(asked).toHaveLength(3);
  });

  test('a container whose account is known nowhere is quarantined', async () => {
    await makeContainer('AUTH_test/c');
    accounts([404, 404, 404]);
    await sweep();
    expect(readdirSync(join(servers.devices, 'sdb1', 'quarantined', 'containers'))).toHaveLength(1);
    expect((await ask(servers.container, 'HEAD', '/sdb1/1/AUTH_test/c')).headers.get('x-backend-put-timestamp')).toBe(
      '0000000000.00000',
    );
  });

  test('recon is told how long it took', async () => {
    accounts([201, 201, 201]);
    await sweep();
    const cache = JSON.parse(readFileSync(join(servers.devices, 'cache', 'container.recon'), 'utf8')) as object;
    expect(cache).toEqual({ container_updater_sweep: expect.any(Number) as number });
  });

  test('a recon cache that cannot be written is logged and ends nothing', async () => {
    await sweep({ recon_cache_path: join(servers.devices, 'nowhere') });
    expect(existsSync(join(servers.devices, 'nowhere'))).toBe(false);
    expect(servers.log.lines.at(-1)).toContain('error Exception dumping recon cache');
  });

  test('a device that is not mounted is left out', async () => {
    await makeContainer('AUTH_test/c');
    const asked = accounts([201, 201, 201]);
    await sweep({ mount_check: 'true' });
    expect(asked).toEqual([]);
    expect(servers.log.lines).toContain('warn Skipping sdb1 as it is not mounted');
  });

  test('a value that is none is refused with its name', async () => {
    await expect(sweep({ interval: 'often' })).rejects.toThrow('interval');
  });
});

test('a run goes on until its signal aborts, and ends at once then', async () => {
  await makeContainer('AUTH_test/c');
  const told = new Promise<void>((resolve) => {
    for (const port of [6001, 6002, 6003]) {
      listen(servers, `127.0.0.1:${port}`, () => {
        resolve();
        return emptyAnswer(201);
      });
    }
  });
  const { devices, host, containerStore: store, transport } = servers;
  mkdirSync(join(devices, 'cache'));
  const localConf = { devices, mount_check: 'false', recon_cache_path: join(devices, 'cache'), interval: '3600' };
  const run = runContainerUpdater({
    host,
    globalConf: {},
    localConf,
    store,
    transport,
    once: false,
    signal: controller.signal,
  });
  await told;
  controller.abort();
  await run;
});
