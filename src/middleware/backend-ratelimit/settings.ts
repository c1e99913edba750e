/** The rates: of the filter's section, and of a file of their own that may change while the server runs. */

import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type Conf, type ConfSpec, type Logger, readConf, readSection } from '../../middleware-api.ts';

export interface RateSettings {
  /** For each device, of all methods together; 0 for no limit. */
  readonly requestsPerSecond: number;
  /** For each device; the methods that count, 0 for no limit of its own. */
  readonly methodRequestsPerSecond: ReadonlyMap<string, number>;
  readonly bufferSec: number;
  readonly limitsAny: boolean;
}

const METHODS = ['GET', 'HEAD', 'PUT', 'POST', 'DELETE', 'UPDATE', 'REPLICATE'] as const;
const RATE = { type: 'number', default: 0, min: 0, doc: 'Requests to one device a second.' } as const;
const SPEC: ConfSpec = {
  requests_per_device_per_second: RATE,
  requests_per_device_rate_buffer: { ...RATE, default: 1 },
  ...Object.fromEntries(METHODS.map((method) => [optionOf(method), RATE])),
};

function optionOf(method: (typeof METHODS)[number]): string {
  return `${method.toLowerCase()}_requests_per_device_per_second`;
}

/** `conf`: checked options, numbers by name. */
export function readSettings(conf: Readonly<Record<string, unknown>>): RateSettings {
  const requestsPerSecond = Number(conf['requests_per_device_per_second']);
  const methodRequestsPerSecond = new Map(METHODS.map((method) => [method as string, Number(conf[optionOf(method)])]));
  return {
    requestsPerSecond,
    methodRequestsPerSecond,
    bufferSec: Number(conf['requests_per_device_rate_buffer']),
    limitsAny: requestsPerSecond > 0 || [...methodRequestsPerSecond.values()].some((rate) => rate > 0),
  };
}

export interface SettingsFileOptions {
  /** Where the config says that the file is. */
  readonly path: string | undefined;
  readonly swiftDir: string;
  /** Seconds between looks at the file; 0 for none after the first. */
  readonly reloadSec: number;
  /** Options of the filter's section, which hold where the file has none. */
  readonly own: Conf;
  readonly settings: RateSettings;
  readonly log: Logger;
  readonly nowSec: number;
}

const SECTION = 'backend_ratelimit';

/** A file that cannot be read, or is wrong, leaves the rates as they are. It is read at once: it is small, and seldom. */
export class SettingsFile {
  readonly #options: SettingsFileOptions;
  readonly #path: string;
  #settings: RateSettings;
  #expected: boolean;
  #readAtSec: number;

  constructor(options: SettingsFileOptions) {
    this.#options = options;
    this.#path = options.path ?? join(options.swiftDir, 'backend-ratelimit.conf');
    this.#expected = options.path !== undefined;
    this.#settings = options.settings;
    this.#readAtSec = options.nowSec;
    this.#read();
  }

  /** Looks at the file again when it is time to. */
  settingsAt(nowSec: number): RateSettings {
    const { reloadSec } = this.#options;
    if (reloadSec > 0 && nowSec - this.#readAtSec >= reloadSec) {
      this.#readAtSec = nowSec;
      this.#read();
    }
    return this.#settings;
  }

  #read(): void {
    const { log, own } = this.#options;
    if (!existsSync(this.#path)) {
      if (this.#expected) log.warn(`${this.#path} is not there; rates stay as they are`);
      this.#expected = false;
      return;
    }
    this.#expected = true;
    try {
      const settings = readSettings(readConf(SPEC, {}, { ...own, ...readSection(this.#path, SECTION) }));
      if (JSON.stringify(plain(settings)) === JSON.stringify(plain(this.#settings))) return;
      this.#settings = settings;
      log.info(`read ${this.#path}: rates changed`);
    } catch (error) {
      log.warn(`${this.#path} is not valid; rates stay as they are: ${String(error)}`);
    }
  }
}

function plain({ methodRequestsPerSecond, ...rest }: RateSettings): unknown {
  return { ...rest, methods: [...methodRequestsPerSecond] };
}
