import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect } from 'vitest';
import { hashPath } from '../../src/common/hash-path.ts';
import { Ring } from '../../src/ring/ring.ts';
import { loadRingFile, writeRingFile } from '../../src/ring/ring-file.ts';
import { buildSimpleRing } from '../../src/ring/simple-ring.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';
import { HASH_PATH } from '../unit/db/support.ts';
import { interopTest, runPython } from './debian-swift.ts';

const test = interopTest();
const golden = join(import.meta.dirname, '../golden/rings');

let scratch: ReturnType<typeof scratchDirectory>;

beforeEach(() => {
  scratch = scratchDirectory();
});

afterEach(() => {
  scratch.remove();
});

/** What swift-get-nodes prints: partition, hash, and the devices in order with their mark as handoffs. */
function getNodes(ring: string, ...names: string[]): { partition: number; hash: string; nodes: string[] } {
  const output = runPython('sys.argv = data\nrunpy.run_path(data[0], run_name="__main__")', [
    '/usr/bin/swift-get-nodes',
    '-a',
    ring,
    ...names,
  ]);
  return {
    partition: Number(/^Partition\s+(\d+)$/m.exec(output)?.[1]),
    hash: /^Hash\s+([0-9a-f]{32})$/m.exec(output)?.[1] ?? '',
    nodes: [...output.matchAll(/^Server:Port Device\s+(\S+) (\S+)(.*)$/gm)].map(
      ([, address, device, mark]) => `${address} ${device}${mark?.includes('Handoff') ? ' handoff' : ''}`,
    ),
  };
}

function ourNodes(path: string, ...names: [string, string, string]): ReturnType<typeof getNodes> {
  const ring = Ring.load(path, HASH_PATH);
  const partition = ring.partitionOf(...names);
  return {
    partition,
    hash: hashPath(HASH_PATH, ...names),
    nodes: [
      ...ring.primaries(partition).map((node) => `${node.ip}:${node.port} ${node.device}`),
      ...[...ring.handoffs(partition)].map((node) => `${node.ip}:${node.port} ${node.device} handoff`),
    ],
  };
}

test.each(['multi', 'frac', 'fewdevs', 'pp17', 'bigendian', 'ppi-1-prepared'])(
  'swift-get-nodes names the nodes that we find in the %s ring',
  (name) => {
    const path = join(golden, `${name}.v1.ring.gz`);
    expect(getNodes(path, 'AUTH_test', 'c', 'dir/ümlaut')).toEqual(ourNodes(path, 'AUTH_test', 'c', 'dir/ümlaut'));
  },
);

test('a ring made by swift-ring-builder is loaded, and the lookups agree', () => {
  const builder = join(scratch.path, 'object.builder');
  const run = (...args: string[]): void => {
    const { status, stdout, stderr } = spawnSync('swift-ring-builder', [builder, ...args], { encoding: 'utf8' });
    // 1 is its way to warn.
    if (status !== 0 && status !== 1) throw new Error(`swift-ring-builder ${args.join(' ')}: ${stdout}${stderr}`);
  };
  run('create', '8', '2.5', '1');
  for (let id = 0; id < 7; id++)
    run('add', `r${1 + (id % 2)}z${id % 3}-10.0.0.${id}:6200R10.1.0.${id}:6300/sd${id}_m${id}`, '100');
  run('rebalance', '--seed', '7');
  const path = join(scratch.path, 'object.ring.gz');
  const ring = Ring.load(path, HASH_PATH);
  expect(ring.exactReplicaCount).toBe(2.5);
  expect(ring.devices[3]).toMatchObject({
    ip: '10.0.0.3',
    replication_ip: '10.1.0.3',
    replication_port: 6300,
    meta: 'm3',
  });
  for (let index = 0; index < 4; index++) {
    expect(getNodes(path, 'AUTH_test', 'c', `o${index}`)).toEqual(ourNodes(path, 'AUTH_test', 'c', `o${index}`));
  }
});

test('a ring that we wrote is one to Swift, with the same lookups and facts', async () => {
  const path = join(scratch.path, 'object.ring.gz');
  const devices = [1, 2, 3, 4].map((id) => ({ ip: '127.0.0.1', port: 6200 + id, device: `d${id}é` }));
  await writeRingFile(path, buildSimpleRing(devices, 6, 3));
  expect(getNodes(path, 'AUTH_test', 'c', 'o')).toEqual(ourNodes(path, 'AUTH_test', 'c', 'o'));
  const facts = runPython(
    `from swift.common.ring import RingData
ring = RingData.load(data)
print(json.dumps({'devs': ring.devs, 'shift': ring._part_shift, 'rows': [list(row) for row in ring._replica2part2dev_id]}))`,
    path,
  );
  const ring = loadRingFile(path);
  expect(JSON.parse(facts)).toEqual({
    devs: ring.devices,
    shift: ring.partShift,
    rows: ring.rows.map((row) => [...row]),
  });
});
