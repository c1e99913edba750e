import { readFileSync } from 'node:fs';
import { WORST_BALANCE } from '../../ring/builder/balance.ts';
import { RingBuilder } from '../../ring/builder/ring-builder.ts';
import { parseOptions, type OptionSyntax } from '../option-parser.ts';
import { fixed, ValueFault } from '../python-text.ts';
import { CommandEnd, type Terminal } from '../terminal.ts';
import { parseScenario, type Scenario, type ScenarioCommand } from './scenario.ts';

const SYNTAX: OptionSyntax = {
  program: 'swift-ring-builder-analyzer',
  usage: `swift-ring-builder-analyzer [--check] <scenario_path>

Plays a scenario of devices that come, change and go, and tells how many
partitions move until the ring is settled.`,
  options: [{ name: 'check', letter: 'c', kind: 'flag', doc: 'only check the scenario' }],
};

/** Runs `swift-ring-builder-analyzer ARGV`; gives the exit code. Throws CommandEnd, and BuilderError for a ring that can't be. */
export async function runAnalyzer(argv: readonly string[], terminal: Terminal): Promise<number> {
  const options = parseOptions(SYNTAX, argv);
  const [path, ...more] = options.words;
  if (path === undefined || more.length > 0) {
    const fault = path === undefined ? 'the scenario_path is missing' : `unrecognized arguments: ${more.join(' ')}`;
    throw new CommandEnd(2, `Usage: ${SYNTAX.usage}\n\n${SYNTAX.program}: error: ${fault}`, 'errors');
  }
  const scenario = readScenario(path);
  if (!options.has('check')) await play(scenario, terminal);
  return 0;
}

function readScenario(path: string): Scenario {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    throw new CommandEnd(1, `Error opening scenario ${path}: ${(error as Error).message}`, 'errors');
  }
  try {
    return parseScenario(text);
  } catch (error) {
    if (error instanceof ValueFault) throw new CommandEnd(1, `Invalid scenario ${path}: ${error.message}`, 'errors');
    throw error;
  }
}

const MIN_PART_HOURS = 1;

async function play({ partPower, replicas, overload, seed, rounds }: Scenario, terminal: Terminal): Promise<void> {
  const builder = RingBuilder.create(partPower, replicas, MIN_PART_HOURS);
  builder.setOverload(overload);
  for (const [index, commands] of rounds.entries()) {
    terminal.print(`Round ${index + 1}`);
    for (const command of commands) await carryOut(builder, command);
    settle(builder, seed, terminal);
  }
}

async function carryOut(builder: RingBuilder, command: ScenarioCommand): Promise<void> {
  switch (command.kind) {
    case 'add':
      builder.addDevice(command.device);
      return;
    case 'remove':
      builder.removeDevice(command.id);
      return;
    case 'set_weight':
      builder.setDeviceWeight(command.id, command.weight);
      return;
    case 'save':
      await builder.save(command.path);
      return;
  }
}

/** Rebalances until nothing moves, or the balance changes by less than 1 while no device is still draining. */
function settle(builder: RingBuilder, seed: number, terminal: Terminal): void {
  let before: number | undefined;
  for (let count = 1; ; count++) {
    const { movedParts, balance, removedDevices } = builder.rebalance({ seed });
    builder.pretendMinPartHoursPassed();
    terminal.print(
      `\tRebalance ${count}: moved ${movedParts} parts, balance is ${fixed(balance, 6)}, ${removedDevices} removed devs`,
    );
    if (before !== undefined) {
      if (movedParts === 0 && removedDevices === 0) return;
      const isDraining = before === WORST_BALANCE && balance === WORST_BALANCE;
      if (Math.abs(balance - before) < 1 && !isDraining) return;
    }
    before = balance;
  }
}
