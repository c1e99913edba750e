/**
 * Compares Apus's ring builder with Debian's on random topologies: `npm run compare:rings -- --cases 2000 --seed 1`, and on ten named
 * ones with `--table`. Prints a summary, and every topology where Apus is worse in something and better in nothing; ends with 1 then.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import fc from 'fast-check';
import { compareWithDebian, faultsOf, summaryOf, type Comparison, type Pair } from './comparison.ts';
import { NAMED_TOPOLOGIES } from './named-topologies.ts';
import { topologies } from './topology.ts';

const { values } = parseArgs({
  options: {
    cases: { type: 'string', default: '500' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    table: { type: 'boolean', default: false },
  },
});

const folder = mkdtempSync(join(tmpdir(), 'apus-rings-'));
try {
  if (values.table) printTable(await compareWithDebian(NAMED_TOPOLOGIES, folder));
  else process.exitCode = await compareRandom(Number(values.cases), Number(values.seed));
} finally {
  rmSync(folder, { recursive: true, force: true });
}

async function compareRandom(cases: number, seed: number): Promise<number> {
  const comparisons = await compareWithDebian(fc.sample(topologies, { numRuns: cases, seed }), folder);
  const faulty = comparisons.filter((comparison) => faultsOf(comparison).length > 0);
  for (const comparison of faulty) {
    const { name, partPower, replicas, overload } = comparison.topology;
    console.log(
      `${name}, power ${partPower}, ${replicas} replicas, overload ${overload}: ${faultsOf(comparison).join('; ')}`,
    );
  }
  console.log(`seed ${seed}:`, summaryOf(comparisons), `faults: ${faulty.length}`);
  return faulty.length === 0 ? 0 : 1;
}

function printTable(comparisons: readonly Comparison[]): void {
  console.log('| topology | step | balance % | dispersion % | moved | seconds |');
  console.log('|---|---|---|---|---|---|');
  for (const { topology, fresh, changed } of comparisons) {
    console.log(tableRow(topology.name, 'new ring', fresh));
    if (changed !== undefined) console.log(tableRow('', topology.change.kind, changed));
  }
}

function tableRow(name: string, what: string, { apus, debian }: Pair): string {
  const both = (key: keyof Pair['apus'], digits: number): string =>
    `${apus[key].toFixed(digits)} / ${debian[key].toFixed(digits)}`;
  return `| ${name} | ${what} | ${both('balance', 2)} | ${both('dispersion', 2)} | ${both('moved', 0)} | ${both('seconds', 2)} |`;
}
