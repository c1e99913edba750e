/** Preferences among nodes by region and zone: `read_affinity` (`r1z1=100, r2=200`) and `write_affinity` (`r1, r2z3`). */

import { splitList } from '../common/conf-spec.ts';

export interface Located {
  readonly region: number;
  readonly zone: number;
}

/** Lower comes first; Infinity for a node that no descriptor names. */
export type Priority = (node: Located) => number;
export type LocalTest = (node: Located) => boolean;

interface Place {
  region: number;
  zone: number | undefined;
}

/** Throws Error that says what it expected. */
export function parseReadAffinity(text: string): Priority {
  const priorities = new Map<string, number>();
  for (const piece of splitList(text)) {
    const match = /^(r\d+(?:z\d+)?)\s*=\s*(\d+)$/.exec(piece);
    const place = parsePlace(match?.[1] ?? '');
    if (match === null || place === undefined) {
      throw new Error('expected r<N>=<priority> or r<N>z<M>=<priority>');
    }
    priorities.set(placeKey(place), Number(match[2]));
  }
  return (node) =>
    priorities.get(placeKey(node)) ?? priorities.get(placeKey({ region: node.region, zone: undefined })) ?? Infinity;
}

/** Whether a node is local; null when the text names none. Throws Error that says what it expected. */
export function parseWriteAffinity(text: string): LocalTest | null {
  const places = new Set<string>();
  for (const piece of splitList(text)) {
    const place = parsePlace(piece);
    if (place === undefined) throw new Error('expected r<N> or r<N>z<M>');
    places.add(placeKey(place));
  }
  if (places.size === 0) return null;
  return (node) => places.has(placeKey(node)) || places.has(placeKey({ region: node.region, zone: undefined }));
}

function parsePlace(text: string): Place | undefined {
  const match = /^r(\d+)(?:z(\d+))?$/.exec(text);
  if (match === null) return undefined;
  return { region: Number(match[1]), zone: match[2] === undefined ? undefined : Number(match[2]) };
}

function placeKey(place: Place): string {
  return place.zone === undefined ? `r${place.region}` : `r${place.region}z${place.zone}`;
}
