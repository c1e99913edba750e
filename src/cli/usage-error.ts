/** A command line that is none; the message tells how it should be. */
export class UsageError extends Error {}
