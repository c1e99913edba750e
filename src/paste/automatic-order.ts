/** `pipeline = auto`: the order in which filters must stand, worked out from what their modules say of it. */

import { ConfigError, type Place } from '../common/config-error.ts';
import type { Context } from './context.ts';

/** A filter of a config, with the name of its entry point where it has one. */
interface Candidate {
  readonly context: Context;
  readonly name: string | undefined;
  /** Filters that must stand in front of this one. */
  readonly behind: Set<Candidate>;
  /** Place among those that may stand next. */
  readonly rank: number;
}

/**
 * Filters in an order that satisfies all their `order` exports, outermost first; where these leave a choice, as `usualOrder` has them,
 * and those it does not know last, as they stand in the file. One whose order says `alsoInnermost` stands a second time, next to the
 * app. Throws ConfigError when the filters contradict each other.
 */
export function inAutomaticOrder(filters: readonly Context[], usualOrder: readonly string[], place: Place): Context[] {
  const candidates = filters.map((context, at) => newCandidate(context, usualOrder, at));
  for (const candidate of candidates) connect(candidate, candidates);
  const ordered: Context[] = [];
  const waiting = new Set(candidates);
  while (waiting.size > 0) {
    const free = [...waiting].filter(({ behind }) => [...behind].every((other) => !waiting.has(other)));
    if (free.length === 0) throw contradiction([...waiting], place);
    const next = free.reduce((best, each) => (each.rank < best.rank ? each : best));
    waiting.delete(next);
    ordered.push(next.context);
  }
  const again = ordered.filter((context) => context.target?.module.order?.alsoInnermost === true);
  // Between two appearances there must be something to see twice.
  return [...ordered, ...again.filter((context) => ordered.at(-1) !== context)];
}

function newCandidate(context: Context, usualOrder: readonly string[], at: number): Candidate {
  const name = context.entryPointName ?? context.target?.builtin;
  const known = name === undefined ? -1 : usualOrder.indexOf(name);
  return { context, name, behind: new Set(), rank: known >= 0 ? known : usualOrder.length + at };
}

function connect(candidate: Candidate, all: readonly Candidate[]): void {
  const order = candidate.context.target?.module.order;
  const named = (names: readonly string[] | undefined): Candidate[] =>
    all.filter((other) => other !== candidate && other.name !== undefined && names?.includes(other.name) === true);
  for (const other of named(order?.after)) candidate.behind.add(other);
  for (const other of named(order?.before)) other.behind.add(candidate);
}

function contradiction(waiting: readonly Candidate[], place: Place): ConfigError {
  const lines = waiting.flatMap(({ context, name, behind }) =>
    [...behind]
      .filter((other) => waiting.includes(other))
      .map((other) => `${name ?? context.name ?? '?'} must stand behind ${other.name ?? '?'}`),
  );
  return new ConfigError({
    ...place,
    key: 'pipeline',
    code: 'pipeline-no-order',
    text: 'pipeline = auto: no order satisfies all the filters',
    details: lines,
  });
}
