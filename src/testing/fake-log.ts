import type { Logger } from '../common/host.ts';

export interface LogEntry {
  level: 'debug' | 'info' | 'warn' | 'error';
  message: string;
  cause?: unknown;
  transId?: string;
}

/** A log that keeps what is written to it. The loggers made from it write into the same entries. */
export class FakeLog implements Logger {
  readonly entries: LogEntry[];
  readonly #transId: string | undefined;

  constructor(entries: LogEntry[] = [], transId?: string) {
    this.entries = entries;
    this.#transId = transId;
  }

  /** Messages of info and above, oldest first. */
  get lines(): string[] {
    return this.entries.filter(({ level }) => level !== 'debug').map(({ message }) => message);
  }

  debug(message: string): void {
    this.#add('debug', message);
  }

  info(message: string): void {
    this.#add('info', message);
  }

  warn(message: string): void {
    this.#add('warn', message);
  }

  error(message: string, cause?: unknown): void {
    this.#add('error', message, cause);
  }

  withTransaction(transId: string): FakeLog {
    return new FakeLog(this.entries, transId);
  }

  withOptions(): FakeLog {
    return this;
  }

  close(): void {
    // Nothing is held.
  }

  #add(level: LogEntry['level'], message: string, cause?: unknown): void {
    const entry: LogEntry = { level, message };
    if (cause !== undefined) entry.cause = cause;
    if (this.#transId !== undefined) entry.transId = this.#transId;
    this.entries.push(entry);
  }
}
