/** Escapes of Python's regular expressions, for text of characters below U+0100. */

import type { PatternText } from './pattern-text.ts';

export type Escape =
  | { readonly kind: 'character'; readonly character: string }
  /** `source`: a class in JavaScript. */
  | { readonly kind: 'class'; readonly source: string }
  | { readonly kind: 'start' | 'end' }
  | { readonly kind: 'boundary'; readonly negated: boolean }
  | { readonly kind: 'reference'; readonly group: string };

const WORD_MEMBERS = 'A-Za-z0-9_\\xaa\\xb2\\xb3\\xb5\\xb9\\xba\\xbc-\\xbe\\xc0-\\xd6\\xd8-\\xf6\\xf8-\\xff';
const SPACE_MEMBERS = '\\t-\\r\\x1c-\\x20\\x85\\xa0';

export const WORD: string = `[${WORD_MEMBERS}]`;

const CLASSES: Readonly<Record<string, string>> = {
  d: '[0-9]',
  D: '[^0-9]',
  s: `[${SPACE_MEMBERS}]`,
  S: `[^${SPACE_MEMBERS}]`,
  w: WORD,
  W: `[^${WORD_MEMBERS}]`,
};

const CONTROLS: Readonly<Record<string, string>> = {
  a: '\x07',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** Reads what follows a backslash. `groupCount`: groups opened so far, which tells references from octal numbers. */
export function readEscape(text: PatternText, groupCount: number): Escape {
  const coded = text.match(/x([0-9A-Fa-f]{2})|u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8})/y);
  if (coded !== null) return characterOf(text, parseInt((coded[1] ?? coded[2] ?? coded[3]) as string, 16));
  const octal = text.match(/0[0-7]{0,2}|[1-7][0-7]{2}/y);
  if (octal !== null) {
    const code = parseInt(octal[0], 8);
    if (code > 0o377) throw text.fault('octal escape above 0o377');
    return characterOf(text, code);
  }
  const reference = text.match(/[1-9][0-9]?/y);
  if (reference !== null) {
    if (Number(reference[0]) > groupCount) throw text.fault(`no group ${reference[0]}`);
    return { kind: 'reference', group: reference[0] };
  }
  return letterEscape(text, text.next());
}

function letterEscape(text: PatternText, letter: string): Escape {
  const source = Object.hasOwn(CLASSES, letter) ? CLASSES[letter] : undefined;
  if (source !== undefined) return { kind: 'class', source };
  const control = Object.hasOwn(CONTROLS, letter) ? CONTROLS[letter] : undefined;
  if (control !== undefined) return { kind: 'character', character: control };
  switch (letter) {
    case 'A':
      return { kind: 'start' };
    case 'Z':
      return { kind: 'end' };
    case 'b':
    case 'B':
      return { kind: 'boundary', negated: letter === 'B' };
    case '':
      throw text.fault('a backslash at the end');
  }
  if (/[A-Za-z]/.test(letter)) throw text.fault(`\\${letter} is not supported`);
  return { kind: 'character', character: letter };
}

function characterOf(text: PatternText, code: number): Escape {
  if (code > 0x10ffff) throw text.fault('a character above U+10FFFF');
  return { kind: 'character', character: String.fromCodePoint(code) };
}

/** A character by itself, in a class or outside. */
export function escapedLiteral(character: string): string {
  return /^[A-Za-z0-9_]$/.test(character) ? character : `\\u{${(character.codePointAt(0) as number).toString(16)}}`;
}
