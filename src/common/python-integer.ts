/** An integer as Python reads one (blanks around, a sign, `_` between digits), or undefined. Beyond 2^53 it is not exact. */
export function integerValue(text: string): number | undefined {
  return /^\s*[+-]?\d+(_\d+)*\s*$/.test(text) ? Number(text.replaceAll('_', '')) : undefined;
}
