/**
 * The working tree against a git ref: `npm run bench:ab -- REF [options]`, with the options of `npm run bench`. Each round has fresh processes
 * of both, in turned order. Prints medians and ratios; below 1 the working tree takes less.
 */

import { execFileSync } from 'node:child_process';
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { clientsOf, measureRow } from './comparison.ts';
import { prepareFor } from './fixture.ts';
import type { Sample } from './measure.ts';
import { type BenchOptions, readBenchOptions } from './options.ts';
import { requirePrograms } from './programs.ts';
import { type Medians, mediansOf } from './results.ts';
import { onScene } from './scene.ts';
import { startCluster } from './systems.ts';
import { markdownTable, short } from './table.ts';

type Side = 'ref' | 'tree';
/** Of one row with one number of clients. */
interface Pair {
  row: string;
  title: string;
  clients: number;
  ref: Sample[];
  tree: Sample[];
}

const ROOT = join(import.meta.dirname, '..');
const DEFAULTS = { rounds: 4, seconds: 2, clients: [16] };
const WARM_UP_SEC = 1;

function git(...args: string[]): void {
  execFileSync('git', ['-C', ROOT, ...args], { stdio: ['ignore', 'ignore', 'inherit'] });
}

/** A checkout of the ref that shares the installed packages; it goes when the bench ends. */
function checkOut(ref: string, folder: string): string {
  const path = join(folder, 'ref');
  git('worktree', 'add', '--detach', path, ref);
  process.on('exit', () => git('worktree', 'remove', '--force', path));
  symlinkSync(join(ROOT, 'node_modules'), join(path, 'node_modules'));
  return path;
}

async function measureSide(side: Side, root: string, options: BenchOptions, pairs: readonly Pair[]): Promise<void> {
  const system = await startCluster('apus', { root });
  await prepareFor(system, options.rows);
  for (const row of options.rows) {
    const counts = clientsOf(row, options);
    await measureRow(system, row, counts[0] as number, WARM_UP_SEC);
    for (const clients of counts) {
      const sample = await measureRow(system, row, clients, options.seconds);
      pairs.find((pair) => pair.row === row.name && pair.clients === clients)?.[side].push(sample);
    }
  }
  await system.stop();
}

function tableOf(pairs: readonly Pair[]): string {
  const numbers = ['/s', 'p50 ms', 'p99 ms', 'CPU ms'];
  const heading = ['request', 'clients', ...numbers.flatMap((name) => [`${name}, ref`, 'tree', 'ratio']), 'failed'];
  const rows = pairs.map(({ row, title, clients, ref, tree }) => {
    const [a, b] = [mediansOf(ref, row), mediansOf(tree, row)];
    const keys: (keyof Medians)[] = ['requestsPerSec', 'p50Ms', 'p99Ms', 'cpuMs'];
    const cells = keys.flatMap((key) => [short(a[key]), short(b[key]), (b[key] / a[key]).toFixed(2)]);
    return [title, String(clients), ...cells, `${a.failed} / ${b.failed}`];
  });
  return markdownTable([heading, ...rows]);
}

async function main(folder: string): Promise<void> {
  const options = readBenchOptions(process.argv.slice(2), DEFAULTS);
  const [ref] = options.words;
  if (ref === undefined) throw new Error('usage: npm run bench:ab -- REF [options of npm run bench]');
  requirePrograms(false);
  const roots: Readonly<Record<Side, string>> = { ref: checkOut(ref, folder), tree: ROOT };
  const pairs = options.rows.flatMap((row) =>
    clientsOf(row, options).map((clients): Pair => {
      return { row: row.name, title: row.title, clients, ref: [], tree: [] };
    }),
  );
  for (let round = 0; round < options.rounds; round++) {
    const sides: Side[] = round % 2 === 0 ? ['ref', 'tree'] : ['tree', 'ref'];
    for (const side of sides) await measureSide(side, roots[side], options, pairs);
    console.error(`round ${round + 1} of ${options.rounds}`);
  }
  console.log(tableOf(pairs));
}

await onScene(main);
