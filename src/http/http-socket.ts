/** A connection as both sides of HTTP use it: an input, an output with back-pressure, and one notice when the peer is gone. */

import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { ByteInput } from './byte-input.ts';
import { Deadline } from './deadline.ts';
import type { SocketReader } from './socket-reader.ts';

export type DrainOutcome = 'drained' | 'timeout' | 'gone';

/** Heads and chunks up to this size are copied into one buffer; more go to the socket as they are, in one vectored write. */
const COPY_LIMIT_BYTES = 8192;

export class HttpSocket {
  readonly socket: Duplex;
  readonly input: ByteInput = new ByteInput();
  /** The connection can carry nothing more in either direction. */
  gone = false;
  /** Called once when the connection is gone. */
  onGone: (() => void) | null = null;
  /** Called when the peer said it sends no more. */
  onEnd: (() => void) | null = null;
  #settleDrain: ((outcome: DrainOutcome) => void) | null = null;
  readonly #drainDeadline = new Deadline(() => this.#drained('timeout'));

  /** `reader`: what reads the socket; without one it is read in the usual way. */
  constructor(socket: Duplex, reader?: SocketReader) {
    this.socket = socket;
    const { input } = this;
    input.onFlow = (stop) => {
      if (stop) socket.pause();
      else socket.resume();
    };
    if (reader === undefined) socket.on('data', (chunk: Buffer) => input.push(chunk));
    else reader.input = input;
    socket.on('end', () => {
      input.end();
      this.onEnd?.();
    });
    socket.on('error', (error: Error) => this.#lost(error));
    socket.on('close', () => this.#lost(null));
    socket.on('drain', () => this.#drained('drained'));
  }

  /** Queues latin-1 text. False when the peer should be waited for. */
  writeText(text: string): boolean {
    return this.gone ? true : this.socket.write(text, 'latin1');
  }

  /** Queues text, bytes and text as one write. False when the peer should be waited for. */
  writeParts(before: string, bytes: Uint8Array, after: string): boolean {
    if (this.gone) return true;
    const { socket } = this;
    const length = before.length + bytes.length + after.length;
    if (length <= COPY_LIMIT_BYTES) {
      const all = Buffer.allocUnsafe(length);
      all.write(before, 0, 'latin1');
      all.set(bytes, before.length);
      if (after !== '') all.write(after, before.length + bytes.length, 'latin1');
      return socket.write(all);
    }
    if (before === '' && after === '') return socket.write(bytes);
    socket.cork();
    if (before !== '') socket.write(before, 'latin1');
    let flowing = socket.write(bytes);
    if (after !== '') flowing = socket.write(after, 'latin1');
    socket.uncork();
    return flowing;
  }

  /** True when the system has taken all that was written: nothing refers to its memory any more. */
  get flushed(): boolean {
    return this.socket.writableLength === 0 && this.socket instanceof Socket;
  }

  /** True when what was written waits for the peer. */
  get needsDrain(): boolean {
    return !this.gone && this.socket.writableNeedDrain;
  }

  /** Waits until the peer has taken what was written. One wait at a time. */
  waitDrain(timeoutMs: number): Promise<DrainOutcome> {
    if (this.gone) return Promise.resolve('gone');
    if (!this.socket.writableNeedDrain) return Promise.resolve('drained');
    this.#drainDeadline.begin(timeoutMs);
    return new Promise((resolve) => {
      this.#settleDrain = resolve;
    });
  }

  #drained(outcome: DrainOutcome): void {
    this.#drainDeadline.end();
    this.#settleDrain?.(outcome);
    this.#settleDrain = null;
  }

  /** Cuts the connection. */
  destroy(): void {
    this.socket.destroy();
    this.#lost(null);
  }

  #lost(error: Error | null): void {
    if (this.gone) return;
    this.gone = true;
    this.input.end(error ?? new Error('connection closed'));
    this.#drained('gone');
    this.#drainDeadline.stop();
    this.onGone?.();
    if (error !== null) this.socket.destroy();
  }
}
