/** Debian's swift-recon asks servers of ours, found by their rings, for all that it knows to ask. */

import { existsSync, mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, vi } from 'vitest';
import { Cluster } from '../process/cluster.ts';
import { runDebian } from './debian-process.ts';
import { interopTest } from './debian-swift.ts';

vi.setConfig({ testTimeout: 120_000, hookTimeout: 120_000 });

const COMMAND = '/usr/bin/swift-recon';
const test = interopTest(COMMAND);

/** Undefined only where the tests are left out. */
let cluster: Cluster;

beforeAll(async () => {
  if (existsSync(COMMAND)) cluster = await Cluster.start();
});

afterAll(async () => {
  if (existsSync(COMMAND)) await cluster.stop();
});

async function recon(...args: string[]): Promise<string> {
  return await runDebian(cluster.path, 'swift-recon', ...args, '--swiftdir', cluster.path, '--timeout', '30');
}

/** What the tool says of servers that do not answer, or answer something else. */
function complaints(output: string): string[] {
  return output.split('\n').filter((line) => /^!!|^-> |traceback|[1-9]\d* error\[s\]|Failed: (?!0\.0%)/i.test(line));
}

test('every check of object servers is answered', async () => {
  const output = await recon('object', '--all');
  expect(complaints(output)).toEqual([]);
  expect(output).toContain('4/4 hosts matched, 0 error[s] while checking hosts.');
  expect(output).toContain('Versions matched');
  expect(output).toMatch(/\[5m_load_avg\] low: .* no_result: 0, reported: 4/);
  expect(output).toMatch(/\[tcp_in_use\] low: .* no_result: 0, reported: 4/);
  expect(output).toContain('Disk usage: space used:');
});

test('every check of container and account servers is answered', async () => {
  for (const [type, hosts, more] of [
    ['container', 2, ['--sharding']],
    ['account', 1, []],
  ] as const) {
    const output = await recon(type, '--all', ...more);
    expect(complaints(output)).toEqual([]);
    expect(output).toContain(`${hosts}/${hosts} hosts matched, 0 error[s] while checking hosts.`);
    expect(output).toContain(`${hosts}/${hosts} hosts ok, 0 error[s] while checking hosts.`);
  }
});

test('a device that is not mounted and what is quarantined are seen', async () => {
  const [node] = cluster.objects;
  const folder = node?.folder ?? '';
  rmSync(join(folder, '.ismount'));
  mkdirSync(join(folder, 'quarantined/objects-1/abc'), { recursive: true });
  const output = await recon('object', '-u', '-q');
  expect(output).toContain(`Not mounted: ${node?.device} on `);
  expect(output).toMatch(/\[quarantined_objects\] low: 0, high: 1, avg: 0\.2, total: 1,/);
  expect(output).toMatch(/\[quarantined_objects_1\] .* high: 1, .* total: 1,/);
});
