/** The case files and their recordings. */

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { RecordedAnswer } from './runner.ts';
import type { Area, Scenario, ScenarioSet } from './scenario.ts';

/** Answers of each scenario, by its name. */
export type Recording = Readonly<Record<string, readonly RecordedAnswer[]>>;

const CASES = join(import.meta.dirname, 'cases');

export function areaNames(): string[] {
  return readdirSync(CASES)
    .filter((name) => name.endsWith('.ts'))
    .map((name) => name.slice(0, -'.ts'.length))
    .sort();
}

/** Throws when two scenarios have the same name: their containers would, too. */
export async function loadArea(name: string): Promise<Area> {
  const { area } = (await import(join(CASES, `${name}.ts`))) as { area: Area };
  const names = area.flatMap(({ scenarios }) => scenarios.map((scenario: Scenario) => scenario.name));
  const twice = names.find((each, at) => names.indexOf(each) !== at);
  if (twice !== undefined) throw new Error(`${name} has two scenarios of the name ${JSON.stringify(twice)}`);
  return area;
}

export function recordingPath(area: string): string {
  return join(import.meta.dirname, 'recorded', `${area}.json`);
}

export function loadRecording(area: string): Recording {
  const path = recordingPath(area);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as Recording) : {};
}

/** Sets with the same config may share a cluster. */
export function configKey({ config = {} }: ScenarioSet): string {
  return JSON.stringify(config);
}
