/**
 * JSON as Python's json.dumps writes it: ASCII only, a blank after comma and colon. Bodies and stored metadata are then equal to
 * the other implementation's byte for byte.
 */

const NOT_PRINTABLE_ASCII = /[\x7f-\uffff]/;
const EVERY_NOT_PRINTABLE_ASCII = /[\x7f-\uffff]/g;

/** A JSON string literal in ASCII. */
export function pythonJsonString(text: string): string {
  const json = JSON.stringify(text);
  if (!NOT_PRINTABLE_ASCII.test(json)) return json;
  return json.replace(EVERY_NOT_PRINTABLE_ASCII, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
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
