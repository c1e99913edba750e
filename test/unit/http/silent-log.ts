import type { Logger } from '../../../src/common/host.ts';

/** A logger that keeps its lines, level first. */
export class LineLog implements Logger {
  readonly lines: string[] = [];
  debug(message: string): void {
    this.lines.push(`debug ${message}`);
  }
  info(message: string): void {
    this.lines.push(`info ${message}`);
  }
  warn(message: string): void {
    this.lines.push(`warn ${message}`);
  }
  error(message: string, cause?: unknown): void {
    this.lines.push(`error ${message}${cause === undefined ? '' : ` ${String(cause)}`}`);
  }
  withTransaction(): this {
    return this;
  }
  withOptions(): this {
    return this;
  }
}

const nothing = (): void => undefined;

export const silentLog: Logger = {
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
  withTransaction: () => silentLog,
  withOptions: () => silentLog,
};
