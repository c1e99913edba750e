/**
 * Reads a socket into memory that is used again: memory of its own for each read costs more than reading, mostly in collecting it.
 * Bytes that pass straight on to another socket are never copied; what must be kept is.
 */

import { type OnReadOpts, Socket, type SocketConstructorOpts } from 'node:net';
import type { Duplex } from 'node:stream';
import { TLSSocket } from 'node:tls';
import type { ByteInput } from './byte-input.ts';

const SIZE_BYTES = 65536;
const MAX_SPARE = 16;

/** What sockets read into unless bytes pass: whatever is kept of it is copied before the next read of any socket. */
const shared = Buffer.allocUnsafeSlow(SIZE_BYTES);
const spare: Buffer[] = [];

export class SocketReader {
  /** For the socket's constructor. */
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

/** What Node's sockets stand on. */
interface OnHandle {
  _handle?: SocketConstructorOpts['handle'] | null;
}

/**
 * An accepted connection that nobody has read from yet, on a socket with a reader. Node lets only sockets that connect read into memory of
 * one's own, so another is put on the connection. Without a reader where that cannot be: TLS decrypts into memory of its own.
 */
export function readAccepted<Connection extends Duplex>(
  accepted: Connection,
): { socket: Connection | Socket; reader: SocketReader | undefined } {
  const beneath: Duplex & OnHandle = accepted;
  const { _handle: handle } = beneath;
  if (!(accepted instanceof Socket) || accepted instanceof TLSSocket || handle === undefined || handle === null) {
    return { socket: accepted, reader: undefined };
  }
  beneath._handle = null;
  const reader = new SocketReader();
  const socket = new Socket({ handle, allowHalfOpen: accepted.allowHalfOpen, onread: reader.onread });
  // The server counts the socket that it made.
  socket.once('close', () => accepted.destroy());
  return { socket, reader };
}
