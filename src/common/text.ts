/**
 * The two forms of text in Apus, and percent-encoding.
 *
 * - **native**: Unicode; a byte that is not part of valid UTF-8 is a lone surrogate U+DC80..U+DCFF (Python's
 *   surrogateescape). Names of accounts, containers and objects, query parameters, database columns.
 * - **wire**: one character for each byte (latin-1). Header names and values, raw targets. Swift calls it WSGI form.
 *
 * Source: spec swift-formats 0.1.
 */

const NON_ASCII = /[^\x00-\x7f]/;
const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** True when every character is below U+0080, so that native and wire form are the same. */
export function isAscii(text: string): boolean {
  return !NON_ASCII.test(text);
}

/** Decodes UTF-8 bytes to native text; invalid bytes become lone surrogates. Never throws. */
export function nativeFromBytes(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return decodeEscaping(bytes);
  }
}

/** Encodes native text; lone surrogates U+DC80..U+DCFF become the bytes they stand for. */
export function bytesFromNative(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    parts.push(code >= 0xdc80 && code <= 0xdcff ? Buffer.from([code & 0xff]) : Buffer.from(char, 'utf8'));
  }
  return Buffer.concat(parts);
}

/** wire → native. */
export function nativeFromWire(wire: string): string {
  return isAscii(wire) ? wire : nativeFromBytes(Buffer.from(wire, 'latin1'));
}

/** native → wire. */
export function wireFromNative(native: string): string {
  return isAscii(native) ? native : bytesFromNative(native).toString('latin1');
}

/** True when native text came from valid UTF-8 (holds no lone surrogate). */
export function isValidUtf8(native: string): boolean {
  return native.isWellFormed();
}

/** Decodes one UTF-8 sequence at a time, as Python's surrogateescape does. */
function decodeEscaping(bytes: Uint8Array): string {
  let out = '';
  for (let at = 0; at < bytes.length;) {
    const length = sequenceLength(bytes, at);
    if (length === 0) {
      out += String.fromCharCode(0xdc00 + (bytes[at] as number));
      at += 1;
    } else {
      out += strictUtf8.decode(bytes.subarray(at, at + length));
      at += length;
    }
  }
  return out;
}

/** Length of the valid UTF-8 sequence at `at`, or 0 when the byte there begins none. */
function sequenceLength(bytes: Uint8Array, at: number): number {
  const first = bytes[at] as number;
  if (first < 0x80) return 1;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc2 ? 2 : 0;
  if (length === 0 || first > 0xf4 || at + length > bytes.length) return 0;
  try {
    strictUtf8.decode(bytes.subarray(at, at + length));
    return length;
  } catch {
    return 0;
  }
}

const HEX = Array.from({ length: 256 }, (_, byte) => '%' + byte.toString(16).toUpperCase().padStart(2, '0'));
const ALWAYS_SAFE = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.-~';
const NEEDS_NO_QUOTING = /^[A-Za-z0-9_.\-~/]*$/;

/** Percent-encodes native text byte by byte, upper-case hex; letters, digits, `_.-~` and `safe` stay. Like Python's quote. */
export function quote(native: string, safe = '/'): string {
  if (safe === '/' && NEEDS_NO_QUOTING.test(native)) return native;
  let out = '';
  for (const byte of bytesFromNative(native)) {
    const char = String.fromCharCode(byte);
    out += byte < 0x80 && (ALWAYS_SAFE.includes(char) || safe.includes(char)) ? char : (HEX[byte] as string);
  }
  return out;
}

/** Percent-decodes wire text once, to native text. A `%` not followed by two hex digits stays. */
export function unquote(wire: string): string {
  if (!wire.includes('%')) return nativeFromWire(wire);
  return nativeFromBytes(Buffer.from(unquoteToWire(wire), 'latin1'));
}

/** Percent-decodes wire text once, to wire text. */
function unquoteToWire(wire: string): string {
  return wire.replace(/%([0-9A-Fa-f]{2})/g, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** Orders native text as SQLite and Python do: by UTF-8 bytes, which is by code point. For `Array.prototype.sort`. */
export function compareCodePoints(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let at = 0; at < length; at++) {
    let x = a.charCodeAt(at);
    let y = b.charCodeAt(at);
    if (x !== y) {
      // Surrogates (astral characters) sort above U+E000..U+FFFF.
      if (x >= 0xd800 && y >= 0xd800) {
        x = x >= 0xe000 ? x - 0x800 : x + 0x2000;
        y = y >= 0xe000 ? y - 0x800 : y + 0x2000;
      }
      return x - y;
    }
  }
  return a.length - b.length;
}

const TRUE_VALUES = new Set(['true', '1', 'yes', 'on', 't', 'y']);

/** Swift's config_true_value: `true 1 yes on t y`, any case; everything else is false. Does not strip blanks. */
export function isTrueValue(value: string | boolean | null | undefined): boolean {
  return value === true || (typeof value === 'string' && TRUE_VALUES.has(value.toLowerCase()));
}
