/** Bodies from nodes of which something is known before the client's answer begins. */

import { type BodyStream, iterateBody } from '../http/body.ts';
import { HttpError } from '../http/response.ts';

/** Reads the first chunk, so that a node that breaks before it is found out while another one may still be chosen. Rejects as the body does. */
export async function primedBody(body: BodyStream): Promise<BodyStream> {
  return new PrimedBody(await body.read(), body);
}

class PrimedBody implements BodyStream {
  #first: Uint8Array | null | undefined;
  readonly #rest: BodyStream;

  constructor(first: Uint8Array | null, rest: BodyStream) {
    this.#first = first;
    this.#rest = rest;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    const first = this.#first;
    if (first === undefined) return this.#rest.read();
    if (first !== null) this.#first = undefined;
    return first;
  }

  async close(): Promise<void> {
    this.#first = null;
    await this.#rest.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}

/** What a body that broke before its first byte comes to, as long as there is room for another answer. */
export function unavailable(cause: unknown): HttpError {
  const error = new HttpError(503);
  error.cause = cause;
  return error;
}
