/** The plain reader of daemon sections, where a section beats [DEFAULT] and `set` means nothing. Source: spec paste-deploy 10.7. */

import { ConfigError, type Place } from './config-error.ts';
import type { IniFile, IniOption } from './ini-dialect.ts';
import { interpolate } from './ini-interpolation.ts';
import type { Conf } from './conf.ts';
import { rememberOrigins } from './conf-origin.ts';
import { readConfigPath } from './config-files.ts';

export interface ReadSectionOptions {
  /** Used when neither the section nor [DEFAULT] has a log_name. */
  logName?: string | undefined;
  /** Below [DEFAULT]. */
  defaults?: Conf | undefined;
  /** Values that may be referred to, and are no settings: `here`. */
  references?: Conf | undefined;
  /** References are not expanded. */
  raw?: boolean | undefined;
}

/** Settings of one section over those of [DEFAULT], with `log_name` and `__file__`. Throws ConfigError. */
export function readSection(path: string, section: string, options: ReadSectionOptions = {}): Conf {
  const file = open(path);
  if (!file.sections.has(section)) {
    throw new ConfigError({
      code: 'readconf-section-missing',
      text: `expected a section [${section}], and there is none`,
      file: path,
      name: section,
      candidates: [...file.sections.keys()],
    });
  }
  const { conf, places } = sectionConf(file, section, options);
  conf['log_name'] ??= options.logName ?? section;
  conf['__file__'] = path;
  rememberOrigins(conf, places);
  return conf;
}

/** All sections by header. */
export function readSections(path: string, options: ReadSectionOptions = {}): ReadonlyMap<string, Conf> {
  const file = open(path);
  const sections = new Map<string, Conf>();
  for (const section of file.sections.keys()) {
    const { conf, places } = sectionConf(file, section, options);
    rememberOrigins(conf, places);
    sections.set(section, conf);
  }
  return sections;
}

/** Settings of `[<appName>:policy:<index>]` by index, read the plain way. */
export function readPolicySections(
  path: string,
  appName: string,
  options: ReadSectionOptions = {},
): ReadonlyMap<string, Conf> {
  const prefix = `${appName}:policy:`;
  const policies = new Map<string, Conf>();
  for (const [header, conf] of readSections(path, options)) {
    if (header.startsWith(prefix)) policies.set(header.slice(prefix.length), conf);
  }
  return policies;
}

function open(path: string): IniFile {
  try {
    return readConfigPath(path);
  } catch (cause) {
    if (!(cause instanceof ConfigError) || cause.family !== 'system') throw cause;
    throw new ConfigError({ code: 'readconf-unreadable', text: cause.text, file: path, cause });
  }
}

function sectionConf(
  file: IniFile,
  header: string,
  options: ReadSectionOptions,
): { conf: Record<string, string>; places: Map<string, Place> } {
  const own = file.sections.get(header)?.options;
  const lookup = (name: string): Pick<IniOption, 'value'> | undefined => {
    const given = options.defaults?.[name] ?? options.references?.[name];
    return own?.get(name) ?? file.defaults.options.get(name) ?? (given === undefined ? undefined : { value: given });
  };
  const conf = Object.create(null) as Record<string, string>;
  const places = new Map<string, Place>();
  for (const [key, value] of Object.entries(options.defaults ?? {})) conf[key] = value;
  const layers = [
    { section: 'DEFAULT', options: file.defaults.options },
    { section: header, options: own ?? new Map<string, IniOption>() },
  ];
  for (const layer of layers) {
    for (const [key, option] of layer.options) {
      const place = { file: option.file, line: option.line, section: layer.section, key };
      conf[key] = option.value;
      places.set(key, place);
    }
  }
  if (options.raw !== true) {
    for (const [key, raw] of Object.entries(conf)) {
      conf[key] = interpolate(raw, places.get(key) ?? { file: file.path, section: header, key }, {
        lookup,
        lenient: true,
      });
    }
  }
  return { conf, places };
}
