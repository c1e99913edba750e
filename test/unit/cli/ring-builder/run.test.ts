import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { commands } from '../../../../src/cli/ring-builder/commands.ts';
import { runRingBuilder } from '../../../../src/cli/ring-builder/run.ts';
import { endingPlainly } from '../../../../src/cli/terminal-command.ts';
import { loadRingFile } from '../../../../src/ring/ring-file.ts';
import { scratchDirectory } from '../../common/scratch.ts';
import { RecordingTerminal } from '../recording-terminal.ts';

const EXECUTABLE = join(import.meta.dirname, '../../../../bin/swift-ring-builder');
let scratch: ReturnType<typeof scratchDirectory>;
let builder: string;
let nowSec = 1_700_000_000;

beforeEach(async () => {
  scratch = scratchDirectory();
  builder = join(scratch.path, 'object.builder');
  nowSec = 1_700_000_000;
  await run('create', '6', '3', '1');
  const devices = [1, 2, 3, 4].flatMap((n) => [`r1z${n}-10.0.0.${n}:6200/sda`, '100']);
  expect((await run('add', ...devices)).code).toBe(0);
});

afterEach(() => {
  scratch.remove();
});

async function run(...words: string[]): Promise<{ code: number; output: string; errors: string }> {
  const terminal = new RecordingTerminal();
  const code = await endingPlainly(
    { name: 'swift-ring-builder', failureCode: 2 },
    (argv, terminal) => runRingBuilder(argv, terminal, () => nowSec),
    [builder, ...words],
    terminal,
  );
  return { code, output: terminal.output, errors: terminal.errors };
}

const files = (): string[] => readdirSync(scratch.path, { recursive: true }).map(String).sort();

test('without arguments every command is told, and the exit codes', async () => {
  const terminal = new RecordingTerminal();
  expect(await runRingBuilder([], terminal)).toBe(0);
  for (const name of commands.keys()) {
    if (name !== 'default') expect(terminal.output).toContain(`swift-ring-builder <builder_file> ${name}`);
  }
  expect(terminal.output).toMatch(/Quick list: add .*Exit codes: 0 = operation successful/s);
  expect(terminal.output.split('\n').filter((line) => line.length > 90 && !line.startsWith('swift-'))).toEqual([]);
});

test('a rebalance leaves builder and ring, and a backup of each that is equal', async () => {
  nowSec += 60.9;
  expect(await run('rebalance')).toMatchObject({ code: 0, errors: '' });
  expect(files()).toEqual([
    'backups',
    'backups/1700000000.object.builder',
    'backups/1700000060.object.builder',
    'backups/1700000060.object.ring.gz',
    'object.builder',
    'object.ring.gz',
  ]);
  const backup = (name: string): Buffer => readFileSync(join(scratch.path, 'backups', `1700000060.${name}`));
  expect(readFileSync(builder).equals(backup('object.builder'))).toBe(true);
  // Packed they differ by the name within.
  const ring = gunzipSync(readFileSync(join(scratch.path, 'object.ring.gz')));
  expect(ring.equals(gunzipSync(backup('object.ring.gz')))).toBe(true);
});

test('partitions that moved wait for min_part_hours, and time that goes is told', async () => {
  await run('rebalance');
  nowSec += 600;
  await run('set_weight', 'd0', '0');
  expect(await run('rebalance')).toEqual({
    code: 1,
    output:
      'No partitions could be reassigned.\nThe time between rebalances must be at least min_part_hours: 1 hours (0:50:00 remaining)\n',
    errors: '',
  });
  nowSec += 3000;
  expect((await run('rebalance')).output).toMatch(/^Reassigned 48 \(75.00%\) partitions/);
  await run('pretend_min_part_hours_passed');
  expect((await run('rebalance')).output).toBe(
    'No partitions could be reassigned.\nThere is no need to do so at this time\n',
  );
  expect((await run('rebalance', '--force')).output).toMatch(/^Reassigned 0 \(0.00%\) partitions/);
});

test('equal seeds place equally, as an option and as a word', async () => {
  const rings: string[] = [];
  const whole = readFileSync(builder);
  for (const words of [['--seed', '7'], ['7'], ['-s8']]) {
    writeFileSync(builder, whole);
    await run('rebalance', ...words);
    rings.push(JSON.stringify(loadRingFile(join(scratch.path, 'object.ring.gz')).rows.map((row) => [...row])));
  }
  expect(rings[0]).toBe(rings[1]);
  expect(rings[0]).not.toBe(rings[2]);
});

test('a rebalance that can not write leaves the old builder whole and no temporary file', async () => {
  await run('rebalance');
  await run('add', 'r2z1-10.0.1.1:6200/sda', '100');
  await run('pretend_min_part_hours_passed');
  const [oldBuilder, oldRing] = [readFileSync(builder), readFileSync(join(scratch.path, 'object.ring.gz'))];
  rmSync(join(scratch.path, 'backups'), { recursive: true });
  writeFileSync(join(scratch.path, 'backups'), 'in the way');
  expect(await run('rebalance')).toMatchObject({ code: 2, errors: expect.stringContaining('ENOTDIR') as string });
  expect(readFileSync(builder).equals(oldBuilder)).toBe(true);
  expect(readFileSync(join(scratch.path, 'object.ring.gz')).equals(oldRing)).toBe(true);

  rmSync(join(scratch.path, 'backups'));
  rmSync(join(scratch.path, 'object.ring.gz'));
  mkdirSync(join(scratch.path, 'object.ring.gz'));
  expect((await run('rebalance')).code).toBe(2);
  expect(readFileSync(builder).equals(oldBuilder)).toBe(true);
  expect(files().filter((name) => name.endsWith('.tmp'))).toEqual([]);
});

test('only the first of several pairs changes its own devices', async () => {
  expect((await run('set_zone', 'd0', '7', 'd1', '8')).code).toBe(0);
  const shown = (await run()).output;
  expect(shown).toMatch(/ 0 +1 +7 +10\.0\.0\.1:/);
  expect(shown).toMatch(/ 1 +1 +8 +10\.0\.0\.2:/);
});

test('ring files of version 2 are written when asked for, and told by version', async () => {
  expect((await run('version')).code).toBe(2);
  expect((await run('rebalance', '--format-version', '2')).code).toBe(0);
  expect((await run('version')).output).toMatch(/Serialization version: 2 \(2-byte IDs\), build version: 5\n$/);
  expect((await run()).output).toContain('object.ring.gz is up-to-date');
  expect((await run('write_ring')).code).toBe(0);
  expect((await run('version')).output).toContain('Serialization version: 1 ');
  expect((await run('write_ring', '--format-version=3')).code).toBe(2);
});

test('the executable asks on its terminal and reads the answers line by line', async () => {
  const child = spawn(EXECUTABLE, [builder, 'set_weight', 'r1', '5', 'r1', '6'], { stdio: ['pipe', 'pipe', 'pipe'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  child.stdin.end('y\nn\n');
  const [code] = (await once(child, 'close')) as [number];
  expect(code).toBe(2);
  expect(output.match(/Are you sure you want to update the weight for these 4 devices\? \(y\/N\) /g)).toHaveLength(2);
  expect(output).toMatch(/sda_"" weight set to 5\.0\n.*Aborting device modifications\n$/s);
  expect((await run('search', '--weight', '100')).output.split('\n')).toHaveLength(6);
});
