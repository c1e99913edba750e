import { StoreError, type StoreErrorCode } from '../common/store-error.ts';
import type { HashLocator, StoreOptions } from './store-types.ts';

/** What passes between a store and its worker threads. */

/** A worker's share of the store's options. */
export type WorkerOptions = Pick<StoreOptions, 'devices' | 'constraints' | 'openDatabases' | 'lockTimeoutMs'>;

export interface Call {
  readonly id: number;
  readonly method: string;
  readonly database: HashLocator;
  readonly args: readonly unknown[];
}

export interface SerializedError {
  /** Undefined: an error that is not a StoreError. */
  readonly code: StoreErrorCode | undefined;
  readonly message: string;
  readonly stack: string | undefined;
}

export type Reply =
  { readonly id: number; readonly result: unknown } | { readonly id: number; readonly error: SerializedError };

export interface LogLine {
  readonly level: 'warn' | 'error';
  readonly message: string;
}

/** Calls are sent in batches; `null` asks the worker to finish, close its files and end. */
export type ToWorker = readonly Call[] | null;

export interface FromWorker {
  readonly replies?: readonly Reply[];
  readonly log?: LogLine;
}

export function serializeError(error: unknown): SerializedError {
  const code = error instanceof StoreError ? error.code : undefined;
  const { message, stack } = error instanceof Error ? error : new Error(String(error));
  return { code, message, stack };
}

export function deserializeError({ code, message, stack }: SerializedError): Error {
  const error = code === undefined ? new Error(message) : new StoreError(code, message);
  if (stack !== undefined) error.stack = stack;
  return error;
}
