import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { afterAll, describe, expect, test } from 'vitest';
import { type Cluster, startCluster } from '../../src/testing.ts';
import { proxyConfText, swiftConfText } from '../cluster/configuration.ts';
import { areaNames, configKey, loadArea, loadRecording } from './areas.ts';
import { type RecordedAnswer, ScenarioRunner } from './runner.ts';
import type { Difference, ScenarioSet } from './scenario.ts';

/** Every config's cluster, started when a scenario first needs it. */
const clusters = new Map<string, Promise<Cluster>>();
/** Reasons of what differs on purpose, and how often. */
const reasons = new Map<string, number>();
let answersCompared = 0;

afterAll(async () => {
  await Promise.all([...clusters.values()].map(async (cluster) => (await cluster).stop()));
  const differences = [...reasons].map(([reason, count]) => `\n  ${count} × ${reason}`);
  console.log(
    `${answersCompared} answers compared; differing on purpose: ${differences.length}${differences.join('')}`,
  );
});

async function clusterFor(set: ScenarioSet): Promise<Cluster> {
  const key = configKey(set);
  const cluster = clusters.get(key) ?? startFor(set);
  clusters.set(key, cluster);
  return await cluster;
}

async function startFor({ config = {} }: ScenarioSet): Promise<Cluster> {
  const configDir = mkdtempSync(join(tmpdir(), 'apus-conformance-'));
  const place = { port: 8080, swiftDir: '%(here)s/../../var/swift', onlyBuiltins: true };
  try {
    writeFileSync(join(configDir, 'swift.conf'), swiftConfText(config));
    writeFileSync(join(configDir, 'proxy-server.conf'), proxyConfText(config, place));
    return await startCluster({ configDir });
  } finally {
    rmSync(configDir, { recursive: true });
  }
}

/** What Apus is to answer: as recorded, but for what a step says it does otherwise. */
function expected(recorded: RecordedAnswer, difference: Difference | undefined): RecordedAnswer {
  if (difference === undefined) return recorded;
  reasons.set(difference.reason, (reasons.get(difference.reason) ?? 0) + 1);
  const headers = Object.entries({ ...recorded.headers, ...difference.headers });
  const otherwise = {
    ...recorded,
    status: difference.status ?? recorded.status,
    headers: Object.fromEntries(headers.flatMap(([name, value]) => (value === null ? [] : [[name, value]]))),
    body: difference.body ?? recorded.body,
  };
  if (isDeepStrictEqual(otherwise, recorded)) throw new Error(`is no difference: ${difference.reason}`);
  return otherwise;
}

for (const name of areaNames()) {
  const area = await loadArea(name);
  const recording = loadRecording(name);
  describe(name, () => {
    for (const set of area) {
      for (const scenario of set.scenarios) {
        test(scenario.name, async () => {
          const recorded = recording[scenario.name];
          if (recorded === undefined) throw new Error(`not recorded: npm run conformance:record -- ${name}`);
          const { port } = await clusterFor(set);
          const { answers, steps } = await new ScenarioRunner(port, name).run(scenario);
          expect(answers).toEqual(recorded.map((answer, at) => expected(answer, steps[at]?.differs)));
          answersCompared += answers.length;
        });
      }
    }
    test('has no recording of scenarios that are gone', () => {
      const names = area.flatMap(({ scenarios }) => scenarios.map((scenario) => scenario.name));
      expect(Object.keys(recording).filter((each) => !names.includes(each))).toEqual([]);
    });
  });
}
