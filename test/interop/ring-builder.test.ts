import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { RingBuilder } from '../../src/ring/builder/ring-builder.ts';
import { loadRingFile, writeRingFile } from '../../src/ring/ring-file.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';

let scratch: ReturnType<typeof scratchDirectory>;
let path: string;
beforeEach(() => {
  scratch = scratchDirectory();
  path = join(scratch.path, 'object.builder');
});
afterEach(() => scratch.remove());

/** Runs Python with the builder file loaded as `b`, saves it after, and gives what was printed. */
function inSwift(code: string): string {
  const script = `import sys\nfrom swift.common.ring import RingBuilder\nb = RingBuilder.load(sys.argv[1])\n${code}\nb.save(sys.argv[1])`;
  const { status, stdout, stderr } = spawnSync('/usr/bin/python3', ['-c', script, path], { encoding: 'utf8' });
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

test('a builder goes to and fro between the two, each going on where the other left it', async () => {
  const ours = RingBuilder.create(6, 2.5, 1);
  for (let id = 0; id < 8; id++) {
    const place = { region: 1 + (id % 2), zone: id % 3, ip: `10.0.0.${id}`, port: 6200, device: `sd${id}` };
    ours.addDevice({ ...place, weight: 100 * (1 + (id % 2)), meta: `é${id}`, replication_port: 6300 });
  }
  ours.setOverload(0.1);
  ours.rebalance({ seed: 1 });
  await ours.save(path);

  expect(inSwift("b.validate(); print('%.9f %.9f %s' % (b.get_balance(), b.dispersion, b.id))")).toBe(
    `${ours.balance().toFixed(9)} ${ours.dispersion!.toFixed(9)} ${ours.id}`,
  );
  expect(inSwift('b.set_dev_weight(2, 50); print(b.rebalance(seed=3)[0])')).toBe('0'); // the hour has not passed
  inSwift('b.pretend_min_part_hours_passed(); b.remove_dev(3)');

  const back = await RingBuilder.load(path);
  expect(back.removedDevices.map(({ id }) => id)).toEqual([3]);
  expect(back.devices[3]).toBe(back.removedDevices[0]);
  expect(back.devices[2]).toMatchObject({ weight: 50, meta: 'é2', replication_port: 6300 });
  expect(back.rebalance({ seed: 4 })).toMatchObject({ removedDevices: 1 });
  back.validate();
  await back.save(path);

  inSwift('b.validate(); b.prepare_increase_partition_power(); b.increase_partition_power()');
  const raised = await RingBuilder.load(path);
  expect(raised).toMatchObject({ partPower: 7, nextPartPower: 7, version: back.version + 2 });
  expect(raised.finishIncreasePartitionPower()).toBe(true);
  await raised.save(path);
  expect(
    inSwift('b.validate(); b.pretend_min_part_hours_passed(); b.rebalance(); print(b.part_power, b.next_part_power)'),
  ).toBe('7 None');
});

test('the ring of a builder is the same, unpacked, whoever writes it', async () => {
  const ours = RingBuilder.create(5, 3, 0);
  for (let id = 0; id < 5; id++) {
    ours.addDevice({ region: 1, zone: id, ip: `10.0.0.${id}`, port: 6200, device: 'sda', weight: 33.3 });
  }
  ours.rebalance({ seed: 1 });
  await ours.save(path);
  const [one, other] = [join(scratch.path, 'ours.ring.gz'), join(scratch.path, 'theirs.ring.gz')];
  await writeRingFile(one, ours.ringData());
  inSwift(`b.get_ring().save('${other}')`);
  const unpacked = (file: string): string => spawnSync('zcat', [file], { encoding: 'latin1' }).stdout;
  expect(unpacked(one)).toBe(unpacked(other));
  expect(loadRingFile(one).rows).toEqual(loadRingFile(other).rows);
});
