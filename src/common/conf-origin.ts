/** Where each option of the settings that a factory was given stands. */

import type { Place } from './config-error.ts';
import type { Conf } from './conf.ts';

const origins = new WeakMap<Conf, ReadonlyMap<string, Place>>();

/** Remembers where the options of `conf` stand. */
export function rememberOrigins(conf: Conf, places: ReadonlyMap<string, Place>): void {
  origins.set(conf, places);
}

/** Places of the options by name, when `conf` comes from the loader. */
export function placesOf(conf: Conf): ReadonlyMap<string, Place> | undefined {
  return origins.get(conf);
}

/** Where `key` of `source` stands, as far as known; settings that were copied tell file and section alone. */
export function placeOf(source: Conf, key: string, globalConf: Conf, localConf: Conf): Place {
  return origins.get(source)?.get(key) ?? { file: globalConf['__file__'], section: localConf['__name__'] };
}

/** Layers of options in one, a later one over an earlier, which still tells where each stands. */
export function mergeConfs(...layers: readonly Conf[]): Conf {
  const merged: Record<string, string> = {};
  const places = new Map<string, Place>();
  for (const layer of layers) {
    for (const [key, value] of Object.entries(layer)) {
      merged[key] = value;
      const place = origins.get(layer)?.get(key);
      if (place === undefined) places.delete(key);
      else places.set(key, place);
    }
  }
  rememberOrigins(merged, places);
  return merged;
}
