/** Scenarios of swift-ring-builder-analyzer: JSON that tells which devices come, change and go, round by round. */

import type { NewDevice } from '../../ring/builder/ring-builder.ts';
import { quoted, readFloat, readInteger, ValueFault } from '../python-text.ts';
import { parseDeviceToAdd } from '../ring-builder/device-string.ts';

export interface Scenario {
  readonly partPower: number;
  readonly replicas: number;
  readonly overload: number;
  readonly seed: number;
  readonly rounds: readonly (readonly ScenarioCommand[])[];
}

export type ScenarioCommand =
  | { readonly kind: 'add'; readonly device: NewDevice }
  | { readonly kind: 'remove'; readonly id: number }
  | { readonly kind: 'set_weight'; readonly id: number; readonly weight: number }
  | { readonly kind: 'save'; readonly path: string };

/** Throws ValueFault for the first thing that is wrong. */
export function parseScenario(text: string): Scenario {
  const values = parseObject(text);
  const partPower = integerIn(values, 'part_power');
  if (!(partPower >= 1 && partPower <= 32)) {
    throw new ValueFault(`part_power must be between 1 and 32, but was ${partPower}`);
  }
  const replicas = floatIn(values, 'replicas');
  if (replicas < 1) throw new ValueFault(`replicas must be at least 1, but is ${replicas.toFixed(6)}`);
  const overload = floatIn(values, 'overload');
  if (overload < 0) throw new ValueFault(`overload must be non-negative, but is ${overload.toFixed(6)}`);
  const seed = integerIn(values, 'random_seed');
  const rounds = valueOf(values, 'rounds');
  if (!Array.isArray(rounds)) throw new ValueFault('rounds must be an array');
  return { partPower, replicas, overload, seed, rounds: rounds.map(parseRound) };
}

type Values = Readonly<Record<string, unknown>>;

function parseObject(text: string): Values {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new ValueFault(`Invalid JSON in scenario file: ${(error as Error).message}`);
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new ValueFault('Scenario must be a JSON object, not array or string');
  }
  return value as Values;
}

function valueOf(values: Values, key: string): unknown {
  const value = values[key];
  if (value === undefined) throw new ValueFault(`${key} missing`);
  return value;
}

function integerIn(values: Values, key: string): number {
  return naming(`${key} not an integer`, () => integerOf(valueOf(values, key)), values[key] === undefined);
}

function floatIn(values: Values, key: string): number {
  return naming(`${key} not a float`, () => floatOf(valueOf(values, key)), values[key] === undefined);
}

/** Puts what a value is for in front of what is wrong with it. */
function naming<T>(name: string, read: () => T, isMissing = false): T {
  try {
    return read();
  } catch (error) {
    if (error instanceof ValueFault && !isMissing) throw new ValueFault(`${name}: ${error.message}`);
    throw error;
  }
}

/** A number loses its fraction, text must be an integer's. */
function integerOf(value: unknown): number {
  return typeof value === 'number' ? Math.trunc(value) : readInteger(textOf(value));
}

function floatOf(value: unknown): number {
  return typeof value === 'number' ? value : readFloat(textOf(value));
}

function textOf(value: unknown): string {
  if (typeof value === 'string') return value;
  throw new ValueFault(`expected a number or text, but got ${JSON.stringify(value)}`);
}

function parseRound(round: unknown, roundIndex: number): readonly ScenarioCommand[] {
  if (!Array.isArray(round)) throw new ValueFault(`round ${roundIndex} not an array`);
  return round.map((command: unknown, commandIndex) => {
    const place = `(round ${roundIndex}, command ${commandIndex})`;
    const words = Array.isArray(command) ? (command as readonly unknown[]) : [];
    const parse = COMMANDS.get(String(words[0]));
    if (parse === undefined) {
      const known = [...COMMANDS.keys()].map(quoted).join(', ');
      throw new ValueFault(`Unknown command ${place}: '${String(words[0])}' should be one of ${known}`);
    }
    return parse(words, place);
  });
}

type CommandParser = (words: readonly unknown[], place: string) => ScenarioCommand;

const COMMANDS: ReadonlyMap<string, CommandParser> = new Map<string, CommandParser>([
  ['add', parseAdd],
  ['remove', parseRemove],
  ['set_weight', parseSetWeight],
  ['save', parseSave],
]);

function parseAdd(words: readonly unknown[], place: string): ScenarioCommand {
  expectLength(words, 3, 'add command', place);
  const { region, ...device } = naming(`Invalid device specifier ${place}`, () => parseDeviceToAdd(textOf(words[1])));
  return { kind: 'add', device: { ...device, region: region ?? 1, weight: weightOf(words[2], place) } };
}

function parseRemove(words: readonly unknown[], place: string): ScenarioCommand {
  expectLength(words, 2, 'remove command', place);
  return { kind: 'remove', id: naming(`Invalid device ID in remove ${place}`, () => integerOf(words[1])) };
}

function parseSetWeight(words: readonly unknown[], place: string): ScenarioCommand {
  expectLength(words, 3, 'set_weight command', place);
  const id = naming(`Invalid device ID in set_weight ${place}`, () => integerOf(words[1]));
  return { kind: 'set_weight', id, weight: weightOf(words[2], place) };
}

function parseSave(words: readonly unknown[], place: string): ScenarioCommand {
  expectLength(words, 2, 'save command', place);
  return { kind: 'save', path: naming(`Invalid path ${place}`, () => textOf(words[1])) };
}

function expectLength(words: readonly unknown[], length: number, name: string, place: string): void {
  if (words.length === length) return;
  throw new ValueFault(
    `Invalid ${name} ${place}: expected array of length ${length}, but got ${JSON.stringify(words)}`,
  );
}

function weightOf(value: unknown, place: string): number {
  const weight = naming(`Invalid weight ${place}`, () => floatOf(value));
  if (weight < 0) throw new ValueFault(`Invalid weight ${place}: cannot be negative`);
  return weight;
}
