import { createHash, randomBytes } from 'node:crypto';

/** A small generator of pseudo-random numbers (xoshiro128**): equal seeds give equal sequences on every machine. Not for secrets. */
export class Random {
  #a: number;
  #b: number;
  #c: number;
  #d: number;

  /** Without a seed it starts anywhere. */
  constructor(seed?: string) {
    const state = seed === undefined ? randomBytes(16) : createHash('sha256').update(seed).digest();
    this.#a = state.readInt32LE(0);
    this.#b = state.readInt32LE(4);
    this.#c = state.readInt32LE(8);
    this.#d = state.readInt32LE(12) | 1; // never all zero
  }

  /** A whole number from 0 up to, not including, `limit`, which is at most 2^32. */
  below(limit: number): number {
    const scrambled = Math.imul(rotated(Math.imul(this.#b, 5), 7), 9) >>> 0;
    const shifted = this.#b << 9;
    this.#c ^= this.#a;
    this.#d ^= this.#b;
    this.#b ^= this.#c;
    this.#a ^= this.#d;
    this.#c ^= shifted;
    this.#d = rotated(this.#d, 11);
    return Math.floor((scrambled / 0x1_0000_0000) * limit);
  }

  /** Shuffles in place the first `length` values. */
  shuffle(values: Uint32Array | number[], length: number = values.length): void {
    for (let left = length; left > 1; left--) {
      const at = this.below(left);
      const kept = values[at] as number;
      values[at] = values[left - 1] as number;
      values[left - 1] = kept;
    }
  }
}

function rotated(value: number, bits: number): number {
  return (value << bits) | (value >>> (32 - bits));
}
