/** Flags and quantifiers of Python's regular expressions. */

import type { PatternText } from './pattern-text.ts';

/** Of `imsx`, those that are on. */
export type Flags = ReadonlySet<string>;

/**
 * Flags at the start of a pattern (`(?i)`), or, with `outer`, those that a group begins with (`(?i-s:`), over those outside. Nothing
 * is read when there are none at the start.
 */
export function readFlags(text: PatternText, outer?: Flags): Flags {
  const flags = new Set(outer);
  if (outer === undefined) {
    for (let match = text.match(GLOBAL_FLAGS); match !== null; match = text.match(GLOBAL_FLAGS)) {
      for (const flag of match[1] as string) flags.add(flag);
    }
    return flags;
  }
  const match = text.match(/\(\?([imsux]*)(?:-([imsx]+))?:/y);
  if (match === null) throw text.fault('unknown extension, or flags that are not at the start');
  for (const flag of match[1] as string) flags.add(flag);
  for (const flag of match[2] ?? '') flags.delete(flag);
  return flags;
}

const GLOBAL_FLAGS = /\(\?([imsux]+)\)/y;

export interface Quantifier {
  readonly min: number;
  /** In JavaScript. */
  readonly source: string;
  readonly possessive: boolean;
}

/** Undefined when there is none; a `{` that begins none is an ordinary character. */
export function readQuantifier(text: PatternText): Quantifier | undefined {
  const match = text.match(/(?:([*+?])|\{(?!\})(\d*)(?:(,)(\d*))?\})([?+]?)/y);
  if (match === null) return undefined;
  const [, sign, least = '', comma, most = '', mode] = match;
  const possessive = mode === '+';
  const lazy = mode === '?' ? '?' : '';
  if (sign !== undefined) return { min: sign === '+' ? 1 : 0, source: sign + lazy, possessive };
  const min = Number(least);
  if (most !== '' && Number(most) < min) throw text.fault('min repeat greater than max repeat');
  return { min, source: `{${min}${comma === undefined ? '' : `,${most}`}}${lazy}`, possessive };
}
