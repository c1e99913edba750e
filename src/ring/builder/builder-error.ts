/** Which of Swift's failures it is; a command chooses its exit code and words by it. */
export type BuilderErrorKind =
  /** The ring breaks a rule (Swift's RingValidationError). */
  | 'validation'
  /** A device id is taken. */
  | 'duplicate'
  /** No device has any weight. */
  | 'empty'
  /** There is no such builder file. */
  | 'missing'
  /** The builder file may not be read. */
  | 'permission'
  /** The file is no builder file, or a broken one. */
  | 'invalid'
  /** An argument is out of range. */
  | 'value';

/** What a ring builder refuses. The message is Swift's. */
export class BuilderError extends Error {
  readonly kind: BuilderErrorKind;

  constructor(kind: BuilderErrorKind, message: string, cause?: unknown) {
    super(message, cause === undefined ? undefined : { cause });
    this.name = 'BuilderError';
    this.kind = kind;
  }
}
