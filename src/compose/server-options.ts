/** Options that every server process has, read from `[DEFAULT]` and its app section. */

import { availableParallelism } from 'node:os';
import { readConf, type TypedConf } from '../common/conf-spec.ts';
import type { Conf } from '../http/contract.ts';
import { facilityNumber, levelName } from './log-options.ts';

export type AppName = 'proxy-server' | 'object-server' | 'container-server' | 'account-server';

export const serverOptions = {
  bind_ip: { type: 'text', default: '0.0.0.0', doc: 'Address to listen on.' },
  bind_port: { type: 'integer', required: true, min: 1, max: 65535, doc: 'Port to listen on.' },
  bind_timeout: { type: 'seconds', default: 30, doc: 'How long to go on trying while the port is taken.' },
  backlog: { type: 'integer', default: 4096, min: 1, doc: 'Connections that may wait to be accepted.' },
  workers: {
    type: 'text',
    default: 'auto',
    parse: (text: string): number => workerCount(text),
    doc: 'Worker processes: a number, or auto for one a core; 0 serves in the parent.',
  },
  user: { type: 'text', default: 'swift', doc: 'User to become once the port is bound, when started as root.' },
  swift_dir: { type: 'text', default: '/etc/swift', doc: 'Folder of swift.conf and the rings.' },
  cert_file: { type: 'text', default: '', doc: 'PEM certificate; with key_file the server speaks TLS.' },
  key_file: { type: 'text', default: '', doc: 'PEM private key.' },
  client_timeout: { type: 'seconds', default: 60, doc: 'How long a client may stall within a request.' },
  keepalive_timeout: { type: 'seconds', doc: 'How long an idle connection is kept; client_timeout when not set.' },
  max_clients: { type: 'integer', default: 1024, min: 1, doc: 'Connections that a worker serves at once.' },
  log_name: { type: 'text', doc: 'Name in front of each log line; the section when not set.' },
  log_facility: {
    type: 'text',
    default: 'LOG_LOCAL0',
    parse: (text: string): number => facilityNumber(text),
    doc: 'Syslog facility.',
  },
  log_level: {
    type: 'text',
    default: 'INFO',
    parse: (text: string): string => levelName(text),
    doc: 'Lowest level logged: DEBUG, INFO, WARNING, ERROR, CRITICAL.',
  },
  log_address: {
    type: 'text',
    default: '/dev/log',
    doc: "The syslog daemon's socket; standard error where there is none.",
  },
  log_udp_host: { type: 'text', default: '', doc: 'Sends the log to this host by UDP instead.' },
  log_udp_port: { type: 'integer', default: 514, min: 1, max: 65535, doc: 'Port for log_udp_host.' },
  log_max_line_length: {
    type: 'integer',
    default: 0,
    min: 0,
    doc: 'Longer lines lose their middle; 0 keeps them whole.',
  },
} as const;

export type ServerOptions = TypedConf<typeof serverOptions>;

/** The options that every server has, from the app section's settings. Throws ConfigError. */
export function readServerOptions(appConf: Conf, configPath: string, appName: AppName): ServerOptions {
  return readConf(serverOptions, appConf, {}, { file: configPath, section: `app:${appName}` });
}

function workerCount(text: string): number {
  if (text.toLowerCase() === 'auto') return availableParallelism();
  if (!/^\d{1,4}$/.test(text)) throw new Error('expected a number or auto');
  return Number(text);
}
