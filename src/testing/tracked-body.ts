import { type Body, type BodyStream, bodyStream, iterateBody } from '../http/body.ts';

/** Of a body that was handed out: whose it is and how far it was read. */
export interface UnfinishedBody {
  /** `GET /v1/a/c/o` */
  readonly call: string;
  readonly bytesRead: number;
}

/** A body that stands in `unfinished` until it was read to its end or closed. */
export class TrackedBody implements BodyStream, UnfinishedBody {
  readonly call: string;
  bytesRead = 0;
  readonly #source: BodyStream;
  readonly #unfinished: Set<UnfinishedBody>;

  constructor(call: string, source: Body, unfinished: Set<UnfinishedBody>) {
    this.call = call;
    this.#source = bodyStream(source);
    this.#unfinished = unfinished;
    unfinished.add(this);
  }

  async read(): Promise<Uint8Array | null> {
    let chunk: Uint8Array | null;
    try {
      chunk = await this.#source.read();
    } catch (error) {
      this.#unfinished.delete(this);
      throw error;
    }
    if (chunk === null) this.#unfinished.delete(this);
    else this.bytesRead += chunk.length;
    return chunk;
  }

  async close(): Promise<void> {
    this.#unfinished.delete(this);
    await this.#source.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }
}
