import { iterateBody, type BodyStream } from './body.ts';
import { type BodyDecoder, ChunkedDecoder, passBody } from './body-decoder.ts';
import type { ByteInput } from './byte-input.ts';
import { ChunkReadTimeout, ClientDisconnect } from './errors.ts';

/** What a body tells its connection. */
export interface BodyEvents {
  /** The first read: the moment to send `100 Continue`. */
  onFirstRead(): void;
  /** The client ended before the body did. */
  onCut(): void;
}

/**
 * Body of a request as it comes in. `read` throws ClientDisconnect, ChunkReadTimeout or ChunkReadError, and goes on throwing
 * the same once it did.
 */
export class IncomingBody implements BodyStream {
  readonly #input: ByteInput;
  readonly #decoder: BodyDecoder;
  readonly #stallTimeoutMs: number;
  readonly #events: BodyEvents;
  #failure: Error | null = null;
  #closed = false;
  #asked = false;

  constructor(input: ByteInput, decoder: BodyDecoder, stallTimeoutMs: number, events: BodyEvents) {
    this.#input = input;
    this.#decoder = decoder;
    this.#stallTimeoutMs = stallTimeoutMs;
    this.#events = events;
  }

  /** What ended the body before its time. */
  get failure(): Error | null {
    return this.#failure;
  }

  /** Bytes that are still to be read, Infinity when that is not known, 0 once the end was read. */
  get remainingBytes(): number {
    return this.#decoder.remainingBytes;
  }

  /** With chunked transfer: no stream of chunks has been left half read. */
  get betweenStreams(): boolean {
    return this.#decoder instanceof ChunkedDecoder && this.#decoder.betweenStreams;
  }

  read(): Buffer | null | Promise<Buffer | null> {
    if (this.#failure !== null) throw this.#failure;
    if (this.#closed) return null;
    if (!this.#asked) {
      this.#asked = true;
      this.#events.onFirstRead();
    }
    const chunk = this.#poll();
    return chunk === undefined ? this.#wait() : chunk;
  }

  async pass(take: (chunk: Uint8Array) => boolean): Promise<void> {
    if (this.#failure !== null || this.#closed || !this.#asked) return;
    if (!(await passBody(this.#input, this.#decoder, this.#stallTimeoutMs, take))) {
      this.#failure = new ChunkReadTimeout();
    }
  }

  /**
   * After the end of a chunked body: `read` goes on with another stream of chunks, which the client sends in the same request
   * (two-phase commit). Throws when the body is not chunked or its stream was not read to the end.
   */
  nextStream(): void {
    if (!(this.#decoder instanceof ChunkedDecoder) || this.#decoder.remainingBytes !== 0) {
      throw new Error('no other stream of chunks can begin here');
    }
    this.#decoder.restart();
  }

  /** Gives up the rest; reads answer the end. The connection deals with bytes that still come. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#input.wake();
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return iterateBody(this);
  }

  /** For the connection, after the answer: drops up to `maxBytes`. True when the body is at its end. */
  async drain(maxBytes: number, timeoutMs: number): Promise<boolean> {
    this.close();
    const deadline = Date.now() + timeoutMs;
    for (let dropped = 0; dropped <= maxBytes && this.#failure === null;) {
      let chunk: Buffer | null | undefined;
      try {
        chunk = this.#poll();
      } catch {
        return false;
      }
      if (chunk === null) return true;
      if (chunk !== undefined) dropped += chunk.length;
      else if (!(await this.#input.wait(Math.max(0, deadline - Date.now())))) return false;
    }
    return false;
  }

  #poll(): Buffer | null | undefined {
    try {
      const chunk = this.#decoder.poll(this.#input);
      if (chunk === undefined && this.#input.ended) {
        this.#events.onCut();
        throw new ClientDisconnect();
      }
      return chunk;
    } catch (error) {
      this.#failure = error as Error;
      throw error;
    }
  }

  async #wait(): Promise<Buffer | null> {
    for (;;) {
      if (!(await this.#input.wait(this.#stallTimeoutMs))) {
        this.#failure = new ChunkReadTimeout();
        throw this.#failure;
      }
      if (this.#closed) return null;
      const chunk = this.#poll();
      if (chunk !== undefined) return chunk;
    }
  }
}
