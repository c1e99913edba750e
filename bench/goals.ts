/** What Apus wants to reach, and whether a run shows it. */

import { type Medians, mediansAt, type Results } from './results.ts';
import { median } from './statistics.ts';
import type { SystemName } from './systems.ts';

export interface GoalResult {
  title: string;
  /** As it was found, with its unit. */
  found: string;
  wanted: string;
  isMet: boolean;
}

/** How many times less CPU than Python's a request is to take. */
const CPU_TIMES: Readonly<Record<string, number>> = {
  'get-1k': 15,
  'put-1k': 7,
  'list-100': 6,
  delete: 7,
  '404': 15,
};
/** The same in one process. */
const ALL_IN_ONE_TIMES: Readonly<Record<string, number>> = { 'get-1k': 40 };
const FLOOR_TIMES = 1.4;
const DISK_SHARE = 0.6;
const REPLICAS = 3;
const MANY_CLIENTS = 128;
const FEW_CLIENTS = 16;
const IDLE_RSS_MIB = 120;
const LARGE_RSS_MIB = 150;
const FIRST_ANSWER_SEC = 1.5;
const MIB = 1 << 20;

/** Wanted ratio of CPU, where there is one. */
export function wantedTimes(row: string, system: SystemName): number | undefined {
  return system === 'python' ? undefined : (system === 'apus' ? CPU_TIMES : ALL_IN_ONE_TIMES)[row];
}

/** The goals beside those of CPU against Python, as far as the run measured what they are about. */
export function evaluateGoals(results: Results): GoalResult[] {
  return [
    ...bodyGoals(results),
    ...diskGoal(results),
    ...latencyGoals(results),
    ...startGoals(results),
    ...largeGoals(results),
  ];
}

/** All numbers of clients of a row that a system was measured with. */
function clientCounts({ measurements }: Results, row: string): number[] {
  return measurements.filter((each) => each.row === row && each.system === 'apus').map(({ clients }) => clients);
}

function bodyGoals(results: Results): GoalResult[] {
  return results.floors.flatMap(({ direction, size, cpuMs: floorMs }) => {
    const row = `${direction}-${size}`;
    return clientCounts(results, row).map((clients) => {
      const { cpuMs } = mediansAt(results, row, clients, 'apus') as Medians;
      const times = cpuMs / floorMs;
      return {
        title: `${direction.toUpperCase()} of ${size === '1m' ? 1 : 64} MiB, ${clients} clients, over the floor of hashing and copying`,
        found: `${times.toFixed(2)} (${cpuMs.toFixed(1)} / ${floorMs.toFixed(1)} ms)`,
        wanted: `at most ${FLOOR_TIMES}`,
        isMet: times <= FLOOR_TIMES,
      };
    });
  });
}

function diskGoal(results: Results): GoalResult[] {
  const found = mediansAt(results, 'put-1k', FEW_CLIENTS, 'apus');
  if (found === undefined || results.disk.length === 0) return [];
  const rate = median(results.disk.map(({ createsPerSec }) => createsPerSec)) / REPLICAS;
  const share = found.requestsPerSec / rate;
  return [
    {
      title: "PUTs of 1 KiB, as a share of the disk's durable creates divided by three",
      found: `${Math.round(share * 100)} % (${found.requestsPerSec.toFixed(0)} / ${rate.toFixed(0)} a second)`,
      wanted: `at least ${DISK_SHARE * 100} %`,
      isMet: share >= DISK_SHARE,
    },
  ];
}

function latencyGoals(results: Results): GoalResult[] {
  const rows = results.measurements.filter(({ clients, system }) => clients === MANY_CLIENTS && system === 'apus');
  return rows.flatMap(({ row }) => {
    const apus = mediansAt(results, row, MANY_CLIENTS, 'apus');
    const python = mediansAt(results, row, MANY_CLIENTS, 'python');
    if (apus === undefined || python === undefined) return [];
    return [
      {
        title: `p99 of ${row}, ${MANY_CLIENTS} clients, against Python's median`,
        found: `${apus.p99Ms.toFixed(0)} ms`,
        wanted: `below ${python.p50Ms.toFixed(0)} ms`,
        isMet: apus.p99Ms < python.p50Ms,
      },
    ];
  });
}

function startGoals({ start }: Results): GoalResult[] {
  if (start === undefined) return [];
  const rssMib = start.idleRssBytes / MIB;
  return [
    {
      title: 'First answer of all in one process',
      found: `${(start.firstAnswerMs / 1000).toFixed(2)} s`,
      wanted: `within ${FIRST_ANSWER_SEC} s`,
      isMet: start.firstAnswerMs <= FIRST_ANSWER_SEC * 1000,
    },
    {
      title: 'Memory of all in one process while nobody asks',
      found: `${rssMib.toFixed(0)} MiB`,
      wanted: `below ${IDLE_RSS_MIB} MiB`,
      isMet: rssMib < IDLE_RSS_MIB,
    },
  ];
}

function largeGoals({ large }: Results): GoalResult[] {
  return large.map(({ system, direction, megabytesPerSec, rss: [most] }) => {
    const rssMib = (most?.bytes ?? NaN) / MIB;
    const where = system === 'one' ? 'all in one process' : 'cluster';
    return {
      title: `${direction.toUpperCase()} of 5 GiB, ${where}: memory of the process that took most`,
      found: `${rssMib.toFixed(0)} MiB, ${most?.process} (${megabytesPerSec.toFixed(0)} MB/s)`,
      wanted: `below ${LARGE_RSS_MIB} MiB`,
      isMet: rssMib < LARGE_RSS_MIB,
    };
  });
}
