import { realpathSync } from 'node:fs';
import { parseArgs, type ParseArgsConfig } from 'node:util';
import { UsageError } from '../usage-error.ts';

/** `CONFIG[#name]` of a command line. */
export interface ConfigArguments {
  /** Absolute, links followed. */
  readonly configPath: string;
  readonly name: string | undefined;
}

/** A command that did its work and found what makes it fail; printed one line each, exit code 1. */
export class FailedCommand extends Error {
  readonly lines: readonly string[];

  constructor(lines: readonly string[]) {
    super(lines.join('\n'));
    this.lines = lines;
  }
}

/** Throws UsageError. */
export function readConfigArgument(usage: string, positionals: readonly string[]): ConfigArguments {
  const [given] = positionals;
  if (given === undefined || positionals.length > 1) throw new UsageError(usage);
  return splitConfigName(given);
}

/** The part behind `#` is the section's name, unless a file has the whole as its name. */
export function splitConfigName(given: string): ConfigArguments {
  const hash = given.lastIndexOf('#');
  const whole = realPath(given);
  if (whole !== undefined) return { configPath: whole, name: undefined };
  const path = hash < 0 ? undefined : realPath(given.slice(0, hash));
  if (path === undefined) throw new UsageError(`no such file or folder: ${hash < 0 ? given : given.slice(0, hash)}`);
  return { configPath: path, name: given.slice(hash + 1) };
}

function realPath(path: string): string | undefined {
  try {
    return realpathSync(path);
  } catch {
    return undefined;
  }
}

/** parseArgs, with its complaint and the usage as a UsageError. */
export function readArguments<T extends ParseArgsConfig>(usage: string, config: T): ReturnType<typeof parseArgs<T>> {
  try {
    return parseArgs(config);
  } catch (error) {
    throw new UsageError(`${(error as Error).message}\n${usage}`);
  }
}
