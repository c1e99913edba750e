/**
 * The body of an object that is being read from one node and carried on from another when that one breaks off. Chunks pass through
 * uncopied; the reader's pace is the node's. Source: spec swift-formats 6.7.
 */

import type { BackendHead } from '../backend/transport.ts';
import { BackendError } from '../backend/transport.ts';
import { type BodyStream, iterateBody } from '../http/body.ts';
import type { ByteRange } from '../http/range.ts';
import { unavailable } from './primed-body.ts';

/** A node's good answer with its body, not yet read. */
export interface ObjectSource {
  readonly head: BackendHead;
  readonly body: BodyStream;
  /** Closes the connection, if the body was not read to its end. */
  close(): void;
}

/**
 * Finds another node that has the same bytes and answers exactly these ranges, or undefined when there is none. `cause` is what became
 * of the node before.
 */
export type Resume = (ranges: readonly ByteRange[], cause: unknown) => Promise<ObjectSource | undefined>;

/** One run of bytes of an entity: a whole object, or a single range of it. */
export class PlainObjectBody implements BodyStream {
  #source: ObjectSource | null;
  #position: number;
  readonly #start: number;
  readonly #end: number;
  readonly #resume: Resume;
  #closed = false;
  readonly #accept = (chunk: Uint8Array | null): Uint8Array | null | Promise<Uint8Array | null> => this.#take(chunk);
  readonly #recover = (cause: unknown): Promise<Uint8Array | null> => this.#carryOn(cause);

  constructor(source: ObjectSource, range: ByteRange, resume: Resume) {
    this.#source = source;
    this.#position = range.start;
    this.#start = range.start;
    this.#end = range.end;
    this.#resume = resume;
  }

  read(): Uint8Array | null | Promise<Uint8Array | null> {
    if (this.#closed || this.#source === null) return null;
    let next: Uint8Array | null | Promise<Uint8Array | null>;
    try {
      next = this.#source.body.read();
    } catch (error) {
      return this.#carryOn(error);
    }
    return next instanceof Promise ? next.then(this.#accept, this.#recover) : this.#take(next);
  }

  async pass(take: (chunk: Uint8Array) => boolean, isFree?: boolean): Promise<void> {
    await this.#source?.body.pass?.((chunk) => {
      const wanted = this.#wanted(chunk);
      return wanted.length === 0 || (take(wanted) && wanted.length === chunk.length);
    }, isFree);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const source = this.#source;
    this.#source = null;
    if (source === null) return;
    await source.body.close();
    source.close();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  #take(chunk: Uint8Array | null): Uint8Array | null | Promise<Uint8Array | null> {
    const left = this.#end - this.#position;
    if (chunk === null) {
      if (left > 0) return this.#carryOn(new BackendError('lost', `the answer ended ${left} bytes early`));
      this.#source = null;
      return null;
    }
    const wanted = this.#wanted(chunk);
    // Bytes beyond what was promised are not the client's.
    return wanted.length === 0 ? this.close().then(() => null) : wanted;
  }

  #wanted(chunk: Uint8Array): Uint8Array {
    const left = this.#end - this.#position;
    const wanted = chunk.length > left ? chunk.subarray(0, left) : chunk;
    this.#position += wanted.length;
    return wanted;
  }

  async #carryOn(cause: unknown): Promise<Uint8Array | null> {
    if (this.#closed) return null;
    const broken = this.#source;
    this.#source = null;
    broken?.close();
    if (this.#position >= this.#end) return null;
    const source = await this.#resume([{ start: this.#position, end: this.#end }], cause);
    if (source === undefined) throw this.#position === this.#start ? unavailable(cause) : cause;
    if (this.#closed) {
      source.close();
      return null;
    }
    this.#source = source;
    return this.read();
  }
}
