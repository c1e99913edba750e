/**
 * Regular expressions as Python's `re` reads them, made into JavaScript's. They are searched for in wire text, which has one character
 * for each byte: classes such as `\w` cover what Python's cover below U+0100.
 */

import { type Escape, escapedLiteral, readEscape, WORD } from './python-escapes.ts';
import { type Flags, readFlags, readQuantifier } from './python-syntax.ts';
import { PatternText } from './pattern-text.ts';

/** One alternative of a group. */
interface Branch {
  source: string;
  /** Groups that have matched wherever this branch goes on: only to them may be referred back. */
  readonly certain: Set<string>;
}

/** Part of a branch that a quantifier may follow. */
interface Item {
  readonly source: string;
  /** Capturing groups that have matched when the item has. */
  readonly certain: readonly string[];
  readonly repeatable: boolean;
}

const WORD_BOUNDARY = `(?:(?<=${WORD})(?!${WORD})|(?<!${WORD})(?=${WORD}))`;
// Python finds none in an empty text.
const NO_WORD_BOUNDARY = `(?!^$)(?:(?<=${WORD})(?=${WORD})|(?<!${WORD})(?!${WORD}))`;
const LOOKAROUNDS = ['(?=', '(?!', '(?<=', '(?<!'];

/** A pattern for `search` of Python. Throws Error that says where it is wrong, or what of it JavaScript cannot do. */
export function pythonRegExp(pattern: string): RegExp {
  const text = new PatternText(pattern);
  const flags = readFlags(text);
  const source = new Translator(text).translate(flags);
  try {
    return new RegExp(source, flags.has('i') ? 'vi' : 'v');
  } catch {
    throw new Error('expected a regular expression of Python');
  }
}

class Translator {
  readonly #text: PatternText;
  /** Names by which groups are known here, by number and by Python's name. */
  readonly #groups = new Map<string, string>();
  /** Those that were opened. */
  #groupCount = 0;
  #atomicCount = 0;
  /** From the outermost inwards. */
  readonly #open: Branch[] = [];

  constructor(text: PatternText) {
    this.#text = text;
  }

  translate(flags: Flags): string {
    const { source } = this.#alternatives(flags);
    if (!this.#text.atEnd) throw this.#text.fault('unbalanced parenthesis');
    return source;
  }

  /** Up to the closing parenthesis, which stays, or the end. */
  #alternatives(flags: Flags): { source: string; certain: readonly string[] } {
    const branches: Branch[] = [];
    do branches.push(this.#branch(flags));
    while (this.#text.take('|'));
    const [first] = branches as [Branch];
    return {
      source: branches.map(({ source }) => source).join('|'),
      certain: branches.length === 1 ? [...first.certain] : [],
    };
  }

  #branch(flags: Flags): Branch {
    const branch: Branch = { source: '', certain: new Set() };
    this.#open.push(branch);
    for (;;) {
      if (flags.has('x') && this.#text.skipBlanksAndComments()) continue;
      if (this.#text.atEnd || this.#text.isNext('|') || this.#text.isNext(')')) break;
      if (this.#text.skipCommentGroup()) continue;
      this.#append(branch, this.#item(flags), flags);
    }
    this.#open.pop();
    return branch;
  }

  #append(branch: Branch, item: Item, flags: Flags): void {
    if (flags.has('x')) while (this.#text.skipBlanksAndComments());
    const quantifier = readQuantifier(this.#text);
    if (quantifier === undefined) {
      branch.source += item.source;
      for (const group of item.certain) branch.certain.add(group);
      return;
    }
    if (!item.repeatable) throw this.#text.fault('nothing to repeat');
    const repeated = `(?:${item.source})${quantifier.source}`;
    branch.source += quantifier.possessive ? this.#atomic(repeated) : repeated;
    if (quantifier.min > 0) for (const group of item.certain) branch.certain.add(group);
    if (readQuantifier(this.#text) !== undefined) throw this.#text.fault('multiple repeat');
  }

  /** What was matched inside a lookahead is not tried otherwise. */
  #atomic(source: string): string {
    const name = `atomic${++this.#atomicCount}`;
    return `(?=(?<${name}>${source}))\\k<${name}>`;
  }

  #item(flags: Flags): Item {
    const text = this.#text;
    if (text.isNext('(')) return this.#group(flags);
    if (text.take('[')) return plain(this.#characterClass());
    if (text.take('\\')) return this.#escape();
    if (text.take('.')) return plain(flags.has('s') ? '[^]' : '[^\\n]');
    if (text.take('^')) return anchor(flags.has('m') ? '(?<![^\\n])' : '^');
    if (text.take('$')) return anchor(flags.has('m') ? '(?![^\\n])' : '(?=\\n?$)');
    if (readQuantifier(text) !== undefined) throw text.fault('nothing to repeat');
    return plain(escapedLiteral(text.next()));
  }

  #escape(): Item {
    const escape = readEscape(this.#text, this.#groupCount);
    switch (escape.kind) {
      case 'character':
        return plain(escapedLiteral(escape.character));
      case 'class':
        return plain(escape.source);
      case 'start':
        return anchor('^');
      case 'end':
        return anchor('$');
      case 'boundary':
        return anchor(escape.negated ? NO_WORD_BOUNDARY : WORD_BOUNDARY);
      case 'reference':
        return this.#reference(escape.group);
    }
  }

  /** JavaScript lets a group that has not matched stand for nothing, where Python does not match. */
  #reference(group: string): Item {
    const name = this.#groups.get(group);
    if (name === undefined) throw this.#text.fault(`no group ${group} that has ended`);
    if (!this.#open.some(({ certain }) => certain.has(name))) {
      throw this.#text.fault('a reference back to a group that may not have matched is not supported');
    }
    return plain(`\\k<${name}>`);
  }

  #group(flags: Flags): Item {
    const text = this.#text;
    const lookaround = LOOKAROUNDS.find((opening) => text.take(opening));
    if (lookaround !== undefined) {
      const { source, certain } = this.#closed(flags);
      return { source: `${lookaround}${source})`, certain: lookaround.includes('!') ? [] : certain, repeatable: true };
    }
    if (text.take('(?P=')) {
      const name = text.until(')');
      return this.#reference(name);
    }
    if (text.take('(?P<')) return this.#capturing(flags, text.until('>'));
    if (text.take('(?:')) return this.#plainGroup(flags, '(?:');
    if (text.take('(?>')) {
      const { source, certain } = this.#closed(flags);
      return { source: this.#atomic(source), certain, repeatable: true };
    }
    if (text.take('(?(')) throw text.fault('conditions are not supported');
    if (text.isNext('(?')) return this.#flagGroup(flags);
    text.take('(');
    return this.#capturing(flags, undefined);
  }

  #flagGroup(flags: Flags): Item {
    const inner = readFlags(this.#text, flags);
    const change = inner.has('i') === flags.has('i') ? '' : inner.has('i') ? 'i' : '-i';
    return this.#plainGroup(inner, `(?${change}:`);
  }

  #plainGroup(flags: Flags, opening: string): Item {
    const { source, certain } = this.#closed(flags);
    return { source: `${opening}${source})`, certain, repeatable: true };
  }

  #capturing(flags: Flags, pythonName: string | undefined): Item {
    if (pythonName !== undefined && !/^[\p{ID_Start}_]\p{ID_Continue}*$/u.test(pythonName)) {
      throw this.#text.fault(`bad group name ${JSON.stringify(pythonName)}`);
    }
    const number = String(++this.#groupCount);
    const name = `group${number}`;
    const { source, certain } = this.#closed(flags);
    this.#groups.set(number, name);
    if (pythonName !== undefined) {
      if (this.#groups.has(pythonName)) throw this.#text.fault(`two groups of the name ${pythonName}`);
      this.#groups.set(pythonName, name);
    }
    return { source: `(?<${name}>${source})`, certain: [...certain, name], repeatable: true };
  }

  #closed(flags: Flags): { source: string; certain: readonly string[] } {
    const inside = this.#alternatives(flags);
    if (!this.#text.take(')')) throw this.#text.fault('missing )');
    return inside;
  }

  #characterClass(): string {
    const text = this.#text;
    const opening = text.take('^') ? '[^' : '[';
    const parts: string[] = [];
    while (parts.length === 0 || !text.take(']')) {
      const first = this.#classMember();
      if (!text.isNext('-') || text.isNext('-]')) {
        parts.push(first.kind === 'class' ? first.source : escapedLiteral(first.character));
        continue;
      }
      text.take('-');
      const last = this.#classMember();
      if (first.kind === 'class' || last.kind === 'class' || first.character > last.character) {
        throw text.fault('bad character range');
      }
      parts.push(`${escapedLiteral(first.character)}-${escapedLiteral(last.character)}`);
    }
    return `${opening}${parts.join('')}]`;
  }

  #classMember(): Extract<Escape, { kind: 'character' | 'class' }> {
    const text = this.#text;
    if (text.atEnd) throw text.fault('missing ]');
    if (!text.take('\\')) return { kind: 'character', character: text.next() };
    if (text.take('b')) return { kind: 'character', character: '\b' };
    const escape = readEscape(text, 0);
    if (escape.kind !== 'character' && escape.kind !== 'class') throw text.fault('bad escape in a class');
    return escape;
  }
}

function plain(source: string): Item {
  return { source, certain: [], repeatable: true };
}

function anchor(source: string): Item {
  return { source, certain: [], repeatable: false };
}
