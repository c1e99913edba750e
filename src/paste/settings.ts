/** Settings while a config is resolved: ordered, each with the place where it stands. */

import type { Place } from '../common/config-error.ts';
import type { Conf } from '../http/contract.ts';
import { placesOf, rememberOrigins } from '../common/conf-origin.ts';

export interface Setting {
  readonly value: string;
  /** Undefined for what stands in no file: `here`, `__file__`, `__name__`, what a caller gave. */
  readonly place: Place | undefined;
}

export type Settings = Map<string, Setting>;

/** Settings that a caller gave. */
export function settingsOfConf(conf: Conf | undefined): Settings {
  const places = conf === undefined ? undefined : placesOf(conf);
  const settings: Settings = new Map();
  for (const [key, value] of Object.entries(conf ?? {})) settings.set(key, { value, place: places?.get(key) });
  return settings;
}

/** The object that a factory gets: without a prototype, fresh for each call, and its places are remembered. */
export function confOfSettings(...layers: readonly ReadonlyMap<string, Setting>[]): Conf {
  const conf = Object.create(null) as Record<string, string>;
  const places = new Map<string, Place>();
  for (const layer of layers) {
    for (const [key, { value, place }] of layer) {
      conf[key] = value;
      if (place === undefined) places.delete(key);
      else places.set(key, place);
    }
  }
  rememberOrigins(conf, places);
  return conf;
}

/** Takes a setting out. */
export function takeSetting(settings: Settings, key: string): Setting | undefined {
  const setting = settings.get(key);
  settings.delete(key);
  return setting;
}

/** Sets every setting of `added` in `settings`; a key that is there keeps its position. */
export function addSettings(settings: Settings, added: ReadonlyMap<string, Setting>): void {
  for (const [key, setting] of added) settings.set(key, setting);
}
