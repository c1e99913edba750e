/** The options that one part of a pipeline reads, with their values and where each value comes from. */

import { formatPlace } from '../common/config-error.ts';
import { isPattern, patternRegExp } from '../common/conf-spec.ts';
import type { ConfSpec, OptionSpec } from '../http/contract.ts';
import type { Context } from './context.ts';
import type { Setting } from './settings.ts';

export interface EffectiveOption {
  readonly name: string;
  /** As the config has it, or the default; undefined for an option that is missing and may be. Keys and passwords are `(hidden)`. */
  readonly value: string | undefined;
  /** `file:line: [section]`, `default`, or `(caller)` for what the command line gave. */
  readonly origin: string;
  readonly doc: string | undefined;
}

const SECRET = /password|secret|(^|_)key$|^user(64)?_/;
/** What the loader itself puts among the settings. */
const LOADERS_OWN = new Set(['here', '__file__', '__name__']);

/** In the order of the module's confSpec; a module without one has the options that its section gives. */
export function effectiveOptions(part: Context, serverSpec: ConfSpec = {}): EffectiveOption[] {
  const spec: ConfSpec = { ...serverSpec, ...part.target?.module.confSpec };
  const options: EffectiveOption[] = [];
  const patterns: [RegExp, OptionSpec][] = [];
  for (const [name, option] of Object.entries(spec)) {
    if (isPattern(name)) patterns.push([patternRegExp(name), option]);
    else options.push(describe(name, part.locals.get(name) ?? part.globals.get(name), option));
  }
  for (const [name, setting] of part.locals) {
    if (LOADERS_OWN.has(name) || Object.hasOwn(spec, name)) continue;
    const pattern = patterns.find(([form]) => form.test(name));
    options.push(describe(name, setting, pattern?.[1]));
  }
  return options;
}

function describe(name: string, setting: Setting | undefined, option: OptionSpec | undefined): EffectiveOption {
  const shown = (value: string): string => (SECRET.test(name) && value !== '' ? '(hidden)' : value);
  if (setting === undefined) {
    const byDefault = option?.default;
    const value = Array.isArray(byDefault)
      ? byDefault.join(', ')
      : byDefault === undefined
        ? undefined
        : String(byDefault);
    return { name, value: value === undefined ? undefined : shown(value), origin: 'default', doc: option?.doc };
  }
  const { place } = setting;
  const origin = place === undefined ? '(caller)' : formatPlace({ ...place, key: undefined });
  return { name, value: shown(setting.value), origin, doc: option?.doc };
}
