/** Where the results go: JSON, a chart, and the tables of docs/performance.md. */

import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type ChartRow, drawChart } from './chart.ts';
import { wantedTimes } from './goals.ts';
import { machineLine } from './machine.ts';
import { mediansAt, type Results } from './results.ts';
import { allInOneTable, comparisonTable, goalsTable, limitsTable, titleOf } from './table.ts';

const RESULTS = join(import.meta.dirname, 'results');
const DOC = join(import.meta.dirname, '../docs/performance.md');

/** What the terminal and the doc show. */
export function tablesText(results: Results): string {
  const rounds = `${results.rounds} rounds of ${results.seconds} s`;
  return [
    `${machineLine(results.machine)}. ${results.date}, ${rounds}.`,
    comparisonTable(results),
    '`npm start`, all in one process, its ratio against the cluster of Python Swift:',
    allInOneTable(results),
    'The limits, in the same run:',
    limitsTable(results),
    'The other goals:',
    goalsTable(results),
  ].join('\n\n');
}

export function chartText(results: Results): string {
  const rows = results.measurements
    .filter(({ system }) => system === 'apus')
    .map(({ row, clients }): ChartRow => {
      const wanted = wantedTimes(row, 'apus');
      return {
        title: `${titleOf(row)}, ${clients}`,
        python: mediansAt(results, row, clients, 'python')?.cpuMs ?? 0,
        apus: mediansAt(results, row, clients, 'apus')?.cpuMs ?? 0,
        ...(wanted === undefined ? {} : { wanted }),
      };
    });
  return drawChart('Requests, and how many clients at once', rows);
}

/** The text with what stands between `<!-- NAME -->` and `<!-- end of NAME -->` replaced. Throws when there is no such place. */
export function replaceSection(text: string, name: string, section: string): string {
  const [open, close] = [`<!-- ${name} -->`, `<!-- end of ${name} -->`];
  const [from, to] = [text.indexOf(open), text.indexOf(close)];
  if (from < 0 || to < from) throw new Error(`there is no ${open} … ${close}`);
  return `${text.slice(0, from + open.length)}\n\n${section}\n\n${text.slice(to)}`;
}

export function writeDocSection(name: string, section: string): void {
  writeFileSync(DOC, replaceSection(readFileSync(DOC, 'utf8'), name, section));
}

export function writeResults(results: Results): void {
  mkdirSync(RESULTS, { recursive: true });
  writeFileSync(join(RESULTS, 'latest.json'), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(RESULTS, 'latest.svg'), chartText(results));
  writeDocSection('results', tablesText(results));
}
