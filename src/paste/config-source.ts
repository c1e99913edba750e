/** One config file (or folder, or text) with its defaults, and the settings of its sections. Source: spec paste-deploy 2.4, 3, 5, 6. */

import { dirname, resolve } from 'node:path';
import { ConfigError, type Place } from '../common/config-error.ts';
import { type IniFile, type IniSection, strip } from '../common/ini-dialect.ts';
import { interpolate } from '../common/ini-interpolation.ts';
import type { Kind } from './kinds.ts';
import { KINDS } from './kinds.ts';
import type { Setting, Settings } from './settings.ts';

/** `paste` is the library alone; `swift` adds names, folders and lenient percent signs. */
export type Flavor = 'paste' | 'swift';

export interface SourceOptions {
  flavor: Flavor;
  /** Added to the defaults where the file has no such key. */
  callerGlobals?: ReadonlyMap<string, Setting> | undefined;
  /** `here` and `__file__`, when they do not follow from the path. */
  here?: string;
  fileName?: string;
  /** False: defaults are handed over as written, as Swift does for a config given as text. */
  expandDefaults?: boolean;
}

/** A default, or an option of a section, as written. */
interface RawSetting {
  readonly value: string;
  readonly place: Place | undefined;
  readonly literal?: boolean;
}

export interface SectionSettings {
  /** Settings for the section and all it refers to. */
  readonly globals: Settings;
  readonly locals: Settings;
  /** What `set` made, a part of the globals. */
  readonly sets: Settings;
}

export class ConfigSource {
  readonly file: IniFile;
  readonly flavor: Flavor;
  /** Folder to which relative URIs of this file refer; of a config folder, as in Swift, the one that it is in. */
  readonly folder: string;
  readonly #defaults: ReadonlyMap<string, RawSetting>;
  readonly #expandDefaults: boolean;

  constructor(file: IniFile, options: SourceOptions) {
    this.file = file;
    this.flavor = options.flavor;
    this.#expandDefaults = options.expandDefaults !== false;
    const path = resolve(file.path);
    const here = options.here ?? dirname(path);
    this.folder = dirname(path);
    const defaults = new Map<string, RawSetting>([
      ['here', { value: here, place: undefined, literal: true }],
      ['__file__', { value: options.fileName ?? path, place: undefined, literal: true }],
    ]);
    for (const [key, option] of file.defaults.options) {
      defaults.set(key, {
        value: option.value,
        place: { file: option.file, line: option.line, section: 'DEFAULT', key },
      });
    }
    for (const [key, setting] of options.callerGlobals ?? []) {
      if (!defaults.has(key)) defaults.set(key, setting);
    }
    this.#defaults = defaults;
  }

  /** The section of a kind with a name; without a name also one whose header is the bare prefix. Returns all that match. */
  findSections(kind: Kind, name: string | undefined): IniSection[] {
    const headers = [...this.file.sections.keys()];
    const found: IniSection[] = [];
    for (const group of KINDS[kind].prefixGroups) {
      for (const prefix of group) {
        const matching = headers.filter(
          (header) =>
            (name === undefined && header === prefix) ||
            (header.startsWith(`${prefix}:`) && strip(header.slice(prefix.length + 1)) === (name ?? 'main')),
        );
        if (matching.length === 0) continue;
        found.push(...matching.map((header) => this.file.sections.get(header) as IniSection));
        break;
      }
    }
    return found;
  }

  /** Names of the sections of a kind. */
  namesOf(kind: Kind): string[] {
    const prefixes = KINDS[kind].prefixGroups.flat();
    return [...this.file.sections.keys()]
      .filter((header) => header.includes(':') && prefixes.includes(header.slice(0, header.indexOf(':'))))
      .map((header) => strip(header.slice(header.indexOf(':') + 1)));
  }

  /** Sorts a section's settings into global and local. Throws ConfigError `interpolation-*`, `get-missing-global`. */
  settingsOf(section: IniSection, callerGlobals: ReadonlyMap<string, Setting> | undefined): SectionSettings {
    const defaults = this.#expandedDefaults();
    const globals: Settings = new Map([...defaults, ...(callerGlobals ?? [])]);
    const locals: Settings = new Map();
    const sets: Settings = new Map();
    const gets: Settings = new Map();
    for (const [key, raw] of this.#written(section)) {
      const value = (): Setting => ({ value: this.#expand(section, raw), place: raw.place });
      if (key.startsWith('set ')) {
        const setting = value();
        sets.set(strip(key.slice(4)), setting);
        globals.set(strip(key.slice(4)), setting);
      } else if (key.startsWith('get ')) gets.set(strip(key.slice(4)), value());
      else if (!this.#defaults.has(key)) locals.set(key, value());
    }
    for (const [key, wanted] of gets) locals.set(key, this.#pull(section, key, wanted, globals));
    return { globals, locals, sets };
  }

  /** The section's own keys, then those of the defaults that it lacks. */
  #written(section: IniSection): Map<string, RawSetting> {
    const written = new Map<string, RawSetting>();
    for (const [key, option] of section.options) {
      const place = { file: option.file, line: option.line, section: section.name, key };
      written.set(key, { value: option.value, place });
    }
    for (const [key, raw] of this.#defaults) if (!written.has(key)) written.set(key, raw);
    return written;
  }

  #expandedDefaults(): Settings {
    const expanded: Settings = new Map();
    for (const [key, raw] of this.#defaults) {
      const value = this.#expandDefaults ? this.#expand(undefined, raw) : raw.value;
      expanded.set(key, { value, place: raw.place });
    }
    return expanded;
  }

  #expand(section: IniSection | undefined, raw: RawSetting): string {
    if (raw.literal === true) return raw.value;
    const place = raw.place ?? { file: this.file.path };
    return interpolate(raw.value, place, {
      lookup: (name) => section?.options.get(name) ?? this.#defaults.get(name),
      lenient: this.flavor === 'swift',
    });
  }

  #pull(section: IniSection, key: string, wanted: Setting, globals: Settings): Setting {
    const found = globals.get(wanted.value);
    if (found !== undefined) return found;
    throw new ConfigError({
      file: section.file,
      line: section.line,
      ...wanted.place,
      code: 'get-missing-global',
      section: section.name,
      key: `get ${key}`,
      text: `expected the name of a global setting; there is no ${wanted.value} in [DEFAULT] nor a "set ${wanted.value}"`,
      value: wanted.value,
      name: wanted.value,
    });
  }
}
