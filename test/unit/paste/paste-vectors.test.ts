/**
 * Runs recorded cases of Python's loader. PASTE_VECTORS names another folder of the same form; README.md there tells what a case
 * is. Where a case has a `portExpect`, that is what counts.
 */

import { readFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { ConfigError } from '../../../src/common/config-error.ts';
import { runCase, type VectorCall } from './vector-runner.ts';

const folder = resolve(process.env['PASTE_VECTORS'] ?? join(import.meta.dirname, '../../golden/paste'));

interface Outcome {
  ok?: Record<string, unknown>;
  error?: { code: string; mentions?: string[] };
}

interface VectorCase {
  id: string;
  area: string;
  what: string;
  call: VectorCall;
  expect: Outcome;
  portExpect?: Outcome;
  portMentions?: string[];
}

const text = readFileSync(join(folder, 'expected.json'), 'utf8').replaceAll(
  '${V}',
  JSON.stringify(folder).slice(1, -1),
);
const { cases } = JSON.parse(text) as { cases: VectorCase[] };

for (const area of new Set(cases.map((each) => each.area))) {
  describe(area, () => {
    for (const each of cases) if (each.area === area) test(`${each.id}: ${each.what}`, () => check(each));
  });
}

async function check(each: VectorCase): Promise<void> {
  const want = each.portExpect ?? each.expect;
  if (want.error !== undefined) return checkError(each, want.error);
  const got = (await runCase(each.call)) as Record<string, unknown>;
  for (const [field, value] of Object.entries(want.ok ?? {}))
    expect(comparable(got[field])).toStrictEqual(comparable(value));
  if (each.portExpect === undefined) expect(Object.keys(got).sort()).toEqual(Object.keys(want.ok ?? {}).sort());
}

async function checkError(each: VectorCase, want: { code: string; mentions?: string[] }): Promise<void> {
  const error = await runCase(each.call).then(
    (got) => expect.fail(`expected the error ${want.code}, got ${JSON.stringify(got)}`),
    (reason: unknown) => reason,
  );
  if (!(error instanceof ConfigError)) throw error;
  expect(error.code, error.message).toBe(want.code);
  const mentions = each.portMentions ?? (each.portExpect?.error ?? each.expect.error)?.mentions ?? [];
  for (const mention of mentions) expect(error.message).toContain(mention);
}

/** The same without regard to key order, `__proto__` kept. A setting that Python hands over as null is absent here: all are text. */
function comparable(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value !== 'object' || value === null) return value;
  const entries = Object.entries(value).filter(([key, each]) => !(key === '__name__' && each === null));
  return new Map(entries.map(([key, each]): [string, unknown] => [key, comparable(each)]).sort(byKey));
}

function byKey([a]: [string, unknown], [b]: [string, unknown]): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
