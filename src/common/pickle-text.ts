import { isAscii } from './text.ts';

/**
 * The text forms inside pickles. Python writes str as UTF-8 that may hold encoded surrogates ("surrogatepass"), and in protocol 0
 * as raw-unicode-escape.
 */

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

/** Encodes text as UTF-8; a lone surrogate becomes the three bytes of its own code. */
export function encodeSurrogatePass(text: string): Buffer {
  if (text.isWellFormed()) return Buffer.from(text, 'utf8');
  const parts: Buffer[] = [];
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    parts.push(
      code >= 0xd800 && code <= 0xdfff
        ? Buffer.from([0xe0 | (code >> 12), 0x80 | ((code >> 6) & 0x3f), 0x80 | (code & 0x3f)])
        : Buffer.from(char, 'utf8'),
    );
  }
  return Buffer.concat(parts);
}

/** Decodes UTF-8 in which surrogates may be encoded. Throws TypeError for anything else that is not UTF-8. */
export function decodeSurrogatePass(bytes: Uint8Array): string {
  try {
    return strictUtf8.decode(bytes);
  } catch {
    return decodeAroundSurrogates(bytes);
  }
}

function decodeAroundSurrogates(bytes: Uint8Array): string {
  let out = '';
  let from = 0;
  for (let at = 0; at + 2 < bytes.length; at++) {
    if (bytes[at] !== 0xed || (bytes[at + 1] as number) < 0xa0) continue;
    out += strictUtf8.decode(bytes.subarray(from, at));
    out += String.fromCharCode(0xd000 | (((bytes[at + 1] as number) & 0x3f) << 6) | ((bytes[at + 2] as number) & 0x3f));
    from = at + 3;
    at += 2;
  }
  return out + strictUtf8.decode(bytes.subarray(from));
}

/** Protocol 0 str: latin-1 bytes, `\uXXXX` and `\UXXXXXXXX` for what is above, and for the characters that would end the line. */
export function encodeRawUnicodeEscape(text: string): string {
  if (isAscii(text) && !/[\\\0\n\r\x1a]/.test(text)) return text;
  let out = '';
  for (const char of text) {
    const code = char.codePointAt(0) as number;
    if (code > 0xffff) out += `\\U${code.toString(16).padStart(8, '0')}`;
    else if (code > 0xff || '\\\0\n\r\x1a'.includes(char)) out += `\\u${code.toString(16).padStart(4, '0')}`;
    else out += char;
  }
  return out;
}

/** `line` holds one character for each byte. An odd number of backslashes makes an escape, an even one none. */
export function decodeRawUnicodeEscape(line: string): string {
  if (!line.includes('\\')) return line;
  return line.replace(/(\\+)(u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})/g, (whole: string, slashes: string, escape: string) => {
    if (slashes.length % 2 === 0) return whole;
    const code = parseInt(escape.slice(1), 16);
    return code > 0x10ffff ? whole : slashes.slice(1) + String.fromCodePoint(code);
  });
}

const SIMPLE_ESCAPES: Readonly<Record<string, string>> = {
  a: '\x07',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
  v: '\v',
};

/** The bytes, as latin-1 text, of a quoted Python string literal such as `'a\xe9'`; undefined when it is none. */
export function decodeStringLiteral(literal: string): string | undefined {
  const quote = literal[0];
  if ((quote !== "'" && quote !== '"') || literal.length < 2 || !literal.endsWith(quote)) return undefined;
  return literal.slice(1, -1).replace(/\\(x[0-9a-fA-F]{2}|[0-7]{1,3}|[^])/g, (whole: string, escape: string) => {
    if (/^x./.test(escape)) return String.fromCharCode(parseInt(escape.slice(1), 16));
    if (/^[0-7]/.test(escape)) return String.fromCharCode(parseInt(escape, 8) & 0xff);
    if (escape === '\\' || escape === "'" || escape === '"') return escape;
    return SIMPLE_ESCAPES[escape] ?? whole;
  });
}
