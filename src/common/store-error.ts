/** Faults of a store of databases, and what servers answer for them. */

export type StoreErrorCode =
  /** The folder's lock was not had in time: answer 503. */
  | 'lock-timeout'
  /** SQLite stayed locked for 25 s: answer 503. */
  | 'database-busy'
  /** Metadata beyond the limits or not UTF-8; `message` is the text for a 400. */
  | 'bad-metadata'
  /** A `states` parameter that names no states: answer 400. */
  | 'bad-states'
  /** A row that is none, for example without a timestamp: answer 400. */
  | 'bad-rows'
  /** A name or value that is not valid UTF-8; SQLite and the other brokers hold none: answer 400 or 412. */
  | 'not-utf8'
  /** The file was damaged and its folder has been moved to `quarantined`: answer 500 now, 404 from then on. */
  | 'quarantined'
  /** The database went away under the request, for example removed by a replicator: answer 404. */
  | 'database-gone'
  /** A device's file system refused (full, read-only, gone): answer 507. */
  | 'device-error'
  /** The worker thread ended; the call may or may not have been carried out: answer 503. */
  | 'worker-lost'
  | 'store-closed';

export class StoreError extends Error {
  readonly code: StoreErrorCode;
  constructor(code: StoreErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'StoreError';
    this.code = code;
  }
}
