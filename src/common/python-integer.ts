const INTEGER = /^\s*[+-]?\d+(_\d+)*\s*$/;

/** An integer as Python reads one (blanks around, a sign, `_` between digits), or undefined. Beyond 2^53 it is not exact. */
export function integerValue(text: string): number | undefined {
  return INTEGER.test(text) ? Number(text.replaceAll('_', '')) : undefined;
}

/** As integerValue, exact at any size: for numbers of clients that are signed as text or stored. */
export function bigIntegerValue(text: string): bigint | undefined {
  if (!INTEGER.test(text)) return undefined;
  const digits = text.trim().replaceAll('_', '');
  return digits.startsWith('-') ? -BigInt(digits.slice(1)) : BigInt(digits.replace('+', ''));
}
