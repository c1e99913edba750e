/** The options that the storage servers share, and how they and their daemons read options. */

import { ConfigError } from '../common/config-error.ts';
import { type FreeSpaceReserve, parseFreeSpaceReserve } from '../common/drive.ts';
import { isTrueValue } from '../common/text.ts';
import type { Conf, ConfSpec, OptionSpec } from './contract.ts';
import { type LogLine, makeLogLine } from './log-line.ts';

export const STORAGE_CONF_SPEC: ConfSpec = {
  devices: { type: 'text', default: '/srv/node', doc: 'Folder that holds the devices.' },
  mount_check: { type: 'boolean', default: true, doc: 'Whether a device must be a mount point; else it is 507.' },
  fallocate_reserve: {
    type: 'text',
    default: '1%',
    doc: 'Bytes, or percentage of the device, to keep free: with less, what writes is refused with 507.',
  },
  replication_server: {
    type: 'boolean',
    default: true,
    doc: 'False refuses the verbs between replicas (REPLICATE, SSYNC).',
  },
  log_requests: { type: 'boolean', default: true, doc: 'Whether each request gets an access line.' },
  log_format: { type: 'text', default: '', doc: 'Template of the access line; empty for the usual one.' },
  log_anonymization_method: { type: 'text', default: 'md5', doc: 'Hash for fields written as {field.anonymized}.' },
  log_anonymization_salt: { type: 'text', default: '', doc: 'Salt of that hash.' },
};

export interface StorageConf {
  readonly devices: string;
  readonly mountCheck: boolean;
  readonly reserve: FreeSpaceReserve;
  readonly replicationServer: boolean;
  readonly logRequests: boolean;
  readonly logLine: LogLine;
}

/** Options of one section over those of [DEFAULT]. A value that is none throws ConfigError with file, section and key. */
export class OptionReader {
  readonly #conf: Conf;
  readonly #spec: ConfSpec;

  constructor(spec: ConfSpec, globalConf: Conf, localConf: Conf) {
    this.#spec = spec;
    this.#conf = { ...globalConf, ...localConf };
  }

  text(name: string): string {
    return this.#conf[name] ?? String(this.#option(name).default ?? '');
  }

  boolean(name: string): boolean {
    const text = this.#conf[name];
    return text === undefined ? this.#option(name).default === true : isTrueValue(text);
  }

  /** Items between commas, without blanks. */
  list(name: string): string[] {
    return this.text(name)
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
  }

  /** A number within the bounds of its description. */
  number(name: string): number {
    const { min = 0, max = Infinity } = this.#option(name);
    const text = this.text(name);
    const value = text.trim() === '' ? NaN : Number(text);
    if (!(value >= min && value <= max)) this.fail(name, `expected a number of at least ${min}, not ${text}`);
    return value;
  }

  /** What `convert` makes of the text; what it throws names the option. */
  converted<T>(name: string, convert: (text: string) => T): T {
    try {
      return convert(this.text(name));
    } catch (error) {
      return this.fail(name, (error as Error).message, error);
    }
  }

  fail(name: string, text: string, cause?: unknown): never {
    throw new ConfigError({
      code: 'option-invalid',
      text,
      file: this.#conf['__file__'],
      section: this.#conf['__name__'],
      key: name,
      value: this.#conf[name],
      cause,
    });
  }

  #option(name: string): OptionSpec {
    const option = this.#spec[name];
    if (option === undefined) throw new Error(`no option ${name}`);
    return option;
  }
}

/** Reads the options of STORAGE_CONF_SPEC. Throws ConfigError. */
export function readStorageConf(options: OptionReader): StorageConf {
  return {
    devices: options.text('devices'),
    mountCheck: options.boolean('mount_check'),
    reserve: options.converted('fallocate_reserve', parseFreeSpaceReserve),
    replicationServer: options.boolean('replication_server'),
    logRequests: options.boolean('log_requests'),
    logLine: options.converted('log_format', (format) =>
      makeLogLine({
        format,
        anonymizationMethod: options.text('log_anonymization_method'),
        anonymizationSalt: options.text('log_anonymization_salt'),
      }),
    ),
  };
}
