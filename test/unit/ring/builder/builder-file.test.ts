import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { pickleDict, readPickle, writePickle, type PickleValue } from '../../../../src/common/pickle.ts';
import { RingBuilder } from '../../../../src/ring/builder/ring-builder.ts';
import { formatRing } from '../../../../src/ring/ring-file.ts';
import { scratchDirectory } from '../../common/scratch.ts';

const golden = join(import.meta.dirname, '../../../golden/rings/builder');
const smallBytes = readFileSync(join(golden, 'small.builder'));

interface Decoded {
  readonly part_power: number;
  readonly version: number;
  readonly overload: number;
  readonly devs: readonly unknown[];
  readonly _replica2part2dev: readonly { readonly values: readonly number[] }[];
  readonly id: string;
}
const { decoded } = JSON.parse(readFileSync(join(golden, 'small.json'), 'utf8')) as { decoded: Decoded };

let scratch: ReturnType<typeof scratchDirectory>;
beforeEach(() => (scratch = scratchDirectory()));
afterEach(() => scratch.remove());

describe("a builder file of Swift's", () => {
  test('is read', () => {
    const builder = RingBuilder.parse(smallBytes, 'small.builder');
    expect(builder).toMatchObject({
      partPower: decoded.part_power,
      version: decoded.version,
      overload: decoded.overload,
      id: decoded.id,
      nextPartPower: null,
      devicesChanged: false,
    });
    expect(builder.devices).toEqual(decoded.devs);
    expect(builder.ringData().rows.map((row) => [...row])).toEqual(
      decoded._replica2part2dev.map(({ values }) => values),
    );
  });

  test('gives the ring that Swift writes from it', () => {
    const ring = RingBuilder.parse(smallBytes, 'small.builder').ringData();
    const [one, two] = ['v1', 'v2'].map((version) => readFileSync(join(golden, `small.${version}.ring.gz`)));
    expect(gunzipSync(formatRing(ring))).toEqual(gunzipSync(one!));
    expect(sections(formatRing(ring, { formatVersion: 2 }))).toEqual(sections(two!));
  });

  test('comes out with every value that it came in with', async () => {
    const path = join(scratch.path, 'small.builder');
    await RingBuilder.parse(smallBytes, 'small.builder').save(path);
    const read = (bytes: Buffer): PickleValue => readPickle(bytes, { arrays: true });
    expect(read(readFileSync(path))).toEqual(read(smallBytes));
  });

  test('of an old release gets what it lacks', () => {
    const device = pickleDict({ id: 0, zone: 1, ip: '10.0.0.1', port: 6200, device: 'sda', weight: 1, parts: 0 });
    const old = pickleDict({
      part_power: 3,
      replicas: 3,
      min_part_hours: 1,
      parts: 8,
      devs: [device],
      devs_changed: true,
      version: 2,
      _replica2part2dev: null,
      _last_part_moves: null,
      _last_part_moves_epoch: null,
      _last_part_gather_start: 0,
      _remove_devs: [device],
    });
    const builder = RingBuilder.parse(writePickle(old), 'old.builder');
    expect(builder).toMatchObject({ overload: 0, id: null, dispersion: null, everRebalanced: false });
    expect(builder.devices[0]).toMatchObject({
      region: 1,
      meta: '',
      replication_ip: '10.0.0.1',
      replication_port: 6200,
    });
    expect(builder.removedDevices[0]).toBe(builder.devices[0]);
  });
});

test.each([
  ['is cut short', smallBytes.subarray(0, 300)],
  ['is no pickle', Buffer.from('R1NG')],
  ['holds something else', writePickle(pickleDict({ part_power: 3 }))],
  ['calls a function', Buffer.from("cos\nsystem\n(S'true'\ntR.")],
])('a file that %s is refused with its name', (_what, bytes) => {
  expect(() => RingBuilder.parse(bytes, 'odd.builder')).toThrow('Ring Builder file is invalid: odd.builder');
});

test('a missing file is told from a broken one', async () => {
  const path = join(scratch.path, 'none.builder');
  await expect(RingBuilder.load(path)).rejects.toMatchObject({
    kind: 'missing',
    message: `Ring Builder file does not exist: ${path}`,
  });
});

test('a failed save leaves the old file, no temporary one, and the builder without an id', async () => {
  const path = join(scratch.path, 'a.builder');
  mkdirSync(path);
  writeFileSync(join(path, 'kept'), '');
  const builder = RingBuilder.create(3, 1, 1);
  await expect(builder.save(path)).rejects.toThrow();
  expect(builder.id).toBeNull();
  expect(readdirSync(scratch.path)).toEqual(['a.builder']);
  expect(readdirSync(path)).toEqual(['kept']);
});

test('a pickle with arrays is read by nobody who does not ask for them', () => {
  expect(() => readPickle(smallBytes)).toThrow('global array.array is not allowed');
});

/** The three sections of a version 2 file, which come before the index. */
function sections(file: Buffer): Buffer[] {
  const bytes = gunzipSync(file);
  const found: Buffer[] = [];
  let at = 6;
  for (let section = 0; section < 3; section++) {
    const end = at + 8 + Number(bytes.readBigUInt64BE(at));
    found.push(bytes.subarray(at, end));
    at = end;
  }
  return found;
}
