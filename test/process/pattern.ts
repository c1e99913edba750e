/** Bytes that look random and follow from a seed, so that large ones need not be kept to be compared. */

import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';

const CHUNK_BYTES = 1 << 18;

/** A generator of numbers from 0 up to 1, the same for the same seed. */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

export function patternBytes(seed: number, sizeBytes: number): Buffer {
  const bytes = Buffer.allocUnsafe(sizeBytes);
  let block: Buffer = Buffer.from(String(seed));
  for (let at = 0; at < sizeBytes; at += block.length) {
    // Hashed for some kilobytes, repeated behind a changing head beyond: cheap, and no two places are alike.
    if (at < 4096 || at % 4096 === 0) block = createHash('sha512').update(block).digest();
    block.copy(bytes, at);
  }
  return bytes;
}

/** `sizeBytes` of which every chunk begins with its own number. */
export function patternStream(seed: number, sizeBytes: number): Readable {
  const base = patternBytes(seed, CHUNK_BYTES);
  function* chunks(): Generator<Buffer> {
    for (let at = 0; at < sizeBytes; at += CHUNK_BYTES) {
      const chunk = Buffer.from(base.subarray(0, Math.min(CHUNK_BYTES, sizeBytes - at)));
      if (chunk.length >= 8) chunk.writeDoubleBE(at);
      yield chunk;
    }
  }
  return Readable.from(chunks());
}
