/**
 * Python Swift and Apus on the same layout, driven in turn: tables of rates, latencies and CPU time per request, with the limits of the
 * machine beside them. `npm run bench -- --help` tells the options; docs/performance.md how to read it.
 */

import { startAndLook } from './all-in-one.ts';
import { compare, type Measurement } from './comparison.ts';
import { prepareFor } from './fixture.ts';
import { type LargeResult, measureLarge } from './large.ts';
import { type DiskSample, measureBareServers, measureBodyFloors, measureDisk } from './limits.ts';
import { describeMachine } from './machine.ts';
import { type BenchOptions, readBenchOptions, USAGE } from './options.ts';
import { haveNginx, requirePrograms } from './programs.ts';
import { tablesText, writeResults } from './report.ts';
import { mediansOf, type Results } from './results.ts';
import { onScene } from './scene.ts';
import { layOutAllInOne, startAllInOne, startCluster, type System } from './systems.ts';
import { short, titleOf } from './table.ts';

function tell(measurements: readonly Measurement[]): void {
  for (const { row, clients, system, samples } of measurements) {
    const { requestsPerSec, p50Ms, p99Ms, cpuMs, failed } = mediansOf(samples, row);
    const numbers = `${short(requestsPerSec)}/s, p50 ${short(p50Ms)}, p99 ${short(p99Ms)}, CPU ${short(cpuMs)} ms`;
    console.error(
      `${titleOf(row)}, ${clients} clients, ${system}: ${numbers}${failed === 0 ? '' : `, ${failed} FAILED`}`,
    );
  }
}

async function run(options: BenchOptions, folder: string): Promise<Results> {
  const { rounds, seconds, rows } = options;
  const { system: one, start } = await startAndLook(layOutAllInOne());
  const [python, apus] = [await startCluster('python'), await startCluster('apus')];
  const systems = [python, apus, one];
  for (const system of systems)
    await prepareFor(
      system,
      rows.filter((row) => row.systems.includes(system.name)),
    );
  const disk: DiskSample[] = [];
  const measurements = await compare(systems, options, tell, async (row) => {
    if (row.name === 'put-1k') disk.push(await measureDisk(seconds));
  });
  const has = (pattern: RegExp): boolean => rows.some(({ name }) => pattern.test(name));
  return {
    date: new Date().toISOString().slice(0, 10),
    machine: describeMachine(folder),
    rounds,
    seconds,
    measurements,
    disk,
    bare: has(/^get-1k$/) && haveNginx() ? await measureBareServers(options.clients, rounds, seconds) : [],
    floors: has(/-(1|64)m$/) ? await measureBodyFloors(seconds) : [],
    start,
    large: options.isLarge ? await measureLargeAnew(systems) : [],
  };
}

/** Of servers that did nothing before, from code that is compiled: how much memory bodies take. */
async function measureLargeAnew(old: readonly System[]): Promise<LargeResult[]> {
  await Promise.all(old.map((system) => system.stop()));
  const results: LargeResult[] = [];
  for (const start of [() => startCluster('apus'), () => startAllInOne(layOutAllInOne())]) {
    const system = await start();
    results.push(...(await measureLarge(system)));
    await system.stop();
  }
  return results;
}

async function main(folder: string): Promise<void> {
  const args = process.argv.slice(2);
  if (args.includes('--help')) return void process.stdout.write(USAGE);
  const options = readBenchOptions(args);
  requirePrograms(true);
  const results = await run(options, folder);
  console.log(tablesText(results));
  if (options.writes) writeResults(results);
}

await onScene(main);
