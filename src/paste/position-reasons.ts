/** Why each filter of a resolved pipeline stands where it does. */

import { formatPlace } from '../common/config-error.ts';
import type { Context } from './context.ts';
import { entryPointOf, partsOf } from './pipeline-warnings.ts';
import { type AddedFilters, requiredBehind } from './required-filters.ts';

/** One or more sentences for the part at `at` of a pipeline, outermost first; none for an app that stands alone. */
export function positionReasons(pipeline: Context, at: number, added: AddedFilters): string[] {
  if (pipeline.kind !== 'pipeline') return [];
  const parts = partsOf(pipeline);
  const part = parts[at] as Context;
  return [originOf(pipeline, part, at, added), ...constraintsOf(parts, at)];
}

function originOf(pipeline: Context, part: Context, at: number, added: AddedFilters): string {
  const name = entryPointOf(part);
  const wasAdded = added.inserted.some((each) => each.name === name) && part.place === pipeline.place;
  if (wasAdded) {
    const behind = requiredBehind(name ?? '').filter((other) => namesBefore(pipeline, at).includes(other));
    return `added, since Swift's proxy always has it${behind.length === 0 ? '' : `: behind ${behind.join(', ')}`}`;
  }
  const place = formatPlace({ ...pipeline.place, section: undefined }).replace(/:$/, '');
  if (part === pipeline.app) return `the app, last in the pipeline of ${place}`;
  return pipeline.isAutomatic
    ? `placed by pipeline = auto of ${place}`
    : `named at this place in the pipeline of ${place}`;
}

function namesBefore(pipeline: Context, at: number): string[] {
  return partsOf(pipeline)
    .slice(0, at)
    .map(entryPointOf)
    .filter((name) => name !== undefined);
}

/** What its own order and those of the others ask of it, kept or not. Of a filter that stands twice the first counts. */
function constraintsOf(parts: readonly Context[], at: number): string[] {
  const names = parts.map(entryPointOf);
  const name = names[at];
  if (name === undefined || names.indexOf(name) !== at) return [];
  const own = parts[at]?.target?.module.order;
  const present = (wanted: readonly string[] = []): string[] => wanted.filter((other) => names.includes(other));
  const reasons: string[] = [];
  const [after, before] = [present(own?.after), present(own?.before)];
  const relations = [
    ...(after.length === 0 ? [] : [`behind ${after.join(', ')}`]),
    ...(before.length === 0 ? [] : [`in front of ${before.join(', ')}`]),
  ];
  if (relations.length > 0) {
    reasons.push(`must stand ${relations.join(' and ')}${own?.why === undefined ? '' : `: ${own.why}`}`);
  }
  parts.forEach((other, index) => {
    const otherName = names[index];
    if (otherName === undefined || otherName === name || names.indexOf(otherName) !== index) return;
    // What it says itself is not said again; why the other does stands with the other.
    if (other.target?.module.order?.before?.includes(name) === true && !after.includes(otherName))
      reasons.push(`${otherName} must stand in front of it`);
    if (other.target?.module.order?.after?.includes(name) === true && !before.includes(otherName))
      reasons.push(`${otherName} must stand behind it`);
  });
  return reasons;
}
