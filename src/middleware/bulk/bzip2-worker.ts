/**
 * A thread that decompresses one bzip2 stream. The library wants its input at once, so the thread asks the other side for a piece and
 * sleeps until it comes; and it hands over a piece and sleeps until there is use for another.
 */

import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import Bunzip from 'seek-bzip';

/** What the thread says; each is answered once, but for the last. */
export type FromBzip2Worker =
  | { readonly kind: 'more' }
  | { readonly kind: 'piece'; readonly piece: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'end' }
  | { readonly kind: 'damaged' | 'truncated' };

/** To `more` the next piece, null at the end; null to a piece that was used. */
export type ToBzip2Worker = Uint8Array<ArrayBuffer> | null;

const PIECE_BYTES = 65536;

class Truncated extends Error {}

/** `answered`: an Int32Array that turns to 1 when an answer was posted. */
class OtherSide {
  readonly #answered: Int32Array;

  constructor(answered: Int32Array) {
    this.#answered = answered;
  }

  ask(message: FromBzip2Worker): ToBzip2Worker {
    Atomics.store(this.#answered, 0, 0);
    this.tell(message);
    Atomics.wait(this.#answered, 0, 0);
    if (parentPort === null) return null;
    return (receiveMessageOnPort(parentPort) as { message: ToBzip2Worker }).message;
  }

  tell(message: FromBzip2Worker): void {
    parentPort?.postMessage(message, message.kind === 'piece' ? [message.piece.buffer] : []);
  }
}

class Input {
  readonly #side: OtherSide;
  #piece: Uint8Array = new Uint8Array(0);
  #at = 0;
  #ended = false;

  constructor(side: OtherSide) {
    this.#side = side;
  }

  eof(): boolean {
    while (this.#at === this.#piece.length && !this.#ended) {
      const piece = this.#side.ask({ kind: 'more' });
      this.#piece = piece ?? new Uint8Array(0);
      this.#at = 0;
      this.#ended = piece === null;
    }
    return this.#at === this.#piece.length;
  }

  readByte(): number {
    if (this.eof()) throw new Truncated();
    return this.#piece[this.#at++] as number;
  }

  read(buffer: Uint8Array, offset: number, length: number): number {
    for (let at = 0; at < length; at++) buffer[offset + at] = this.readByte();
    return length;
  }
}

class Output {
  readonly #side: OtherSide;
  #piece = new Uint8Array(PIECE_BYTES);
  #length = 0;

  constructor(side: OtherSide) {
    this.#side = side;
  }

  writeByte(byte: number): void {
    this.#piece[this.#length++] = byte;
    if (this.#length === PIECE_BYTES) this.flush();
  }

  flush(): void {
    if (this.#length === 0) return;
    this.#side.ask({ kind: 'piece', piece: this.#piece.slice(0, this.#length) });
    this.#length = 0;
  }
}

function decompress(side: OtherSide): void {
  const input = new Input(side);
  const output = new Output(side);
  try {
    if (!input.eof()) Bunzip.decode(input, output, true);
    output.flush();
    side.tell({ kind: 'end' });
  } catch (error) {
    const cutOff = error instanceof Truncated;
    // Whole blocks came before the cut; but what is in hand of a damaged one is not to be used.
    if (cutOff) output.flush();
    side.tell({ kind: cutOff ? 'truncated' : 'damaged' });
  }
}

decompress(new OtherSide(workerData as Int32Array));
