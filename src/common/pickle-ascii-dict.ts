import { isAscii } from './text.ts';

/**
 * The commonest pickle by far, read without a machine for pickles: a dict of bytes that are all ASCII, in protocol 2, as CPython writes the
 * metadata of an object. Bytes are there calls of `_codecs.encode(text, 'latin1')`; the first spells out what the others refer to.
 */

const HEAD = '\x80\x02}q\x00(c_codecs\nencode\nq\x01';
/** Behind the first text: `latin1`, and the call. */
const FIRST_CALL = 'q\x02X\x06\x00\x00\x00latin1q\x03\x86q\x04Rq\x05';
const ENCODE = 'h\x01';
/** Behind any other text. `?` is what things are remembered under, which nothing here asks for, if it is above what FIRST_CALL uses. */
const CALL = 'q?h\x03\x86q?Rq?';
const LAST_REFERRED = 5;
const END = 'u.';

/** The dict as text; undefined for any other pickle, be it as good. */
export function readAsciiBytesDict(pickle: Uint8Array): Map<string, string> | undefined {
  const bytes = Buffer.from(pickle.buffer, pickle.byteOffset, pickle.length).toString('latin1');
  if (!bytes.startsWith(HEAD)) return undefined;
  const dict = new Map<string, string>();
  let key: string | undefined;
  for (let at = HEAD.length; ;) {
    const text = textAt(bytes, at);
    if (text === undefined) return undefined;
    const end = at + 5 + text.length;
    const next = endOfCall(bytes, end, at === HEAD.length ? FIRST_CALL : CALL);
    if (next < 0) return undefined;
    if (key === undefined) key = text;
    else {
      dict.set(key, text);
      key = undefined;
    }
    if (bytes.startsWith(ENCODE, next)) at = next + ENCODE.length;
    else return key === undefined && next + END.length === bytes.length && bytes.endsWith(END) ? dict : undefined;
  }
}

/** `X`, a length, and so many characters. */
function textAt(bytes: string, at: number): string | undefined {
  if (bytes[at] !== 'X') return undefined;
  const length = bytes.charCodeAt(at + 1) | (bytes.charCodeAt(at + 2) << 8) | (bytes.charCodeAt(at + 3) << 16);
  if (bytes.charCodeAt(at + 4) !== 0 || at + 5 + length > bytes.length) return undefined;
  const text = bytes.slice(at + 5, at + 5 + length);
  return isAscii(text) ? text : undefined;
}

/** Where a call that stands at `at` ends; -1 when there is another thing. */
function endOfCall(bytes: string, at: number, call: string): number {
  if (at + call.length > bytes.length) return -1;
  for (let i = 0; i < call.length; i++) {
    const code = bytes.charCodeAt(at + i);
    if (call[i] === '?' ? code <= LAST_REFERRED : code !== call.charCodeAt(i)) return -1;
  }
  return at + call.length;
}
