/**
 * Reads a socket into memory that is used again: memory of its own for each read costs more than reading, mostly in collecting it.
 * Bytes that pass straight on to another socket are never copied; what must be kept is.
 */

import type { OnReadOpts } from 'node:net';
import type { ByteInput } from './byte-input.ts';

const SIZE_BYTES = 65536;
const MAX_SPARE = 16;

/** What sockets read into unless bytes pass: whatever is kept of it is copied before the next read of any socket. */
const shared = Buffer.allocUnsafeSlow(SIZE_BYTES);
const spare: Buffer[] = [];

export class SocketReader {
  /** For `connect`. */
  readonly onread: OnReadOpts;
  #input: ByteInput | undefined;
  /** Memory for bytes that pass, which may wait here for a slow receiver. */
  #own: Buffer | undefined;

  constructor() {
    this.onread = {
      buffer: () => this.#nextBuffer(),
      callback: (length, buffer) => this.#arrived((buffer as Buffer).subarray(0, length), buffer === shared),
    };
  }

  /** Where the bytes go. To be set before the connection is used. */
  set input(input: ByteInput) {
    this.#input = input;
  }

  #nextBuffer(): Buffer {
    if (this.#input?.passing === true) return (this.#own ??= spare.pop() ?? Buffer.allocUnsafeSlow(SIZE_BYTES));
    if (this.#own !== undefined && spare.length < MAX_SPARE) spare.push(this.#own);
    this.#own = undefined;
    return shared;
  }

  #arrived(bytes: Buffer, isShared: boolean): boolean {
    const input = this.#input as ByteInput;
    if (!input.passing) input.push(Buffer.from(bytes));
    else if (!input.passOn(isShared ? Buffer.from(bytes) : bytes) && !isShared) this.#own = undefined;
    return true;
  }
}
