/** Measures rows on several systems in turn: A B A B, so that what else the machine does falls on all of them. */

import { measure, type Sample } from './measure.ts';
import type { BenchOptions } from './options.ts';
import type { Row } from './rows.ts';
import type { System, SystemName } from './systems.ts';

export interface Measurement {
  row: string;
  clients: number;
  system: SystemName;
  /** One per round. */
  samples: Sample[];
}

/** Called in every round of a row, after its systems. */
export type BesideRow = (row: Row, clients: number) => Promise<void>;

/** Servers run for months: what Node compiles in its first thousands of a kind of request is not what is asked for. */
const WARM_UP_SEC = 4;
const MOST_WARM_UPS = 6;
/** Warm is a server whose CPU time per request did not fall by more than a twentieth in the last seconds. */
const STILL_WARMING = 0.95;

export function clientsOf(row: Row, options: Pick<BenchOptions, 'clients'>): readonly number[] {
  return row.clients ?? options.clients;
}

export async function measureRow(system: System, row: Row, clients: number, seconds: number): Promise<Sample> {
  const load = await row.start(system, { clients, seconds });
  return await measure(system.pids, load);
}

/** Asks for some seconds at a time, at least twice, until that no longer makes requests cheaper. */
export async function warmUp(ask: (seconds: number) => Promise<Pick<Sample, 'cpuMs'>>): Promise<void> {
  let lastMs = Infinity;
  for (let count = 0; count < MOST_WARM_UPS; count++) {
    const { cpuMs } = await ask(WARM_UP_SEC);
    if (cpuMs > lastMs * STILL_WARMING) return;
    lastMs = cpuMs;
  }
}

/** All rows with all numbers of clients. `say`: told of each row when it is done. */
export async function compare(
  systems: readonly System[],
  options: BenchOptions,
  say: (measurements: readonly Measurement[]) => void,
  beside: BesideRow,
): Promise<Measurement[]> {
  const all: Measurement[] = [];
  for (const row of options.rows) {
    const concerned = systems.filter(({ name }) => row.systems.includes(name));
    for (const system of concerned)
      await warmUp((seconds) => measureRow(system, row, clientsOf(row, options)[0] as number, seconds));
    for (const clients of clientsOf(row, options)) {
      const measurements = concerned.map((system): Measurement => ({
        row: row.name,
        clients,
        system: system.name,
        samples: [],
      }));
      for (let round = 0; round < options.rounds; round++) {
        for (const [at, system] of concerned.entries())
          measurements[at]?.samples.push(await measureRow(system, row, clients, options.seconds));
        await beside(row, clients);
      }
      all.push(...measurements);
      say(measurements);
    }
  }
  return all;
}
