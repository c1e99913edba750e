/** A CPU profile as a table: which functions the time was spent in. */

import type { CpuProfile } from './cpu-profiler.ts';

interface Row {
  readonly place: string;
  selfMs: number;
}

/** The `limit` functions with most time of their own, most first: milliseconds, share, name and place. */
export function topFunctions(profile: CpuProfile, limit: number): string {
  const rows = selfTimes(profile).toSorted((a, b) => b.selfMs - a.selfMs);
  const totalMs = (profile.endTime - profile.startTime) / 1000;
  const lines = rows
    .slice(0, limit)
    .map(({ place, selfMs }) => `${selfMs.toFixed(1).padStart(10)} ms ${share(selfMs, totalMs)}  ${place}\n`);
  return `${totalMs.toFixed(1).padStart(10)} ms in all; own time by function\n${lines.join('')}`;
}

function share(partMs: number, wholeMs: number): string {
  return `${(wholeMs > 0 ? (100 * partMs) / wholeMs : 0).toFixed(1).padStart(5)} %`;
}

function selfTimes({ nodes, samples = [], timeDeltas = [] }: CpuProfile): Row[] {
  const places = new Map(nodes.map(({ id, callFrame }) => [id, placeOf(callFrame)]));
  const rows = new Map<string, Row>();
  samples.forEach((id, at) => {
    const place = places.get(id) ?? '(unknown)';
    const row = rows.get(place) ?? { place, selfMs: 0 };
    row.selfMs += (timeDeltas[at] ?? 0) / 1000;
    rows.set(place, row);
  });
  return [...rows.values()];
}

function placeOf({ functionName, url, lineNumber }: CpuProfile['nodes'][number]['callFrame']): string {
  const name = functionName === '' ? '(anonymous)' : functionName;
  return url === '' ? name : `${name} ${url.replace(/^file:\/\//, '')}:${lineNumber + 1}`;
}
