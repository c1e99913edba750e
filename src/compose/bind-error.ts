/** An address cannot be listened on. */
export class BindError extends Error {}
