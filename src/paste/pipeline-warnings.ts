/** What in a resolved pipeline is odd, though Swift runs it: one line each, with the reason. */

import { formatPlace, type Place } from '../common/config-error.ts';
import type { Conf, ConfSpec } from '../http/contract.ts';
import type { ConfigSource } from './config-source.ts';
import type { Context } from './context.ts';
import { MEANINGFUL_KEYS } from './kinds.ts';
import type { Setting } from './settings.ts';
import { reasonForNoMeaning } from './swift-options.ts';
import { unknownOptions } from './unknown-options.ts';

/** All that is odd. `serverSpec`: the options that the server itself reads; without it the app's are not looked at. */
export function pipelineWarnings(context: Context, source: ConfigSource, serverSpec: ConfSpec | undefined): string[] {
  return [
    ...orderWarnings(context),
    ...shadowWarnings(context, source),
    ...defaultWarnings(context, source, serverSpec),
    ...optionWarnings(context, serverSpec),
  ];
}

/** All parts of a pipeline, outermost first; of an app alone that app. */
export function partsOf(context: Context): Context[] {
  return context.kind === 'pipeline' ? [...context.filters, context.app as Context] : [context];
}

/** Filters that stand before or behind others against the order that their modules ask for. */
function orderWarnings(pipeline: Context): string[] {
  const names = partsOf(pipeline).map(entryPointOf);
  const warnings: string[] = [];
  partsOf(pipeline).forEach((part, at) => {
    const order = part.target?.module.order;
    const name = names[at];
    if (order === undefined || name === undefined || names.indexOf(name) !== at) return;
    const why = order.why === undefined ? '' : `: ${order.why}`;
    for (const other of order.after ?? []) {
      if (names.indexOf(other) > at)
        warnings.push(`${formatPlace(part.place)}: ${name} should stand behind ${other}${why}`);
    }
    for (const other of order.before ?? []) {
      const index = names.indexOf(other);
      if (index >= 0 && index < at)
        warnings.push(`${formatPlace(part.place)}: ${name} should stand before ${other}${why}`);
    }
  });
  return warnings;
}

/** Options that no one reads, in the sections of the pipeline and in [DEFAULT]. `serverSpec`: what the server itself reads. */
function optionWarnings(pipeline: Context, serverSpec: ConfSpec | undefined): string[] {
  const parts = partsOf(pipeline);
  const warnings: string[] = [];
  for (const part of new Set(parts)) {
    const spec = part.target?.module.confSpec;
    if (spec === undefined) continue;
    const isApp = part === parts.at(-1);
    if (isApp && serverSpec === undefined) continue;
    const settings = ownSettings(part);
    const scope = part.target?.builtin ?? '';
    const merged = isApp ? { ...serverSpec, ...spec } : spec;
    for (const { name, nearest } of unknownOptions(merged, confFor(settings))) {
      if (
        reasonForNoMeaning(scope, name) !== undefined ||
        (isApp && reasonForNoMeaning('server', name) !== undefined)
      ) {
        continue;
      }
      const hint = nearest === undefined ? '' : `; did you mean ${nearest}?`;
      warnings.push(`${placeText(settings.get(name), part)}: not supported here, it is ignored${hint}`);
    }
  }
  return [...new Set(warnings)];
}

/** Plain keys that are dropped because [DEFAULT] has them too, and keys in [DEFAULT] that mean something only elsewhere. */
function shadowWarnings(pipeline: Context, source: ConfigSource): string[] {
  const warnings: string[] = [];
  const defaults = source.file.defaults.options;
  for (const key of MEANINGFUL_KEYS) {
    const option = defaults.get(key);
    if (option === undefined) continue;
    const place: Place = { file: option.file, line: option.line, section: 'DEFAULT', key };
    warnings.push(`${formatPlace(place)}: in [DEFAULT] it hides that of every section`);
  }
  for (const part of new Set(partsOf(pipeline))) {
    const section = source.file.sections.get(part.place.section ?? '');
    for (const [key, option] of section?.options ?? []) {
      const inForce = part.globals.get(key)?.value;
      if (inForce === undefined || inForce === option.value || !(defaults.has(key) || key === 'log_name')) continue;
      const place: Place = { file: option.file, line: option.line, section: part.place.section, key };
      const advice = `write "set ${key} = ${option.value}" to change it for this section`;
      warnings.push(
        `${formatPlace(place)}: has no effect, as ${JSON.stringify(inForce)} is the global setting; ${advice}`,
      );
    }
  }
  return warnings;
}

/**
 * Keys in [DEFAULT] that look like slips: unknown to the server and to every part of the pipeline, referred to nowhere, and with a
 * known name near. Others may be meant for daemons, which read the same file.
 */
function defaultWarnings(pipeline: Context, source: ConfigSource, serverSpec: ConfSpec | undefined): string[] {
  const specs = partsOf(pipeline).map((part) => part.target?.module.confSpec ?? {});
  const spec: ConfSpec = Object.assign({}, serverSpec, ...specs) as ConfSpec;
  const { defaults, sections } = source.file;
  const values = [defaults, ...sections.values()].flatMap(({ options }) =>
    [...options.values()].map(({ value }) => value),
  );
  const isReferred = (key: string): boolean => values.some((value) => value === key || value.includes(`%(${key})s`));
  const conf = Object.fromEntries([...defaults.options].map(([key, { value }]): [string, string] => [key, value]));
  const warnings: string[] = [];
  for (const { name, nearest } of unknownOptions(spec, conf, MEANINGFUL_KEYS)) {
    if (nearest === undefined || reasonForNoMeaning('server', name) !== undefined || isReferred(name)) continue;
    const option = defaults.options.get(name);
    const place: Place = { file: option?.file, line: option?.line, section: 'DEFAULT', key: name };
    warnings.push(`${formatPlace(place)}: not supported here, it is ignored; did you mean ${nearest}?`);
  }
  return warnings;
}

/** The entry point's name, however the factory was named. */
export function entryPointOf(context: Context): string | undefined {
  return context.entryPointName ?? context.target?.builtin;
}

/** What a part's own sections say: local settings, and what `set` made. */
function ownSettings(part: Context): Map<string, Setting> {
  const settings = new Map(part.locals);
  for (const setting of part.globals.values()) {
    const key = setting.place?.key;
    if (key?.startsWith('set ') === true && setting.place?.section === part.place.section) settings.set(key, setting);
  }
  return settings;
}

function confFor(settings: ReadonlyMap<string, Setting>): Conf {
  return Object.fromEntries([...settings].map(([key, { value }]): [string, string] => [key, value]));
}

function placeText(setting: Setting | undefined, part: Context): string {
  return formatPlace(setting?.place ?? part.place);
}
