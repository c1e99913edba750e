/** Swift's log lines over pino: `<log_name>: <message> (txn: <id>)`, one line each, through syslog, UDP or standard error. */

import { type DestinationStream, type Logger as PinoLogger, pino } from 'pino';
import type { Logger } from '../../common/host.ts';
import { facilityNumber, levelName } from '../../compose/log-options.ts';
import { type LogSink, sinkFor, stderrSink } from './sink.ts';

type LogConf = Readonly<Record<string, string>>;

/** Syslog severity of pino's levels. */
const SEVERITIES: Readonly<Record<number, number>> = { 20: 7, 30: 6, 40: 4, 50: 3, 60: 2 };

export class LogOptionError extends Error {}

interface LineStream extends DestinationStream {
  lastLevel?: number;
  lastMsg?: string;
  lastObj?: { txn?: string };
}

/** A pino destination that formats Swift's line from what pino was given, without parsing pino's JSON. */
function lineStream(sink: LogSink, facility: number, name: string, maxLineLength: number): LineStream {
  const stream: LineStream = {
    write(): void {
      const transaction = stream.lastObj?.txn === undefined ? '' : ` (txn: ${stream.lastObj.txn})`;
      let line = `${name}: ${stream.lastMsg ?? ''}${transaction}`;
      if (line.includes('\n')) line = line.replaceAll('\n', '#012');
      if (maxLineLength > 0 && line.length > maxLineLength) line = shorten(line, maxLineLength);
      sink.send(facility * 8 + (SEVERITIES[stream.lastLevel ?? 30] ?? 6), line);
    },
  };
  Object.assign(stream, { [Symbol.for('pino.metadata')]: true });
  return stream;
}

/** Keeps both ends of a line that is too long, as Swift does. */
function shorten(line: string, maxLength: number): string {
  if (maxLength < 7) return line.slice(0, maxLength);
  const half = Math.floor((maxLength - 5) / 2);
  return `${line.slice(0, half)} ... ${line.slice(line.length - half)}`;
}

export interface LoggerSettings {
  conf: LogConf;
  /** Used when the options name none. */
  name: string;
  /** Everything to standard error, whatever the options say. */
  console?: boolean;
}

class SwiftLogger implements Logger {
  #pino: PinoLogger;
  #settings: LoggerSettings;
  #sinks: LogSink[];
  #context: { txn?: string };

  constructor(logger: PinoLogger, settings: LoggerSettings, sinks: LogSink[], context: { txn?: string } = {}) {
    this.#pino = logger;
    this.#settings = settings;
    this.#sinks = sinks;
    this.#context = context;
  }

  debug(message: string): void {
    this.#pino.debug(this.#context, message);
  }

  info(message: string): void {
    this.#pino.info(this.#context, message);
  }

  warn(message: string): void {
    this.#pino.warn(this.#context, message);
  }

  error(message: string, cause?: unknown): void {
    const detail =
      cause === undefined ? '' : `: ${cause instanceof Error ? (cause.stack ?? cause.message) : String(cause)}`;
    this.#pino.error(this.#context, message + detail);
  }

  withTransaction(transId: string): Logger {
    return new SwiftLogger(this.#pino, this.#settings, this.#sinks, { txn: transId });
  }

  withOptions(conf: LogConf, prefix = ''): Logger {
    const merged: Record<string, string> = { ...this.#settings.conf };
    for (const [key, value] of Object.entries(conf)) {
      if (key.startsWith(`${prefix}log_`)) merged[key.slice(prefix.length)] = value;
    }
    return makeLogger({ ...this.#settings, conf: merged }, this.#sinks);
  }

  close(): void {
    for (const sink of this.#sinks.splice(0)) sink.close();
  }
}

export type ClosableLogger = Logger & { close(): void };

/** A logger of the `log_*` options. Throws LogOptionError for a facility or level that does not exist. */
export function makeLogger(settings: LoggerSettings, sinks: LogSink[] = []): ClosableLogger {
  const { conf } = settings;
  const facility = option('log_facility', conf['log_facility'] ?? 'LOG_LOCAL0', facilityNumber);
  const level = option('log_level', conf['log_level'] ?? 'INFO', levelName);
  const sink = settings.console === true ? stderrSink() : sinkFor(conf);
  sinks.push(sink);
  const maxLineLength = Number(conf['log_max_line_length'] ?? 0);
  const stream = lineStream(sink, facility, conf['log_name'] ?? settings.name, maxLineLength);
  return new SwiftLogger(pino({ level, base: null, timestamp: false }, stream), settings, sinks);
}

function option<T>(name: string, text: string, parse: (text: string) => T): T {
  try {
    return parse(text);
  } catch (error) {
    throw new LogOptionError(`${name} = ${text}: ${(error as Error).message}`);
  }
}
