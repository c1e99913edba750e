import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { filterFactory } from '../../../src/middleware/backend-ratelimit.ts';
import { SwiftResponse } from '../../../src/middleware-api.ts';
import { type FakeHost, fakeHost, load, request } from '../../../src/testing.ts';

let folder = '';
let host: FakeHost;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'apus-rates-'));
  host = fakeHost({ clock: 1000, swiftDir: folder });
});
afterEach(() => rmSync(folder, { recursive: true }));

async function server(conf: Record<string, string>): Promise<(method: string, path: string) => Promise<number>> {
  const filter = await load(filterFactory, conf, async () => new SwiftResponse(200), host);
  return async (method, path) => (await filter(request(method, path))).status;
}

test('each device gets its rate, and what it saved up, and 529 beyond it', async () => {
  const ask = await server({ requests_per_device_per_second: '2' });
  const statuses = [];
  for (let count = 0; count < 4; count++) statuses.push(await ask('GET', '/sda/1/a'));
  expect(statuses).toEqual([200, 200, 200, 529]);
  expect(await ask('GET', '/sdb/1/a')).toBe(200);
  host.clock += 0.5;
  expect([await ask('PUT', '/sda/2/a/c'), await ask('GET', '/sda/2/a')]).toEqual([200, 529]);
});

test('a method has a rate of its own', async () => {
  const ask = await server({ put_requests_per_device_per_second: '1', requests_per_device_rate_buffer: '0' });
  expect([await ask('PUT', '/sda/1/a'), await ask('PUT', '/sda/1/a'), await ask('GET', '/sda/1/a')]).toEqual([
    200, 529, 200,
  ]);
});

test('what is for no partition, and methods that do not count, pass', async () => {
  const ask = await server({ requests_per_device_per_second: '1', requests_per_device_rate_buffer: '0' });
  for (const path of ['/healthcheck', '/recon/load', '/sda/x/a']) {
    expect([await ask('GET', path), await ask('GET', path)]).toEqual([200, 200]);
  }
  expect([await ask('SSYNC', '/sda/1'), await ask('SSYNC', '/sda/1')]).toEqual([200, 200]);
});

test('a file of rates is read again while the server runs; one that is wrong or gone changes nothing', async () => {
  const file = join(folder, 'backend-ratelimit.conf');
  const ask = await server({ requests_per_device_rate_buffer: '0', config_reload_interval: '10' });
  const twice = async (): Promise<number[]> => [await ask('GET', '/sda/1/a'), await ask('GET', '/sda/1/a')];
  expect(await twice()).toEqual([200, 200]);
  writeFileSync(file, '[backend_ratelimit]\nrequests_per_device_per_second = 1\n');
  expect(await twice()).toEqual([200, 200]);
  host.clock += 10;
  expect(await twice()).toEqual([200, 529]);
  writeFileSync(file, '[backend_ratelimit]\nrequests_per_device_per_second = many\n');
  host.clock += 10;
  expect(await twice()).toEqual([200, 529]);
  expect(host.log.lines.join()).toContain('is not valid');
  writeFileSync(file, '[backend_ratelimit]\n');
  host.clock += 10;
  expect(await twice()).toEqual([200, 200]);
});
