import {
  PickleError,
  PickleHeaderKeyDict,
  readPickle,
  writePickle,
  type PickleDict,
  type PickleValue,
} from '../common/pickle.ts';
import type { AsyncUpdate } from './storage.ts';

/** Container updates as pickles of protocol 0. Header values are wire text and stay so. Source: spec swift-formats 3.8. */

export function encodeUpdate(update: AsyncUpdate): Buffer {
  const dict: PickleDict = new Map<PickleValue, PickleValue>([
    ['op', update.op],
    ['account', update.account],
    ['container', update.container],
    ['obj', update.obj],
    ['headers', new PickleHeaderKeyDict(update.headers)],
    ['db_state', update.dbState ?? null],
  ]);
  if (update.containerPath !== undefined) dict.set('container_path', update.containerPath);
  if (update.successes !== undefined) dict.set('successes', [...update.successes]);
  if (update.redirectHistory !== undefined) dict.set('redirect_history', [...update.redirectHistory]);
  return writePickle(dict, 0);
}

/** Throws PickleError when the bytes are no update. */
export function decodeUpdate(bytes: Uint8Array): AsyncUpdate {
  const dict = readPickle(bytes);
  if (!(dict instanceof Map)) throw new PickleError('update is no dict');
  const op = textOf(dict, 'op');
  if (op !== 'PUT' && op !== 'DELETE') throw new PickleError(`update is neither PUT nor DELETE but ${op}`);
  const update: AsyncUpdate = {
    op,
    account: textOf(dict, 'account'),
    container: textOf(dict, 'container'),
    obj: textOf(dict, 'obj'),
    headers: headersOf(dict.get('headers')),
  };
  const dbState = dict.get('db_state');
  if (typeof dbState === 'string' || dbState === null) update.dbState = dbState;
  const containerPath = dict.get('container_path');
  if (typeof containerPath === 'string') update.containerPath = containerPath;
  const successes = listOf(dict.get('successes'), isNumber);
  if (successes !== undefined) update.successes = successes;
  const redirectHistory = listOf(dict.get('redirect_history'), isText);
  if (redirectHistory !== undefined) update.redirectHistory = redirectHistory;
  return update;
}

function textOf(dict: PickleDict, key: string): string {
  const value = dict.get(key);
  if (typeof value !== 'string') throw new PickleError(`update has no ${key}`);
  return value;
}

function headersOf(value: PickleValue | undefined): [string, string][] {
  if (!(value instanceof Map)) throw new PickleError('update has no headers');
  return [...value].flatMap(([name, text]): [string, string][] =>
    typeof name === 'string' && (typeof text === 'string' || typeof text === 'number') ? [[name, String(text)]] : [],
  );
}

function listOf<T>(
  value: PickleValue | undefined,
  is: (item: PickleValue) => item is PickleValue & T,
): T[] | undefined {
  return Array.isArray(value) ? value.filter(is) : undefined;
}

function isNumber(value: PickleValue): value is number {
  return typeof value === 'number';
}

function isText(value: PickleValue): value is string {
  return typeof value === 'string';
}
