/** Paste's and Swift's converters of settings. Source: spec paste-deploy 8.4. */

import { ConfigError } from '../common/config-error.ts';
import { strip, words } from '../common/ini-dialect.ts';
import { parseInteger } from '../common/conf-spec.ts';

const TRUE_WORDS = ['true', 'yes', 'on', 'y', 't', '1'];
const FALSE_WORDS = ['false', 'no', 'off', 'n', 'f', '0'];

/** Text: one of the usual words, blanks around it ignored; anything else by its truth. Throws ConfigError `bad-value`. */
export function asBool(value: unknown): boolean {
  if (typeof value !== 'string') return Boolean(value);
  const word = strip(value).toLowerCase();
  if (TRUE_WORDS.includes(word)) return true;
  if (FALSE_WORDS.includes(word)) return false;
  throw badValue(`expected one of ${[...TRUE_WORDS, ...FALSE_WORDS].join(' ')}`, value);
}

/** A decimal integer. Throws ConfigError `bad-value`. */
export function asInt(value: unknown): number {
  if (typeof value === 'number') return Math.trunc(value);
  const parsed = typeof value === 'string' ? parseInteger(value) : undefined;
  if (parsed === undefined) throw badValue('expected an integer', value);
  return parsed;
}

/** Text is split at blanks or at `separator`; a list stays, nothing gives an empty list, anything else a list of it. */
export function asList(value: unknown, separator?: string | null, stripItems = true): unknown[] {
  if (Array.isArray(value)) return value;
  if (value === null || value === undefined) return [];
  if (typeof value !== 'string') return [value];
  if (separator === undefined || separator === null) return words(value);
  const items = value.split(separator);
  return stripItems ? items.map(strip) : items;
}

/** Swift's config_auto_int_value: `auto` (any case) or nothing gives the default. Throws ConfigError `bad-value`. */
export function autoInt(value: string | null | undefined, byDefault: number): number {
  return value === null || value === undefined || value.toLowerCase() === 'auto' ? byDefault : asInt(value);
}

function badValue(expected: string, value: unknown): ConfigError {
  return new ConfigError({
    code: 'bad-value',
    text: `${expected}, not ${JSON.stringify(value)}`,
    value: typeof value === 'string' ? value : JSON.stringify(value),
  });
}
