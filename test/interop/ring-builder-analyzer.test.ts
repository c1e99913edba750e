import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, expect } from 'vitest';
import { runAnalyzer } from '../../src/cli/ring-builder-analyzer/run.ts';
import { scratchDirectory } from '../unit/common/scratch.ts';
import { interopTest } from './debian-swift.ts';
import { ourCommand, SwiftCommands, type Outcome } from './swift-ring-commands.ts';

const test = interopTest('/usr/bin/swift-ring-builder-analyzer');
let swift: SwiftCommands;
let scratch: ReturnType<typeof scratchDirectory>;

beforeAll(() => {
  swift = new SwiftCommands();
});

afterAll(async () => {
  await swift.close();
});

beforeEach(() => {
  scratch = scratchDirectory();
});

afterEach(() => {
  scratch.remove();
});

async function both(scenario: string, ...options: string[]): Promise<{ theirs: Outcome; ours: Outcome }> {
  const path = join(scratch.path, 'scenario.json');
  writeFileSync(path, scenario);
  return {
    theirs: await swift.command(['swift-ring-builder-analyzer', path, ...options]),
    ours: await ourCommand({ name: 'swift-ring-builder-analyzer', failureCode: 1 }, runAnalyzer, [path, ...options]),
  };
}

const add = (n: number, weight: number | string): unknown => ['add', `r1z${n}-10.0.0.${n}:6200/sda`, weight];
const basics = { part_power: 8, replicas: 3, overload: 0, random_seed: 1 };

test('a scenario that has one outcome is played with the words of Swift', async () => {
  const rounds = [
    [add(1, 100), add(2, '100'), add(3, 1e2)],
    [add(4, 0)],
    [['set_weight', 3, 0]],
    [
      ['remove', '3'],
      ['save', join(scratch.path, 'saved.builder')],
    ],
  ];
  const { theirs, ours } = await both(JSON.stringify({ ...basics, rounds }));
  expect(theirs.output).toContain('1 removed devs');
  expect(ours).toEqual(theirs);
  expect(await swift.contents(join(scratch.path, 'saved.builder'))).toContainEqual(['part_power', 8]);
});

test('every round of a greater scenario settles, no worse balanced than with Swift', async () => {
  const rounds = [
    [1, 2, 3, 4, 5].map((n) => add(n, 100)),
    [add(6, 20)],
    [['set_weight', 5, 60]],
    [
      ['set_weight', 5, 100],
      ['remove', 0],
    ],
  ];
  const { theirs, ours } = await both(JSON.stringify({ ...basics, rounds }));
  const settled = (output: string): number[] =>
    output
      .split(/^Round \d+\n/m)
      .slice(1)
      .map((round) => Number(/.*balance is ([\d.]+),/.exec(round.trim().split('\n').at(-1) ?? '')?.[1]));
  const [our, their] = [settled(ours.output), settled(theirs.output)];
  expect(our).toHaveLength(4);
  our.forEach((balance, round) => expect(balance).toBeLessThanOrEqual((their[round] as number) + 1));
});

test('scenarios that are none are refused as by Swift, and --check plays nothing', async () => {
  const scenarios: unknown[] = [
    [],
    {},
    { ...basics, part_power: 0, rounds: [] },
    { ...basics, replicas: 0.5, rounds: [] },
    { ...basics, overload: -1, rounds: [] },
    { ...basics, part_power: 'x', rounds: [] },
    { ...basics, replicas: 'x', rounds: [] },
    basics,
    { ...basics, rounds: {} },
    { ...basics, rounds: [{}] },
    { ...basics, rounds: [[['add', 'r1-1', 5]]] },
    { ...basics, rounds: [[add(1, -5)]] },
    { ...basics, rounds: [[add(1, 'heavy')]] },
    { ...basics, rounds: [[['remove', 'x']]] },
    { ...basics, rounds: [[['set_weight', 'x', 1]]] },
    { ...basics, rounds: [] },
    { ...basics, rounds: [[add(1, 5)]] },
  ];
  for (const scenario of scenarios) {
    const { theirs, ours } = await both(JSON.stringify(scenario), '--check');
    expect({ scenario, ...ours }).toEqual({ scenario, ...theirs });
  }
  for (const scenario of ['{', JSON.stringify({ ...basics, rounds: [[['paint', 1]]] })]) {
    const { theirs, ours } = await both(scenario, '-c');
    expect([ours.code, theirs.code]).toEqual([1, 1]);
    expect(ours.errors).toMatch(/^Invalid scenario /);
  }
});
