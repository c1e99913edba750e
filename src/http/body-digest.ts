import { createHash, hash, type Hash } from 'node:crypto';

/**
 * MD5 of an object's bytes, made once by who sends them to several servers of this process. A server that takes it makes none of its
 * own; it still counts the bytes that it stored, and gets the MD5 of exactly so many.
 */
export class BodyDigest {
  /** The only chunk so far: a small body is hashed in one call. */
  #first: Uint8Array | undefined;
  #md5: Hash | undefined;
  #hex: string | undefined;
  #sizeBytes = 0;
  #isTaken = false;

  /** For a server, before it asks for the body. False when bytes went by unhashed: it has to make its own then. */
  take(): boolean {
    if (this.#sizeBytes > 0 && !this.#isTaken) return false;
    this.#isTaken = true;
    return true;
  }

  /** For the sender: the next bytes of the object. Costs nothing while no server has taken the digest. */
  update(chunk: Uint8Array): void {
    this.#sizeBytes += chunk.length;
    if (!this.#isTaken) return;
    if (this.#md5 === undefined && this.#first === undefined) {
      this.#first = chunk;
      return;
    }
    this.#md5 ??= createHash('md5').update(this.#first as Uint8Array);
    this.#first = undefined;
    this.#md5.update(chunk);
  }

  /** For a server that took it: MD5 in hex of the whole object. Throws when that has not `sizeBytes` bytes. */
  hex(sizeBytes: number): string {
    if (sizeBytes !== this.#sizeBytes) {
      throw new Error(`${sizeBytes} bytes were stored, ${this.#sizeBytes} were sent and hashed`);
    }
    return (this.#hex ??= this.#md5?.digest('hex') ?? hash('md5', this.#first ?? new Uint8Array(0), 'hex'));
  }
}
