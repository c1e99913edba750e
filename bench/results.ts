/** All that a run found, as it is kept in JSON. */

import type { AllInOneStart } from './all-in-one.ts';
import type { Measurement } from './comparison.ts';
import type { LargeResult } from './large.ts';
import type { BareMeasurement, BodyFloor, DiskSample } from './limits.ts';
import type { Machine } from './machine.ts';
import type { Sample } from './measure.ts';
import { rowNamed } from './rows.ts';
import { median } from './statistics.ts';
import type { SystemName } from './systems.ts';

export interface Results {
  /** Day of the run. */
  date: string;
  machine: Machine;
  rounds: number;
  seconds: number;
  measurements: Measurement[];
  bare: BareMeasurement[];
  disk: DiskSample[];
  floors: BodyFloor[];
  start?: AllInOneStart;
  large: LargeResult[];
}

/** Medians over the rounds. */
export interface Medians {
  requestsPerSec: number;
  p50Ms: number;
  p99Ms: number;
  cpuMs: number;
  kernelMs: number;
  /** Of all rounds: requests that did not get the answer they should. */
  failed: number;
}

/** `row`: by its name; not needed of servers that have but one. */
export function mediansOf(samples: readonly Sample[], row = ''): Medians {
  const isRefused = rowNamed(row)?.isRefused === true;
  const of = (key: keyof Sample): number => median(samples.map((sample) => sample[key]));
  const failures = samples.map(({ refused, socketErrors }) => (isRefused ? 0 : refused) + socketErrors);
  return {
    requestsPerSec: of('requestsPerSec'),
    p50Ms: of('p50Ms'),
    p99Ms: of('p99Ms'),
    cpuMs: of('cpuMs'),
    kernelMs: of('kernelMs'),
    failed: failures.reduce((sum, count) => sum + count, 0),
  };
}

/** Undefined where the run did not measure it. */
export function mediansAt(
  results: Pick<Results, 'measurements'>,
  row: string,
  clients: number,
  system: SystemName,
): Medians | undefined {
  const found = results.measurements.find(
    (each) => each.row === row && each.clients === clients && each.system === system,
  );
  return found === undefined ? undefined : mediansOf(found.samples, row);
}
