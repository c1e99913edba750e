/** swift.conf: what every server and daemon of a cluster must agree on. Source: spec swift-formats 2. */

import { readFileSync } from 'node:fs';
import { collectFault, ConfigError, joinFaults, type Place } from './config-error.ts';
import { type Constraints, DEFAULT_CONSTRAINTS } from './constraints.ts';
import type { HashPathConfig } from './hash-path.ts';
import { type IniFile, type IniOption, parseIni } from './ini-dialect.ts';
import { interpolate } from './ini-interpolation.ts';
import { nearestName } from './nearest-name.ts';
import { readPolicies } from './policy-sections.ts';
import type { Policies } from './storage-policy.ts';

export interface SwiftConf {
  readonly path: string;
  readonly hashPath: HashPathConfig;
  readonly policies: Policies;
  readonly constraints: Constraints;
  /** Constraints that nobody knows; Swift ignores them silently. */
  readonly warnings: readonly string[];
}

/**
 * Reads `<swiftDir>/swift.conf`. Throws ConfigError with every fault found: file, section, line, key and what was expected.
 * The hash path prefix and suffix are the bytes of the file.
 */
export function loadSwiftConf(swiftDir: string): SwiftConf {
  const path = `${swiftDir}/swift.conf`;
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (cause) {
    const missing = (cause as NodeJS.ErrnoException).code === 'ENOENT';
    const text = missing ? 'no such file; it must hold [swift-hash]' : `cannot be read: ${(cause as Error).message}`;
    throw new ConfigError({ code: missing ? 'file-missing' : 'file-unreadable', text, file: path, cause });
  }
  return parseSwiftConf(bytes.toString('latin1'), path);
}

/** As loadSwiftConf, of a text with one character for each byte. */
export function parseSwiftConf(text: string, path: string): SwiftConf {
  const reader = new Reader(parseIni(text.replace(/^\xef\xbb\xbf/, ''), path, { lowerCaseKeys: true }));
  const faults: ConfigError[] = [];
  const hashPath = collectFault(faults, () => readHashPath(reader));
  const policies = collectFault(faults, () =>
    readPolicies(reader.file, (section, key) => reader.value(section, key) ?? ''),
  );
  const constraints = collectFault(faults, () => readConstraints(reader));
  if (hashPath === undefined || policies === undefined || constraints === undefined) throw joinFaults(faults);
  return { path, hashPath, policies, constraints, warnings: unknownConstraints(reader) };
}

/** Options with references expanded; a section's own before those of [DEFAULT]. */
class Reader {
  readonly file: IniFile;

  constructor(file: IniFile) {
    this.file = file;
  }

  option(section: string, key: string): IniOption | undefined {
    const found = this.file.sections.get(section);
    return found === undefined ? undefined : (found.options.get(key) ?? this.file.defaults.options.get(key));
  }

  value(section: string, key: string): string | undefined {
    const option = this.option(section, key);
    if (option === undefined) return undefined;
    const lookup = (name: string): IniOption | undefined => this.option(section, name.toLowerCase());
    return interpolate(option.value, this.place(section, key), { lookup, lenient: false });
  }

  place(section: string, key?: string): Place {
    const line = key === undefined ? this.file.sections.get(section)?.line : this.option(section, key)?.line;
    return { file: this.file.path, line, section, key };
  }
}

function readHashPath(reader: Reader): HashPathConfig {
  const prefix = reader.value('swift-hash', 'swift_hash_path_prefix') ?? '';
  const suffix = reader.value('swift-hash', 'swift_hash_path_suffix') ?? '';
  if (prefix === '' && suffix === '') {
    throw new ConfigError({
      ...reader.place('swift-hash'),
      code: 'swift-conf',
      text: 'expected swift_hash_path_suffix or swift_hash_path_prefix, at least one of them not empty',
    });
  }
  return { prefix: Buffer.from(prefix, 'latin1'), suffix: Buffer.from(suffix, 'latin1') };
}

const SECTION = 'swift-constraints';

function readConstraints(reader: Reader): Constraints {
  const faults: ConfigError[] = [];
  const constraints: Record<string, number | string | readonly string[]> = { ...DEFAULT_CONSTRAINTS };
  for (const [key, byDefault] of Object.entries(DEFAULT_CONSTRAINTS)) {
    const text = reader.value(SECTION, key);
    if (text === undefined) continue;
    if (typeof byDefault === 'string') constraints[key] = text;
    else if (typeof byDefault === 'number') constraints[key] = count(reader, key, text, faults);
    else constraints[key] = Object.freeze(versions(reader, key, text, faults));
  }
  if (faults.length > 0) throw joinFaults(faults);
  return Object.freeze(constraints) as unknown as Constraints;
}

function count(reader: Reader, key: string, text: string, faults: ConfigError[]): number {
  const value = /^\+?\d+$/.test(text) ? Number(text) : NaN;
  if (Number.isSafeInteger(value)) return value;
  const expected = `expected an integer of 0 or more, not ${JSON.stringify(text)}`;
  faults.push(new ConfigError({ ...reader.place(SECTION, key), code: 'swift-conf', text: expected, value: text }));
  return 0;
}

function versions(reader: Reader, key: string, text: string, faults: ConfigError[]): string[] {
  const list = text
    .split(',')
    .map((each) => each.trim())
    .filter((each) => each !== '');
  if (list.length === 0) {
    const expected = 'expected a list of versions separated by commas, such as v1,v1.0';
    faults.push(new ConfigError({ ...reader.place(SECTION, key), code: 'swift-conf', text: expected, value: text }));
  }
  return list;
}

function unknownConstraints(reader: Reader): string[] {
  const known = Object.keys(DEFAULT_CONSTRAINTS);
  const warnings: string[] = [];
  for (const [key, option] of reader.file.sections.get(SECTION)?.options ?? []) {
    if (known.includes(key)) continue;
    const near = nearestName(key, known);
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    warnings.push(`${reader.file.path}:${option.line}: [${SECTION}] ${key}: no such option, it is ignored${hint}`);
  }
  return warnings;
}
