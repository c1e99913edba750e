/** The tables of a run, in Markdown; terminals show them as well. */

import { evaluateGoals, wantedTimes } from './goals.ts';
import { mediansAt, mediansOf, type Medians, type Results } from './results.ts';
import { rowNamed } from './rows.ts';
import { median, ratio } from './statistics.ts';
import type { SystemName } from './systems.ts';

/** Columns as wide as their longest cell. The first row is the heading. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const columns = rows[0]?.length ?? 0;
  const widths = Array.from({ length: columns }, (_, at) => Math.max(3, ...rows.map((row) => row[at]?.length ?? 0)));
  const line = (cells: readonly string[]): string =>
    `| ${widths.map((width, at) => (cells[at] ?? '').padEnd(width)).join(' | ')} |`;
  const [heading = [], ...rest] = rows;
  return [line(heading), line(widths.map((width) => '-'.repeat(width))), ...rest.map(line)].join('\n');
}

/** Three significant digits, without a power of ten. */
export function short(value: number): string {
  if (!Number.isFinite(value)) return '?';
  const digits = Math.max(0, 2 - Math.floor(Math.log10(Math.max(Math.abs(value), 0.001))));
  return value.toFixed(digits);
}

export function titleOf(row: string): string {
  return rowNamed(row)?.title ?? row;
}

/** Requests per second; of large bodies MB per second. */
function rate(row: string, { requestsPerSec }: Medians): string {
  const bytes = rowNamed(row)?.bodyBytes ?? 0;
  return bytes < 1 << 20 ? short(requestsPerSec) : `${short((requestsPerSec * bytes) / 1e6)} MB/s`;
}

function latency({ p50Ms, p99Ms }: Medians): string {
  return `${short(p50Ms)} / ${short(p99Ms)}`;
}

/** `1/15.2`, and in the columns behind it what is wanted and whether it is so. */
function ratioCells(row: string, system: SystemName, base: Medians | undefined, own: Medians): string[] {
  const times = base === undefined ? undefined : ratio(base.cpuMs, own.cpuMs);
  const wanted = wantedTimes(row, system);
  if (times === undefined) return ['', '', ''];
  if (wanted === undefined) return [`1/${short(times)}`, '', ''];
  return [`1/${short(times)}`, `1/${wanted}`, times >= wanted ? 'yes' : 'no'];
}

function failures(medians: readonly (Medians | undefined)[]): string {
  const failed = medians.reduce((sum, each) => sum + (each?.failed ?? 0), 0);
  return failed === 0 ? '' : ` (${failed} failed)`;
}

/** Python's cluster and Apus's, row by row. */
export function comparisonTable(results: Results): string {
  const heading = ['request', 'clients', 'Python /s', 'Apus /s', 'Python p50 / p99 ms', 'Apus p50 / p99 ms'];
  const rows = [[...heading, 'Python CPU ms', 'Apus CPU ms', 'kernel ms', 'ratio', 'goal', 'met']];
  for (const { row, clients, system } of results.measurements) {
    const own = mediansAt(results, row, clients, 'apus');
    if (system !== 'apus' || own === undefined) continue;
    const base = mediansAt(results, row, clients, 'python');
    const python = base ?? { requestsPerSec: NaN, p50Ms: NaN, p99Ms: NaN, cpuMs: NaN, kernelMs: NaN, failed: 0 };
    rows.push([
      ...[titleOf(row) + failures([base, own]), String(clients), rate(row, python), rate(row, own)],
      ...[latency(python), latency(own), short(python.cpuMs), short(own.cpuMs)],
      `${short(python.kernelMs)} / ${short(own.kernelMs)}`,
      ...ratioCells(row, 'apus', base, own),
    ]);
  }
  return markdownTable(rows);
}

/** Apus in one process, against Python's cluster. */
export function allInOneTable(results: Results): string {
  const rows = [['request', 'clients', '/s', 'p50 / p99 ms', 'CPU ms', 'kernel ms', 'ratio', 'goal', 'met']];
  for (const { row, clients, system } of results.measurements) {
    const own = mediansAt(results, row, clients, 'one');
    if (system !== 'one' || own === undefined) continue;
    const base = mediansAt(results, row, clients, 'python');
    rows.push([
      ...[titleOf(row) + failures([own]), String(clients), rate(row, own), latency(own), short(own.cpuMs)],
      short(own.kernelMs),
      ...ratioCells(row, 'one', base, own),
    ]);
  }
  return markdownTable(rows);
}

export function limitsTable({ bare, disk, floors }: Results): string {
  const rows = [['limit', 'clients', '/s', 'CPU ms']];
  for (const { server, clients, samples } of bare) {
    const { requestsPerSec, cpuMs } = mediansOf(samples);
    rows.push([`GET 1 KiB, ${server}`, String(clients), short(requestsPerSec), short(cpuMs)]);
  }
  if (disk.length > 0) {
    const creates = median(disk.map(({ createsPerSec }) => createsPerSec));
    const cpuMs = median(disk.map((sample) => sample.cpuMs));
    rows.push(["durable create of a name in Swift's layout", '16', short(creates), short(cpuMs)]);
  }
  for (const { direction, size, cpuMs } of floors) {
    const [title, clients] = size === '1m' ? ['1 MiB', '16'] : ['64 MiB', '4'];
    rows.push([`hashing and copying for a ${direction.toUpperCase()} of ${title}`, clients, '', short(cpuMs)]);
  }
  return markdownTable(rows);
}

export function goalsTable(results: Results): string {
  const goals = evaluateGoals(results).map(({ title, found, wanted, isMet }) => [
    title,
    found,
    wanted,
    isMet ? 'yes' : 'no',
  ]);
  return markdownTable([['goal', 'found', 'wanted', 'met'], ...goals]);
}
