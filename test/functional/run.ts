/**
 * Runs OpenStack Swift's functional tests against a cluster of Apus processes, and fails when one of those in passing.txt does not pass.
 *
 *     npm run test:functional -- [--update] [pytest arguments]
 *
 * Without arguments all of FILES run. --update adds to passing.txt what passes now. expected.txt is what Python Swift passes.
 */

import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { missingFilters } from '../cluster/configuration.ts';
import { ProcessCluster } from '../cluster/processes.ts';
import { type PytestRun, runPytest, type TestResult } from './pytest.ts';
import { swiftSource } from './swift-source.ts';

const FILES = [
  ...['tests.py', 'test_account.py', 'test_container.py', 'test_object.py', 'test_tempurl.py', 'test_domain_remap.py'],
  ...['test_dlo.py', 'test_slo.py'],
].map((name) => `test/functional/${name}`);

const PASSING = join(import.meta.dirname, 'passing.txt');
const EXPECTED = join(import.meta.dirname, 'expected.txt');

function readList(path: string): string[] {
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '');
}

/** What a run tells about the two lists. A test that did not run counts only where all were to run. */
function verdict(run: PytestRun, isWhole: boolean): { lines: string[]; isGood: boolean; newlyPassing: string[] } {
  const passed = new Set(run.results.filter(({ outcome }) => outcome === 'passed').map(({ name }) => name));
  const ran = new Set(run.results.map(({ name }) => name));
  const concerned = (path: string): string[] => readList(path).filter((name) => isWhole || ran.has(name));
  const [before, expected] = [concerned(PASSING), concerned(EXPECTED)];
  const lost = before.filter((name) => !passed.has(name));
  // What Python does not pass hangs on chance or on the machine.
  const newlyPassing = expected.filter((name) => passed.has(name) && !before.includes(name));
  const lines = [
    ...lost.map((name) => `NO LONGER PASSES ${name}`),
    ...(newlyPassing.length > 0 ? [`newly passing: ${newlyPassing.length} (--update adds them to passing.txt)`] : []),
    `${expected.filter((name) => passed.has(name)).length} of ${expected.length} that Python Swift passes; ` +
      `${before.length - lost.length} of ${before.length} that passed before`,
    `${before.length - lost.length} passed, ${lost.length} failed`,
  ];
  if (run.exitCode !== 0 && run.exitCode !== 1) lines.push(`pytest ended with ${run.exitCode}`);
  const isGood = lost.length === 0 && ran.size > 0 && (run.exitCode === 0 || run.exitCode === 1);
  return { lines, isGood, newlyPassing };
}

/** Tells of a test that failed; those that Python Swift does not pass here either, by chance or by machine, count as no fault. */
function tellFailures(expected: ReadonlySet<string>): (result: TestResult) => void {
  return ({ name, outcome, reason }) => {
    if (outcome !== 'failed') return;
    console.log(
      `${expected.has(name) ? 'FAILED' : 'not among those that Python Swift passes:'} ${name}: ${reason.slice(0, 300)}`,
    );
  };
}

async function main(args: readonly string[]): Promise<boolean> {
  const isUpdate = args.includes('--update');
  const chosen = args.filter((arg) => arg !== '--update');
  const missing = missingFilters();
  if (missing.length > 0) console.log(`not in the pipeline, as Apus has no such filter: ${missing.join(' ')}`);
  const source = swiftSource();
  const cluster = await ProcessCluster.start({ servers: 'apus', nodes: 4 });
  const begun = performance.now();
  try {
    const run = await runPytest(
      source,
      cluster.url,
      chosen.length > 0 ? chosen : FILES,
      tellFailures(new Set(readList(EXPECTED))),
    );
    const { lines, isGood, newlyPassing } = verdict(run, chosen.length === 0);
    console.log(`${run.results.length} tests in ${((performance.now() - begun) / 1000).toFixed(0)} s`);
    console.log(lines.join('\n'));
    if (isUpdate) {
      const all = new Set([...readList(PASSING), ...newlyPassing]);
      writeFileSync(PASSING, [...all].sort().join('\n') + '\n');
    }
    return isGood;
  } finally {
    await cluster.stop();
  }
}

// Ending this ends the servers: they hang on the process's exit.
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => process.exit(1));
process.exitCode = (await main(process.argv.slice(2))) ? 0 : 1;
