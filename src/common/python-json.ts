/**
 * JSON as Python's json.dumps writes it: ASCII only, a blank after comma and colon. Bodies and stored metadata are then equal to
 * the other implementation's byte for byte.
 */

const AS_IT_STANDS = /^[ !#-[\]-~]*$/;
const EVERY_NOT_PRINTABLE_ASCII = /[\x7f-\uffff]/g;

/** A JSON string literal in ASCII. */
export function pythonJsonString(text: string): string {
  if (AS_IT_STANDS.test(text)) return `"${text}"`;
  return JSON.stringify(text).replace(
    EVERY_NOT_PRINTABLE_ASCII,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Text, numbers, booleans, null, arrays and plain objects; members that are undefined are left out. */
export function pythonJson(value: unknown): string {
  if (typeof value === 'string') return pythonJsonString(value);
  if (Array.isArray(value)) return `[${value.map(pythonJson).join(', ')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).filter(([, member]) => member !== undefined);
    return `{${members.map(([key, member]) => `${pythonJsonString(key)}: ${pythonJson(member)}`).join(', ')}}`;
  }
  return JSON.stringify(value);
}

/** A float as Python writes it: `100.0` for a whole one, `1e-05` and `1e+16` from where Python turns to exponents. For finite numbers. */
export function pythonFloat(value: number): string {
  const [digits, exponentText] = value.toExponential().split('e') as [string, string];
  const exponent = Number(exponentText);
  if (exponent >= -4 && exponent < 16) return Number.isInteger(value) ? `${value}.0` : String(value);
  return `${digits}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
}
