/** `a 1 b 2` as [[a, 1], [b, 2]]; undefined when one is left over. */
export function inPairs(words: readonly string[]): (readonly [string, string])[] | undefined {
  if (words.length % 2 !== 0) return undefined;
  return words.flatMap((word, at) => (at % 2 === 0 ? [[word, words[at + 1] as string] as const] : []));
}
