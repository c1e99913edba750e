/** Results of a run as tests of tables and goals want them. */

import type { Measurement } from '../../../bench/comparison.ts';
import type { Sample } from '../../../bench/measure.ts';
import type { Results } from '../../../bench/results.ts';

export function sample(values: Partial<Sample>): Sample {
  return {
    ...{
      requests: 100,
      requestsPerSec: 50,
      p50Ms: 10,
      p99Ms: 20,
      refused: 0,
      socketErrors: 0,
      cpuMs: 1,
      kernelMs: 0.5,
    },
    ...values,
  };
}

export function measurement(
  row: string,
  clients: number,
  system: Measurement['system'],
  ...samples: Partial<Sample>[]
): Measurement {
  return { row, clients, system, samples: samples.map(sample) };
}

export function results(values: Partial<Results>): Results {
  const machine = { cpu: 'X', cores: 2, memoryGiB: 4, kernel: '6', fileSystem: 'ext4', node: '24', swift: '2.30' };
  return {
    ...{ date: '2026-01-02', machine, rounds: 3, seconds: 2 },
    ...{ measurements: [], bare: [], disk: [], floors: [], large: [] },
    ...values,
  };
}
