/** What an error of SQLite means for the file it came from. */
export type SqliteFault =
  /** Another process holds the lock: try again. */
  | 'busy'
  /** Not the file that was opened any more (replaced or removed). */
  | 'moved'
  /** The contents are damaged. */
  | 'damaged'
  /** No space, no permission, no such folder. */
  | 'device'
  | 'missing-table'
  | 'other';

const READONLY_DBMOVED = 1032;
const FAULT_BY_CODE: Readonly<Record<number, SqliteFault>> = {
  5: 'busy',
  6: 'busy',
  8: 'device',
  10: 'damaged', // an I/O error, which Swift's own brokers take for damage too
  11: 'damaged',
  13: 'device',
  14: 'device',
  26: 'damaged',
};

/** Undefined when the error is not SQLite's. */
export function sqliteFault(error: unknown): SqliteFault | undefined {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return undefined;
  if (error.errcode === READONLY_DBMOVED) return 'moved';
  const fault = FAULT_BY_CODE[error.errcode & 0xff];
  if (fault !== undefined) return fault;
  return error.message.startsWith('no such table') ? 'missing-table' : 'other';
}
