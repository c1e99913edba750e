import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { scratchDirectory } from '../unit/common/scratch.ts';
import { interopTest } from './debian-swift.ts';
import { ourBuilder, SwiftCommands, type Outcome } from './swift-ring-commands.ts';

const test = interopTest('/usr/bin/swift-ring-builder');
let swift: SwiftCommands;
let scratch: ReturnType<typeof scratchDirectory>;
let folders: { readonly swift: string; readonly ours: string };

beforeAll(() => {
  swift = new SwiftCommands();
});

afterAll(async () => {
  await swift.close();
});

beforeEach(() => {
  scratch = scratchDirectory();
  folders = { swift: join(scratch.path, 'swift'), ours: join(scratch.path, 'ours') };
  for (const folder of Object.values(folders)) mkdirSync(folder);
});

afterEach(() => {
  scratch.remove();
});

type Runner = (argv: readonly string[], answers?: readonly string[]) => Promise<Outcome>;

/** Words of a command line; double quotes keep blanks together. The first is a file in the folder of the side that runs it. */
function words(line: string): string[] {
  return (line.match(/(?:"[^"]*"|[^\s"])+/g) ?? []).map((word) => word.replaceAll('"', ''));
}

async function runIn(folder: string, run: Runner, line: string, answers: readonly string[] = []): Promise<Outcome> {
  const [file = '', ...rest] = words(line);
  const { code, output, errors } = await run([join(folder, file), ...rest], answers);
  const alike = (text: string): string =>
    text
      .replaceAll(folder, '<folder>')
      .replace(/id [0-9a-f]{32}/g, 'id <id>')
      .replace(/\d+:\d\d:\d\d/g, '<time>');
  return { code, output: alike(output), errors: alike(errors) };
}

/** What both say to a line; their standard error is theirs. */
async function both(line: string, answers: readonly string[] = []): Promise<{ swift: Outcome; ours: Outcome }> {
  return {
    swift: await runIn(folders.swift, (...args) => swift.builder(...args), line, answers),
    ours: await runIn(folders.ours, ourBuilder, line, answers),
  };
}

/** Lines may bring answers to questions: `line <<< y n`. */
async function compareLines(lines: string): Promise<number> {
  const said: { swift: string[]; ours: string[] } = { swift: [], ours: [] };
  let compared = 0;
  for (const line of lines.split('\n').filter((text) => text.trim() !== '')) {
    const [command = '', answers = ''] = line.trim().split(' <<< ');
    const outcomes = await both(command, answers === '' ? [] : answers.split(' '));
    for (const side of ['swift', 'ours'] as const) {
      said[side].push(`$ ${line.trim()}\n${outcomes[side].output}exit ${outcomes[side].code}`);
    }
    compared++;
  }
  expect(said.ours).toEqual(said.swift);
  return compared;
}

async function expectSameFiles(...files: string[]): Promise<void> {
  for (const file of files) {
    const [theirs, ours] = [join(folders.swift, file), join(folders.ours, file)];
    expect(existsSync(ours)).toBe(existsSync(theirs));
    if (existsSync(theirs)) expect(await swift.contents(ours)).toEqual(await swift.contents(theirs));
  }
}

const SIX_DEVICES = `
  object.builder add r1z1-10.0.0.1:6200/sda_rack1 100 r1z1-10.0.0.1:6200/sdb_rack1 100
  object.builder add r1z2-10.0.0.2:6200R10.1.0.2:6400/sda_rack2 100 r1z2-10.0.0.2:6200R10.1.0.2:6400/sdb_rack2 50.5
  object.builder add r2z1-[FD00::5]:6200R[fd00:0:0:1::5]:6400/sda 100 r2z1-[fd00::5]:6200/sdc_"snet: 5" 0
`;

/** A builder that Swift has rebalanced, in both folders. */
async function sharedBuilder(): Promise<void> {
  const run = (line: string): Promise<Outcome> => runIn(folders.swift, (...args) => swift.builder(...args), line);
  expect((await run('object.builder create 8 3 1')).code).toBe(0);
  for (const line of SIX_DEVICES.trim().split('\n')) expect((await run(line.trim())).code).toBe(0);
  await run('object.builder rebalance --seed 7');
  for (const file of ['object.builder', 'object.ring.gz']) {
    copyFileSync(join(folders.swift, file), join(folders.ours, file));
  }
}

test('devices are added, listed and refused with the words and exit codes of Swift', async () => {
  await compareLines(`
    object.builder
    object.builder create 8 3 1
    object.builder
    object.builder nonsense
    ${SIX_DEVICES}
    object.builder
    object.ring.gz
    object.builder add z3-10.0.0.3:6200/sdx 1
    object.builder add r1z1-10.0.0.1:6200/sda 100
    object.builder add r1z1-10.0.0.9:6200/sda 1 r1z1-10.0.0.9:6200/sda 1
    object.builder add r1z1-10.0.0.1:6200 100
    object.builder add r1z1-10.0.0.1/sdz 100
    object.builder add r1z1-10.0.0.1:x/sdz 100
    object.builder add r1z1-10.0.0:6200/sdz 100
    object.builder add r1z1-somewhere:6200/sdz 100
    object.builder add r1z1-10.0.0.1:6200/ 100
    object.builder add "r1z1-10.0.0.1:6200/sdz " 100
    object.builder add rz1-10.0.0.1:6200/sdz 100
    object.builder add r1z-10.0.0.1:6200/sdz 100
    object.builder add r1-10.0.0.1:6200/sdz 100
    object.builder add r1z1-10.0.0.1:6200/sdz -1
    object.builder add -- r1z1-10.0.0.1:6200/sdz -1
    object.builder add r1z1-10.0.0.1:6200/sdz heavy
    object.builder add r1z1-10.0.0.1:6200/sdz 1e-7
    object.builder add r1z1-10.0.0.1:6200/sdy 123456789012345680
    object.builder add r1z1-10.0.0.1:6200/sdw_with_underscores_é 0.1
    object.builder add --region 1 --zone 2 --ip Store.Example.com --port 6200 --device sdq --weight 10 --meta "of the North"
    object.builder add --region=1 -z3 -i [FD00::7] --port=0x1838 --device sdq --weight 1e3 --replication-ip store --replication-port 6400
    object.builder add --region 1 --zone 2 --ip 10.0.0.1 --port 6200 --weight 10
    object.builder add --zone 2 --ip 10.0.0.1 --port 6200 --device sdq --weight 10
    object.builder add --region 1 --zone 2 --ip under_score --port 6200 --device sdq --weight 10
    object.builder add --region 1 --zone 2 --ip 10.0.0.1 --port 6200 --device " sdq" --weight 10
    object.builder add --region one --zone 2
    object.builder add --region 1 --zone
    object.builder add --colour red
    object.builder add --re 1
    object.builder
    object.builder validate
    object.builder rebalance --fast
    object
  `);
  await expectSameFiles('object.builder');
});

test('devices are found by every form of search value and option', async () => {
  await sharedBuilder();
  const values = String.raw`d0 d99 r1 r2z1 z1 z1-10.0.0.1 10.0.0.1 10.0.0.2:6200 :6200 :1 R10.1.0.2 R:6400 10.0.0.2R10.1.0.2:6400 /sda /sd _rack _rack1
    [fd00::5] [FD00:0::5]:6200 z1-[::1] R[fd00:0:0:1::5] d0r1z1-10.0.0.1:6200R10.0.0.1:6200/sda_rack1 _"snet: 5" d r z : 10.0.0.1.2 x1
    d0x [zz] 10.0.0.1/sda_rack1_ R / [] ] _ d0r d0rz 1 10.0.0.1: "it's" "d0 " "\ x" 10.0.0.1R_ r01 d00`;
  const options = `--id 1|--id 0|--region 1 --zone 2|--ip 10.0.0.1|--ip [FD00::5]|--ip fd00::5 --port 6200|--replication-ip 10.1.0.2|
    --replication-port 6400|--device sda|--device sda --weight 100|--weight 0|--weight 50.5|--meta rack2|--ip not_a_name|--ip Some.Host|
    --port 6200 -z 2|-u0|--id -1|--id x|--weight w|--region 1 10.0.0.1|--yes`;
  const lines = [
    ...(values.match(/(?:"[^"]*"|[^\s"])+/g) ?? []),
    ...options.split('|').map((text) => text.trim()),
  ].flatMap((text) => [`object.builder search ${text}`, `object.builder list_parts ${text}`]);
  const telling = lines.filter((line) => !line.includes('--region 1 10.0.0.1'));
  expect(await compareLines(telling.join('\n'))).toBeGreaterThan(90);
  for (const line of lines.filter((line) => !telling.includes(line))) {
    const { swift: theirs, ours } = await both(line);
    expect(ours.code).toBe(theirs.code);
  }
});

test('devices and figures of the ring are changed, asked about and refused as by Swift, and the files are the same', async () => {
  await sharedBuilder();
  await compareLines(`
    object.builder set_weight d0 200
    object.builder set_weight d0 1.5 d1 2.5
    object.builder set_weight r1 10 <<< y
    object.builder set_weight r1 11 <<< n
    object.builder set_weight r1 11 <<< Y
    object.builder set_weight r1 12 --yes
    object.builder set_weight --region 2 --yes 33
    object.builder set_weight --id 0 x
    object.builder set_weight d0 x
    object.builder set_weight d77 1
    object.builder set_weight d77x 1
    object.builder set_region d0 3
    object.builder set_region d0 x
    object.builder set_region z1-10.0.0.1 1 -y
    object.builder set_region --ip 10.0.0.2 -y 4
    object.builder set_zone d0 7
    object.builder set_zone /sdb 8 <<< y
    object.builder set_zone --device sdc 9
    object.builder set_zone d0 one
    object.builder set_info d0 10.0.0.77:6201
    object.builder set_info d0 R10.1.0.77:6401
    object.builder set_info d0 [FD00::A]:6202R[fd00::b]:6203/sdnew_newmeta
    object.builder set_info d0 _
    object.builder set_info d0 :6204
    object.builder set_info d0 :
    object.builder set_info d0 10.0.0.1:6200/sdb
    object.builder set_info d0 nonsense
    object.builder set_info d99 _x
    object.builder set_info _rack1 _rack9 <<< y
    object.builder set_info _rack _rack10 <<< n
    object.builder set_info d1 _a d2 _b
    object.builder set_info --id 1 --change-ip Host.Example --change-port 6299 --change-device sdm --change-meta "new text"
    object.builder set_info --id 1 --change-replication-ip 10.9.9.9 --change-replication-port 6499
    object.builder set_info --device sda --change-meta both --yes
    object.builder set_info --id 1 --change-ip bad_name
    object.builder remove d3
    object.builder set_weight d3 5
    object.builder set_region d3 5
    object.builder remove d99
    object.builder remove z9x
    object.builder remove r2 <<< n
    object.builder remove d4 d5 <<< y
    object.builder
    object.builder set_replicas 2.5
    object.builder set_replicas 0.5
    object.builder set_overload 0.1
    object.builder set_overload 12.5%
    object.builder set_overload 10
    object.builder set_overload 200%
    object.builder set_overload -1
    object.builder set_min_part_hours 24
    object.builder set_min_part_hours x
    object.builder pretend_min_part_hours_passed
    object.builder validate
    object.builder write_ring
    object.builder
  `);
  await expectSameFiles('object.builder', 'object.ring.gz');
});

test('dispersion is reported alike, on the whole and tier by tier', async () => {
  await sharedBuilder();
  await compareLines(String.raw`
    object.builder dispersion
    object.builder dispersion -v
    object.builder dispersion --verbose "r\d+z\d+$"
    object.builder dispersion ".*\-[^/]*$" -v
    object.builder dispersion r2 --verbose
    object.builder dispersion nothing --verbose
    object.builder dispersion --recalculate -v
    object.builder set_weight d0 1000
    object.builder set_overload 10%
    object.builder dispersion -v
    object.builder dispersion --loud
    object.builder
  `);
  await expectSameFiles('object.builder');
});

test('the partition power is raised step by step with the same files at each', async () => {
  await sharedBuilder();
  const steps = `
    object.builder increase_partition_power
    object.builder finish_increase_partition_power
    object.builder cancel_increase_partition_power
    object.builder prepare_increase_partition_power
    object.builder prepare_increase_partition_power
    object.builder
    object.builder add r1z1-10.0.0.1:6200/sdnew 1
    object.builder remove d0
    object.builder rebalance
    object.builder cancel_increase_partition_power
    object.builder cancel_increase_partition_power
    object.builder finish_increase_partition_power
    object.builder prepare_increase_partition_power
    object.builder write_ring
    object.builder increase_partition_power
    object.builder increase_partition_power
    object.builder
    object.builder write_ring
    object.builder
    object.builder finish_increase_partition_power
    object.builder finish_increase_partition_power
    object.builder write_ring
    object.builder
  `;
  for (const step of steps.trim().split('\n')) {
    await compareLines(step);
    await expectSameFiles('object.builder', 'object.ring.gz');
  }
  for (const folder of Object.values(folders))
    copyFileSync(join(folder, 'object.builder'), join(folder, 'account.builder'));
  await compareLines('account.builder prepare_increase_partition_power');
});

test('builders that are not rebalanced, broken or foreign are told of as by Swift', async () => {
  await sharedBuilder();
  for (const folder of Object.values(folders)) {
    const whole = readFileSync(join(folders.swift, 'object.builder'));
    writeFileSync(join(folder, 'short.builder'), whole.subarray(0, 500));
    writeFileSync(join(folder, 'foreign.builder'), 'This is no builder.\n');
    writeFileSync(join(folder, 'empty.builder'), '');
  }
  await compareLines(`
    short.builder
    foreign.builder add r1z1-10.0.0.1:6200/sda 1
    foreign.builder create 8 3 1
    empty.builder rebalance
    missing.builder
    missing.builder search d0
    new.builder create 8 3 1
    new.builder write_ring
    new.builder rebalance
    new.builder dispersion
    new.builder list_parts d0
    new.builder validate
    new.builder search d0
    new.builder create 33 3 1
    new.builder create 8 0.5 1
    new.builder create 8 3 -1
    new.builder create eight 3 1
    new.builder add r1z1-10.0.0.1:6200/sda 1
    new.builder rebalance
    new.builder write_ring
    new.builder set_weight d0 0
    new.builder rebalance
    new.builder write_builder
    other.builder write_builder
  `);
  for (const folder of Object.values(folders)) {
    expect(readFileSync(join(folder, 'foreign.builder'), 'latin1')).toBe('This is no builder.\n');
    expect(readFileSync(join(folder, 'short.builder'))).toHaveLength(500);
  }
});

test('commands without what they need show how they are used and end with exit code 2', async () => {
  await sharedBuilder();
  const lines =
    `add|add r1z1-10.0.0.1:6200/sda|add r1z1-10.0.0.1:6200/sdn 1 2|create|create 8 3|search|search d0 d1|list_parts|remove|remove --id 1 d1|
    set_weight d0|set_weight d0 1 d1|set_weight --id 1|set_region d0|set_zone d0|set_info d0|set_info d0 _x d1|set_min_part_hours|set_replicas|
    set_replicas many|set_overload|set_overload 5x|set_overload many%`.split('|');
  for (const line of lines.map((text) => text.trim())) {
    const { swift: theirs, ours } = await both(`object.builder ${line}`);
    const name = line.split(' ')[0] ?? '';
    expect({ line, code: ours.code }).toEqual({ line, code: theirs.code });
    expect(theirs.code).toBe(2);
    expect(ours.output).toContain(`swift-ring-builder <builder_file> ${name}`);
    const fault = theirs.output.trimEnd().split('\n').at(-1) ?? '';
    if (fault.endsWith('is not a valid number.')) expect(ours.output).toContain(fault);
  }
});

test('a builder made from a ring is the one that Swift makes of it', async () => {
  await sharedBuilder();
  for (const folder of Object.values(folders)) rmSync(join(folder, 'object.builder'));
  await compareLines(`
    object.ring.gz write_builder 12
    object.ring.gz
    object.ring.gz write_builder
    object.builder list_parts d0
  `);
  const kept = async (folder: string): Promise<unknown> => {
    const contents = (await swift.contents(join(folder, 'object.builder'))) as [string, unknown][];
    return contents.filter(([key]) => !key.startsWith('_last_part_moves'));
  };
  expect(await kept(folders.ours)).toEqual(await kept(folders.swift));
  await both('object.builder set_weight d0 20');
  const { swift: theirs, ours } = await both('object.builder rebalance');
  expect(ours.code).toBe(theirs.code);
  expect(ours.output).toMatch(/^Reassigned \d+ /);
  for (const folder of Object.values(folders)) rmSync(join(folder, 'object.builder'));
  const unnamed = await both('object.builder write_builder');
  expect(unnamed.ours).toEqual(unnamed.swift);
  expect(unnamed.ours.errors).toContain('min_part_hours');
});

test('a builder passes from Swift to us and back between any two commands', async () => {
  const lines = `
    create 8 3 1
    add r1z1-10.0.0.1:6200/sda 100 r1z2-10.0.0.2:6200/sda 100 r1z3-10.0.0.3:6200/sda 100
    add r1z1-10.0.0.1:6200/sdb_é 100 r1z2-[fd00::2]:6200/sdb 100
    rebalance
    dispersion
    pretend_min_part_hours_passed
    set_weight d0 50
    rebalance
    add r2z1-10.0.1.1:6200/sda 100
    pretend_min_part_hours_passed
    rebalance
    remove d1
    rebalance
    set_info d2 _moved
    set_overload 10%
    set_replicas 3.5
    pretend_min_part_hours_passed
    rebalance
    dispersion --recalculate
    prepare_increase_partition_power
    write_ring
    increase_partition_power
    write_ring
    finish_increase_partition_power
    write_ring
    pretend_min_part_hours_passed
    set_min_part_hours 2
    rebalance --force
    validate
  `
    .trim()
    .split('\n');
  const swiftRun: Runner = (...args) => swift.builder(...args);
  for (const [first, second] of [
    [swiftRun, ourBuilder],
    [ourBuilder, swiftRun],
  ] as const) {
    const codes: number[] = [];
    for (const [at, line] of lines.entries()) {
      const run = at % 2 === 0 ? first : second;
      const { code, output, errors } = await runIn(folders.ours, run, `object.builder ${line.trim()}`);
      expect([0, 1], `${line.trim()}: ${output}${errors}`).toContain(code);
      codes.push(code);
      const shown = await runIn(folders.ours, ourBuilder, 'object.builder');
      expect(await runIn(folders.ours, swiftRun, 'object.builder')).toEqual(shown);
      expect((await runIn(folders.ours, swiftRun, 'object.builder validate')).code).toBe(at < 3 ? 2 : 0);
    }
    expect(codes.filter((code) => code === 0).length).toBeGreaterThan(20);
    rmSync(folders.ours, { recursive: true });
    mkdirSync(folders.ours);
  }
});

test('a rebalance leaves the files that Swift leaves, and a refused one leaves all as it was', async () => {
  await sharedBuilder();
  await compareLines('object.builder pretend_min_part_hours_passed');
  for (const line of ['object.builder set_weight d0 10', 'object.builder rebalance']) {
    const { swift: theirs, ours } = await both(line);
    expect(ours.code).toBe(theirs.code);
  }
  const backups = (folder: string): string[] =>
    readdirSync(join(folder, 'backups'))
      .map((name) => name.replace(/^\d+/, '<seconds>'))
      .sort();
  expect(backups(folders.ours)).toEqual(['<seconds>.object.builder', '<seconds>.object.ring.gz']);
  expect(backups(folders.swift)).toEqual(expect.arrayContaining(backups(folders.ours)));

  for (const [file, copy] of [
    ['object.builder', 'same.builder'],
    ['object.ring.gz', 'same.ring.gz'],
  ] as const) {
    for (const folder of Object.values(folders)) copyFileSync(join(folders.ours, file), join(folder, copy));
  }
  const before = readFileSync(join(folders.ours, 'same.builder'));
  await compareLines('same.builder rebalance');
  await compareLines('same.builder set_weight r1 0 --yes');
  const { swift: theirs, ours } = await both('same.builder rebalance');
  expect(ours).toEqual(theirs);
  expect(ours.code).toBe(2);
  expect(before.length).toBeGreaterThan(500);
});
