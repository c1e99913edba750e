/** The options that the storage servers share. */

import type { TypedConf } from '../common/conf-spec.ts';
import { type FreeSpaceReserve, parseFreeSpaceReserve } from '../common/drive.ts';
import { checkLogFormat, type LogLine, makeLogLine } from './log-line.ts';

export const STORAGE_CONF_SPEC = {
  devices: { type: 'text', default: '/srv/node', doc: 'Folder that holds the devices.' },
  mount_check: { type: 'boolean', default: true, doc: 'Whether a device must be a mount point; else it is 507.' },
  fallocate_reserve: {
    type: 'text',
    default: '1%',
    parse: (text: string): FreeSpaceReserve => parseFreeSpaceReserve(text),
    doc: 'Bytes, or percentage of the device, to keep free: with less, what writes is refused with 507.',
  },
  replication_server: {
    type: 'boolean',
    default: true,
    doc: 'False refuses the verbs between replicas (REPLICATE, SSYNC).',
  },
  log_requests: { type: 'boolean', default: true, doc: 'Whether each request gets an access line.' },
  log_format: {
    type: 'text',
    default: '',
    parse: (text: string): string => checkLogFormat(text),
    doc: 'Template of the access line; empty for the usual one.',
  },
  log_anonymization_method: { type: 'text', default: 'md5', doc: 'Hash for fields written as {field.anonymized}.' },
  log_anonymization_salt: { type: 'text', default: '', doc: 'Salt of that hash.' },
} as const;

export interface StorageConf {
  readonly devices: string;
  readonly mountCheck: boolean;
  readonly reserve: FreeSpaceReserve;
  readonly replicationServer: boolean;
  readonly logRequests: boolean;
  readonly logLine: LogLine;
}

/** What the storage servers make of those options, with a section's other options or without. */
export function storageConf(options: TypedConf<typeof STORAGE_CONF_SPEC>): StorageConf {
  return {
    devices: options.devices,
    mountCheck: options.mount_check,
    reserve: options.fallocate_reserve,
    replicationServer: options.replication_server,
    logRequests: options.log_requests,
    logLine: makeLogLine({
      format: options.log_format,
      anonymizationMethod: options.log_anonymization_method,
      anonymizationSalt: options.log_anonymization_salt,
    }),
  };
}
