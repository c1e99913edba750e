/**
 * The ini dialect of Paste and Swift config files: what Python's configparser reads in strict mode, keys in their own case.
 * Nothing is expanded here (see ini-interpolation.ts). Every value keeps the file and line where it stands.
 *
 * The npm package `ini` speaks another dialect (it cuts values at `#`, unquotes, nests at dots, merges duplicates), so the lines are
 * normalised by this reader, and the package is given encoded text that both read alike.
 * Source: spec paste-deploy 2 and 12.
 */

import { parse as parseEncoded } from 'ini';
import { ConfigError } from './config-error.ts';

export interface IniOption {
  readonly value: string;
  readonly file: string;
  /** Line of the key; the first is 1. */
  readonly line: number;
}

export interface IniSection {
  /** Header without brackets. */
  readonly name: string;
  readonly file: string;
  readonly line: number;
  readonly options: Map<string, IniOption>;
}

export interface IniFile {
  readonly path: string;
  /** `[DEFAULT]`; empty when the file has none. */
  readonly defaults: IniSection;
  /** All others by header, in file order. */
  readonly sections: Map<string, IniSection>;
}

export interface IniReadOptions {
  /** Keys are lower-cased before they are compared, as for swift.conf. */
  lowerCaseKeys?: boolean;
}

/** What Python's `str.strip` takes off; JavaScript's `trim` differs. */
const BLANK = '\\t-\\r\\x1c-\\x20\\x85\\xa0\\u1680\\u2000-\\u200a\\u2028\\u2029\\u202f\\u205f\\u3000';
const LEADING_BLANKS = new RegExp(`^[${BLANK}]+`);
const BLANK_CHARACTER = new RegExp(`[${BLANK}]`);
const BLANK_RUN = new RegExp(`[${BLANK}]+`);
const LINE_END = /\r\n|\r|\n/;

/** Strips blanks as Python does. */
export function strip(text: string): string {
  return stripEnd(text.replace(LEADING_BLANKS, ''));
}

/** Splits at runs of blanks as Python does; no empty words. */
export function words(text: string): string[] {
  return text.split(BLANK_RUN).filter((word) => word !== '');
}

function stripEnd(text: string): string {
  let end = text.length;
  while (end > 0 && BLANK_CHARACTER.test(text[end - 1] as string)) end -= 1;
  return text.slice(0, end);
}

interface RawEntry {
  key: string;
  line: number;
  lines: string[];
}

interface RawSection {
  name: string;
  line: number;
  entries: Map<string, RawEntry>;
}

/** Decodes a config file: UTF-8, a byte order mark is dropped. Throws ConfigError `ini-encoding` with the line of the first bad byte. */
export function decodeConfig(bytes: Uint8Array, path: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (cause) {
    const good = new TextDecoder('utf-8').decode(bytes).split('\ufffd', 1)[0] as string;
    const line = good.split(LINE_END).length;
    throw new ConfigError({ code: 'ini-encoding', text: 'the file is not valid UTF-8', file: path, line, cause });
  }
}

/**
 * Reads the text of one config file; `path` is only for errors and origins. Throws ConfigError `ini-*`; all lines that are neither
 * header, setting, comment nor continuation are told at once.
 */
export function parseIni(text: string, path: string, options: IniReadOptions = {}): IniFile {
  return decodeSections(new LineReader(path, options).read(text), path);
}

/** Section 2.2: turns lines into sections, keys and lists of value lines. */
class LineReader {
  readonly #path: string;
  readonly #lowerCaseKeys: boolean;
  readonly #sections = new Map<string, RawSection>();
  readonly #badLines: { line: number; text: string }[] = [];
  #section: RawSection | undefined;
  #entry: RawEntry | undefined;
  #indent = 0;

  constructor(path: string, options: IniReadOptions) {
    this.#path = path;
    this.#lowerCaseKeys = options.lowerCaseKeys === true;
  }

  read(text: string): Map<string, RawSection> {
    if (!text.isWellFormed()) {
      throw new ConfigError({ code: 'ini-encoding', text: 'the text holds lone surrogates', file: this.#path });
    }
    const lines = (text.startsWith('\ufeff') ? text.slice(1) : text).split(LINE_END);
    lines.forEach((line, at) => this.#line(line, at + 1));
    const [bad] = this.#badLines;
    if (bad !== undefined) {
      throw new ConfigError({
        code: 'ini-syntax',
        text: `neither a [header] nor a key = value: ${JSON.stringify(bad.text)}`,
        file: this.#path,
        line: bad.line,
        value: bad.text,
        details: this.#badLines.slice(1).map(({ line, text }) => `line ${line} likewise: ${JSON.stringify(text)}`),
      });
    }
    return this.#sections;
  }

  #line(line: string, number: number): void {
    const stripped = strip(line);
    if (stripped === '') {
      this.#entry?.lines.push('');
      return;
    }
    if (stripped[0] === '#' || stripped[0] === ';') return;
    const indent = LEADING_BLANKS.exec(line)?.[0].length ?? 0;
    if (this.#entry !== undefined && indent > this.#indent) {
      this.#entry.lines.push(stripped);
      return;
    }
    this.#indent = indent;
    const bracket = stripped.lastIndexOf(']');
    if (stripped[0] === '[' && bracket >= 2) this.#header(stripped.slice(1, bracket), number);
    else this.#setting(stripped, number);
  }

  #header(name: string, line: number): void {
    const known = this.#sections.get(name);
    if (known !== undefined && name !== 'DEFAULT') {
      throw new ConfigError({
        code: 'ini-duplicate-section',
        text: `the section stands in the file already, at line ${known.line}`,
        file: this.#path,
        line,
        section: name,
      });
    }
    this.#section = known ?? { name, line, entries: new Map() };
    this.#sections.set(name, this.#section);
    this.#entry = undefined;
  }

  #setting(stripped: string, line: number): void {
    if (this.#section === undefined) {
      throw new ConfigError({
        code: 'ini-no-section-header',
        text: `a setting before any [header]: ${stripped}`,
        file: this.#path,
        line,
        value: stripped,
      });
    }
    const delimiter = stripped.search(/[=:]/);
    const written = delimiter < 0 ? '' : strip(stripped.slice(0, delimiter));
    if (written === '') {
      this.#badLines.push({ line, text: stripped });
      return;
    }
    const key = this.#lowerCaseKeys ? written.toLowerCase() : written;
    const known = this.#section.entries.get(key);
    if (known !== undefined) {
      throw new ConfigError({
        code: 'ini-duplicate-option',
        text: `the key stands in the section already, at line ${known.line}`,
        file: this.#path,
        line,
        section: this.#section.name,
        key,
      });
    }
    this.#entry = { key, line, lines: [strip(stripped.slice(delimiter + 1))] };
    this.#section.entries.set(key, this.#entry);
  }
}

/** The letter in front keeps the package from seeing literals, numbers and `__proto__`; dots and quotes are encoded as well. */
function encode(text: string): string {
  const encoded = encodeURIComponent(text);
  return `k${encoded.replace(/[.'!*()~]/g, (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`)}`;
}

function decode(encoded: string): string {
  return decodeURIComponent(encoded.slice(1));
}

/** Hands the sections to the `ini` package, encoded, and takes names, keys and values from what it read. */
function decodeSections(raw: Map<string, RawSection>, path: string): IniFile {
  const encoded: string[] = [];
  for (const section of raw.values()) {
    encoded.push(`[${encode(section.name)}]`);
    for (const entry of section.entries.values()) {
      encoded.push(`${encode(entry.key)}=${encode(stripEnd(entry.lines.join('\n')))}`);
    }
  }
  const parsed = parseEncoded(encoded.join('\n')) as Record<string, Record<string, string>>;
  const sections = new Map<string, IniSection>();
  for (const [encodedName, values] of Object.entries(parsed)) {
    const name = decode(encodedName);
    const { line, entries } = raw.get(name) as RawSection;
    const options = new Map<string, IniOption>();
    for (const [encodedKey, value] of Object.entries(values)) {
      const key = decode(encodedKey);
      options.set(key, { value: decode(value), file: path, line: (entries.get(key) as RawEntry).line });
    }
    sections.set(name, { name, file: path, line, options });
  }
  // The package leaves out sections without keys.
  const ordered = new Map<string, IniSection>();
  for (const { name, line } of raw.values()) {
    ordered.set(name, sections.get(name) ?? { name, file: path, line, options: new Map() });
  }
  const defaults = ordered.get('DEFAULT') ?? { name: 'DEFAULT', file: path, line: 0, options: new Map() };
  ordered.delete('DEFAULT');
  return { path, defaults, sections: ordered };
}
