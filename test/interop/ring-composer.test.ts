import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { runComposer } from '../../src/cli/ring-composer/run.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';
import { interopTest } from './debian-swift.ts';
import { ourBuilder, ourCommand, SwiftCommands } from './swift-ring-commands.ts';

const test = interopTest('/usr/bin/swift-ring-composer');
let swift: SwiftCommands;
let scratch: ReturnType<typeof scratchDirectory>;
const path = (name: string): string => join(scratch.path, name);

beforeAll(() => {
  swift = new SwiftCommands();
});

afterAll(async () => {
  await swift.close();
});

async function makeBuilder(
  name: string,
  region: number,
  settings: { power?: number; replicas?: string; ip?: string } = {},
): Promise<void> {
  const { power = 4, replicas = String(region), ip = `10.0.${region}.1` } = settings;
  expect((await ourBuilder([path(name), 'create', String(power), replicas, '1'])).code).toBe(0);
  const devices = ['a', 'b', 'c'].flatMap((letter) => [`r${region}z1-${ip}:6200/sd${letter}`, '1']);
  expect((await ourBuilder([path(name), 'add', ...devices])).code).toBe(0);
  expect((await ourBuilder([path(name), 'rebalance'])).code).toBeLessThan(2);
}

beforeEach(async () => {
  scratch = scratchDirectory();
  await makeBuilder('one.builder', 1);
  await makeBuilder('two.builder', 2);
});

afterEach(() => {
  scratch.remove();
});

/** Runs a command line on both sides; `COMPOSITE` and `RING` are each side's own files. */
async function both(line: string): Promise<string> {
  const argv = (side: string): string[] =>
    line
      .trim()
      .split(' ')
      .map((word) =>
        word
          .replace('COMPOSITE', path(`${side}.composite`))
          .replace('RING', path(`${side}.ring.gz`))
          .replace(/^(\w+\.builder)$/, path('$1')),
      );
  const theirs = await swift.command(['swift-ring-composer', ...argv('theirs')]);
  const ours = await ourCommand({ name: 'swift-ring-composer', failureCode: 2 }, runComposer, argv('ours'));
  expect({ line, code: ours.code, output: ours.output, errors: faultIn(ours.errors) }).toEqual({
    line,
    code: theirs.code,
    output: theirs.output,
    errors: faultIn(theirs.errors),
  });
  return ours.errors;
}

/** Behind the note, which is in words of our own; so are system errors. */
function faultIn(errors: string): string {
  const at = errors.indexOf('An error occurred');
  return at < 0
    ? ''
    : errors
        .slice(at)
        .trim()
        .replace(/\n.*(Errno|ENOENT).*$/, '');
}

async function expectSameFiles(): Promise<void> {
  const text = (side: string): string =>
    readFileSync(path(`${side}.composite`), 'utf8').replace(`${side}.composite`, 'x');
  expect(text('ours')).toBe(text('theirs'));
  expect(await swift.contents(path('ours.ring.gz'))).toEqual(await swift.contents(path('theirs.ring.gz')));
}

test('rings are composed, shown and composed anew with the files of Swift', async () => {
  await both('COMPOSITE compose one.builder two.builder --output RING');
  await expectSameFiles();
  await both('COMPOSITE show');
  await both('COMPOSITE compose --output RING');
  await both('COMPOSITE compose two.builder one.builder --output RING');
  await both('COMPOSITE compose one.builder --output RING');
  await both('COMPOSITE compose two.builder one.builder --output RING --force');
  await expectSameFiles();
  await ourBuilder([path('two.builder'), 'pretend_min_part_hours_passed']);
  await ourBuilder([path('two.builder'), 'set_weight', 'd0', '2']);
  await both('COMPOSITE compose --output RING');
  await ourBuilder([path('two.builder'), 'rebalance']);
  await both('COMPOSITE compose --output RING');
  await expectSameFiles();
  expect(readFileSync(path('ours.composite'), 'utf8')).toContain('"version": 3, "saved_path"');
});

test('builders that do not go together are refused as by Swift, and nothing is written', async () => {
  await makeBuilder('power.builder', 3, { power: 5, replicas: '2' });
  await makeBuilder('fraction.builder', 3, { replicas: '1.5' });
  await makeBuilder('region.builder', 1, { ip: '10.0.9.1' });
  await makeBuilder('device.builder', 4, { ip: '10.0.1.1', replicas: '1' });
  for (const builders of [
    'one.builder',
    'one.builder one.builder',
    'one.builder power.builder',
    'one.builder fraction.builder',
    'one.builder region.builder',
    'one.builder device.builder',
    'one.builder missing.builder',
  ]) {
    expect(await both(`COMPOSITE compose ${builders} --output RING`)).toContain(
      'An error occurred while composing the ring.',
    );
  }
  await both('COMPOSITE show');
  expect([existsSync(path('ours.composite')), existsSync(path('ours.ring.gz'))]).toEqual([false, false]);
});
