/** Where each option of the settings that a factory was given stands. */

import type { Place } from '../common/config-error.ts';
import type { Conf } from '../http/contract.ts';

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
