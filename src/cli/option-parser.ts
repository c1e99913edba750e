/** Options of commands that take them as Swift's do: anywhere among the words, long names shortened, letters joined. */

import { quoted } from './python-text.ts';
import { CommandEnd } from './terminal.ts';

export interface OptionSpec {
  /** Long name without dashes. */
  readonly name: string;
  readonly letter?: string;
  readonly kind: 'flag' | 'text' | 'integer' | 'number';
  readonly doc: string;
}

export interface OptionSyntax {
  /** Of the command, for its messages. */
  readonly program: string;
  /** What follows `Usage: `. */
  readonly usage: string;
  readonly options: readonly OptionSpec[];
}

type OptionValue = string | number | true;

/** What was given; an option that was not is undefined. */
export class ParsedOptions {
  /** All that is no option. */
  readonly words: readonly string[];
  readonly #values: ReadonlyMap<string, OptionValue>;

  constructor(words: readonly string[], values: ReadonlyMap<string, OptionValue>) {
    this.words = words;
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }
}

const HELP: OptionSpec = { name: 'help', letter: 'h', kind: 'flag', doc: 'show this and end' };

/** Throws CommandEnd: exit code 2 and the usage for what is wrong, 0 when help is asked for. */
export function parseOptions(syntax: OptionSyntax, argv: readonly string[]): ParsedOptions {
  const reader = new OptionReader(syntax, argv);
  reader.read();
  return new ParsedOptions(reader.words, reader.values);
}

class OptionReader {
  readonly words: string[] = [];
  readonly values = new Map<string, OptionValue>();
  readonly #syntax: OptionSyntax;
  readonly #specs: readonly OptionSpec[];
  readonly #left: string[];

  constructor(syntax: OptionSyntax, argv: readonly string[]) {
    this.#syntax = syntax;
    this.#specs = [HELP, ...syntax.options];
    this.#left = [...argv];
  }

  read(): void {
    for (let word = this.#left.shift(); word !== undefined; word = this.#left.shift()) {
      if (word === '--') this.words.push(...this.#left.splice(0));
      else if (word.startsWith('--')) this.#long(word);
      else if (word.startsWith('-') && word.length > 1) this.#letters(word.slice(1));
      else this.words.push(word);
    }
  }

  #long(word: string): void {
    const at = word.indexOf('=');
    const given = at < 0 ? word : word.slice(0, at);
    const spec = this.#named(given);
    const label = `--${spec.name}`;
    if (spec.kind !== 'flag') this.#set(spec, label, at < 0 ? this.#next(label) : word.slice(at + 1));
    else if (at < 0) this.#set(spec, label, undefined);
    else this.#fail(`${label} option does not take a value`);
  }

  /** By its name or the beginning of it that fits no other. */
  #named(given: string): OptionSpec {
    const exact = this.#specs.find(({ name }) => `--${name}` === given);
    const fitting = exact === undefined ? this.#specs.filter(({ name }) => `--${name}`.startsWith(given)) : [exact];
    const [spec] = fitting;
    if (spec === undefined) this.#fail(`no such option: ${given}`);
    if (fitting.length > 1) {
      const names = fitting.map(({ name }) => `--${name}`).sort();
      this.#fail(`ambiguous option: ${given} (${names.join(', ')}?)`);
    }
    return spec;
  }

  #letters(letters: string): void {
    for (let at = 0; at < letters.length; at++) {
      const label = `-${letters[at]}`;
      const spec = this.#specs.find(({ letter }) => letter === letters[at]);
      if (spec === undefined) this.#fail(`no such option: ${label}`);
      if (spec.kind !== 'flag') {
        const joined = letters.slice(at + 1);
        this.#set(spec, label, joined === '' ? this.#next(label) : joined);
        return;
      }
      this.#set(spec, label, undefined);
    }
  }

  #next(label: string): string {
    return this.#left.shift() ?? this.#fail(`${label} option requires 1 argument`);
  }

  #set(spec: OptionSpec, label: string, text: string | undefined): void {
    if (spec === HELP) throw new CommandEnd(0, helpText(this.#syntax));
    this.values.set(spec.name, text === undefined ? true : this.#value(spec, label, text));
  }

  #value(spec: OptionSpec, label: string, text: string): OptionValue {
    if (spec.kind === 'integer') {
      return readOptionInteger(text) ?? this.#fail(`option ${label}: invalid integer value: ${quoted(text)}`);
    }
    if (spec.kind === 'number') {
      const value = text.trim() === '' ? NaN : Number(text);
      return Number.isFinite(value)
        ? value
        : this.#fail(`option ${label}: invalid floating-point value: ${quoted(text)}`);
    }
    return text;
  }

  #fail(fault: string): never {
    const { program, usage } = this.#syntax;
    throw new CommandEnd(2, `Usage: ${usage}\n\n${program}: error: ${fault}`, 'errors');
  }
}

/** Decimal, or with the prefix of another base: 0x1f, 0b11, 017. */
function readOptionInteger(text: string): number | undefined {
  const [, sign, digits = ''] = /^\s*([+-]?)(0x[\da-f]+|0b[01]+|0o?[0-7]+|[1-9]\d*|0)\s*$/i.exec(text) ?? [];
  if (digits === '') return undefined;
  const value = Number(/^0[0-7]+$/.test(digits) ? `0o${digits.slice(1)}` : digits);
  return sign === '-' ? -value : value;
}

/** Usage and a line for each option. */
export function helpText({ usage, options }: OptionSyntax): string {
  const rows = [HELP, ...options].map((spec) => {
    const value = spec.kind === 'flag' ? '' : `=${spec.name.toUpperCase().replaceAll('-', '_')}`;
    const letter = spec.letter === undefined ? '    ' : `-${spec.letter}, `;
    return [`  ${letter}--${spec.name}${value}`, spec.doc] as const;
  });
  const width = Math.max(...rows.map(([names]) => names.length)) + 2;
  return `Usage: ${usage}\n\nOptions:\n${rows.map(([names, doc]) => `${names.padEnd(width)}${doc}`).join('\n')}`;
}
