/** Options of a section, checked and converted by a description: `confSpec`. */

import { ConfigError, joinFaults, type Place } from './config-error.ts';
import { integerValue } from './python-integer.ts';
import { isTrueValue } from './text.ts';
import type { Conf, ConfSpec, OptionSpec } from './conf.ts';
import { placesOf } from './conf-origin.ts';

interface ValueByType {
  text: string;
  boolean: boolean;
  integer: number;
  number: number;
  seconds: number;
  bytes: number;
  list: readonly string[];
}

type Always<S extends OptionSpec> = S extends { readonly required: true }
  ? true
  : S extends { readonly default: infer D }
    ? undefined extends D
      ? false
      : true
    : false;

type GivenOf<S extends OptionSpec> = S extends { readonly parse: (text: string) => infer T }
  ? T
  : ValueByType[S['type']];

type ValueOf<S extends OptionSpec> = Always<S> extends true ? GivenOf<S> : GivenOf<S> | undefined;

/** What readConf returns for a spec written `as const`: options by name; patterns (`user_<account>_<user>`) are left out. */
export type TypedConf<Spec extends ConfSpec> = {
  readonly [Name in keyof Spec as Name extends `${string}<${string}>${string}` ? never : Name]: ValueOf<Spec[Name]>;
};

/**
 * Reads the options of `spec` from a section's settings, local over global, as Swift's filters do. Numbers are decimal, booleans true
 * for `true 1 yes on t y` and false for anything else, lists separated by commas; `parse` makes of a text what it likes. The result
 * is frozen.
 * `where` says where the options stand, for settings that do not come from the loader. Throws ConfigError `option-invalid`
 * with every fault found: section, key, value and what was expected.
 */
export function readConf<const Spec extends ConfSpec>(
  spec: Spec,
  globalConf: Conf,
  localConf: Conf,
  where: Place = {},
): TypedConf<Spec> {
  const faults: ConfigError[] = [];
  const values: Record<string, unknown> = {};
  for (const [name, option] of Object.entries<OptionSpec>(spec)) {
    if (isPattern(name)) continue;
    const source = Object.hasOwn(localConf, name) ? localConf : globalConf;
    const given = Object.hasOwn(source, name) ? source[name] : undefined;
    const text = given === '' && option.emptyIsMissing === true ? undefined : given;
    const result = text === undefined ? valueWithout(option) : convert(option, text);
    if (!('expected' in result)) {
      values[name] = result.value;
      continue;
    }
    faults.push(
      new ConfigError({
        ...{ file: globalConf['__file__'], section: localConf['__name__'], ...where },
        ...(text === undefined ? undefined : placesOf(source)?.get(name)),
        key: name,
        code: 'option-invalid',
        text: `${result.expected}${text === undefined ? ', and it is missing' : `, not ${JSON.stringify(text)}`}`,
        value: text,
      }),
    );
  }
  if (faults.length > 0) throw joinFaults(faults);
  return Object.freeze(values) as TypedConf<Spec>;
}

/** True for `user_<account>_<user>` and the like. */
export function isPattern(name: string): boolean {
  return /<[^>]*>/.test(name);
}

/** A regular expression for the options that a pattern stands for: each `<…>` is one or more characters. */
export function patternRegExp(pattern: string): RegExp {
  const parts = pattern.split(/<[^>]*>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  return new RegExp(`^${parts.join('.+')}$`, 's');
}

/** `expected`: `expected …`. */
type Conversion = { value: unknown } | { expected: string };

function valueWithout(option: OptionSpec): Conversion {
  if (option.required === true) return { expected: describeExpected(option) };
  const { default: byDefault, parse } = option;
  if (parse !== undefined && typeof byDefault === 'string') return { value: parse(byDefault) };
  return { value: Array.isArray(byDefault) ? Object.freeze([...(byDefault as readonly string[])]) : byDefault };
}

function convert(option: OptionSpec, text: string): Conversion {
  switch (option.type) {
    case 'text':
      if (option.parse !== undefined) return parsed(option.parse, text);
      return option.choices === undefined || option.choices.includes(text)
        ? { value: text }
        : { expected: describeExpected(option) };
    case 'boolean':
      return { value: isTrueValue(text) };
    case 'list':
      return convertList(option, text);
    case 'integer':
    case 'bytes':
      return inRange(option, parseInteger(text));
    case 'number':
    case 'seconds':
      return inRange(option, parseNumber(text));
  }
}

function parsed(parse: (text: string) => unknown, text: string): Conversion {
  try {
    return { value: parse(text) };
  } catch (error) {
    return { expected: (error as Error).message };
  }
}

function convertList(option: OptionSpec, text: string): Conversion {
  const items = splitList(text);
  const { choices } = option;
  if (choices !== undefined && !items.every((item) => choices.includes(item))) {
    return { expected: describeExpected(option) };
  }
  return { value: Object.freeze(items) };
}

function inRange(option: OptionSpec, value: number | undefined): Conversion {
  const { min = option.type === 'bytes' || option.type === 'seconds' ? 0 : -Infinity, max = Infinity } = option;
  return value !== undefined && value >= min && value <= max ? { value } : { expected: describeExpected(option) };
}

function describeExpected(option: OptionSpec): string {
  return `expected ${expectedValue(option)}`;
}

function expectedValue(option: OptionSpec): string {
  const { choices } = option;
  if (choices !== undefined) return `${option.type === 'list' ? 'a list of ' : ''}${choices.join(' or ')}`;
  const kinds: Record<OptionSpec['type'], string> = {
    text: 'a text',
    boolean: 'yes or no',
    integer: 'an integer',
    number: 'a number',
    seconds: 'a number of seconds',
    bytes: 'a number of bytes',
    list: 'a list separated by commas',
  };
  const { min, max } = option;
  if (min !== undefined && max !== undefined) return `${kinds[option.type]} from ${min} to ${max}`;
  if (min !== undefined) return `${kinds[option.type]} of ${min} or more`;
  return max === undefined ? kinds[option.type] : `${kinds[option.type]} of ${max} or less`;
}

/** Items between commas, blanks taken off, empty ones left out. */
export function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

/** An integer as Python reads it, within what numbers here hold exactly. */
export function parseInteger(text: string): number | undefined {
  const value = integerValue(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

/** A decimal number as Python reads it, apart from infinities and NaN. */
export function parseNumber(text: string): number | undefined {
  const trimmed = text.trim().replace(/(?<=\d)_(?=\d)/g, '');
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(trimmed) ? Number(trimmed) : undefined;
}
