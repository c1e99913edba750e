/** Repeatable randomness for the fuzzers. */

/** A whole number from 0 to below `below`. */
export type Random = (below: number) => number;

/** Mulberry32: small, fast and repeatable. */
export function randomizer(seed: number): Random {
  let state = seed >>> 0;
  return (below) => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % below;
  };
}

export function pick<T>(random: Random, from: readonly T[]): T {
  return from[random(from.length)] as T;
}

/** True once in `every` times. */
export function chance(random: Random, every: number): boolean {
  return random(every) === 0;
}

/** Up to three small changes: pieces of `tokens` put in, bytes changed, cut out or doubled. One character is one byte. */
export function mutate(text: string, random: Random, tokens: readonly string[]): string {
  let out = text;
  for (let left = random(4); left > 0; left--) {
    const at = random(out.length + 1);
    const end = Math.min(out.length, at + random(6));
    switch (random(5)) {
      case 0:
        out = out.slice(0, at) + pick(random, tokens) + out.slice(at);
        break;
      case 1:
        out = out.slice(0, at) + pick(random, tokens) + out.slice(end);
        break;
      case 2:
        out = out.slice(0, at) + out.slice(end);
        break;
      case 3:
        out = out.slice(0, at) + String.fromCharCode(random(256)) + out.slice(at + 1);
        break;
      default:
        out = out.slice(0, end) + out.slice(at);
    }
  }
  return out;
}
