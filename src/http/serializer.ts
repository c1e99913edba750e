/** Heads as they go on the wire: Swift's title case, latin-1, nothing that could end a line early. */

import { type Headers, titleName } from './headers.ts';
import { reasonOf } from './status.ts';

const UNSAFE = /[\r\n\0]/;
const UNSAFE_NAME = /[\x00-\x20:\x7f]/;
const NO_HEADERS: readonly string[] = [];

/** A header that cannot be sent because it would break the head. A fault of the code that set it. */
export class UnsendableHeader extends Error {
  constructor(name: string) {
    super(`header cannot be sent: ${JSON.stringify(name)}`);
    this.name = 'UnsendableHeader';
  }
}

/** Header lines with CR LF each; lower-case names in `except` are left out. Throws UnsendableHeader. */
export function headerLines(headers: Headers, except: readonly string[] = NO_HEADERS): string {
  let lines = '';
  headers.forEach((value, name) => {
    if (except.length > 0 && except.includes(name)) return;
    if (UNSAFE.test(value)) throw new UnsendableHeader(name);
    lines += `${lineStarts.get(name) ?? lineStart(name)}${value}\r\n`;
  });
  return lines;
}

/** `Content-Type: ` by its name in lower case. */
const lineStarts = new Map<string, string>();
const CACHE_LIMIT = 2000;

function lineStart(name: string): string {
  // A blank inside comes from a name that another Swift stored.
  if (name === '' || name.startsWith(' ') || name.endsWith(' ') || UNSAFE_NAME.test(name.replaceAll(' ', '_')))
    throw new UnsendableHeader(name);
  const start = `${titleName(name)}: `;
  if (lineStarts.size < CACHE_LIMIT) lineStarts.set(name, start);
  return start;
}

/** `HTTP/1.1 404 Not Found` with CR LF. */
export function statusLine(status: number, reason: string | undefined): string {
  const phrase = reason ?? reasonOf(status);
  if (UNSAFE.test(phrase)) throw new UnsendableHeader('reason');
  return `HTTP/1.1 ${status} ${phrase}\r\n`;
}

/** `GET /path HTTP/1.1` with CR LF. Throws UnsendableHeader for a method or target that would break the line. */
export function requestLine(method: string, target: string): string {
  if (/[^!-~]/.test(method) || method === '' || /[\x00-\x20\x7f\u0100-\uffff]/.test(target) || target === '') {
    throw new UnsendableHeader(`${method} ${target}`);
  }
  return `${method} ${target} HTTP/1.1\r\n`;
}

let dateSecond = 0;
let dateText = '';

/** Now, as the Date header says it. */
export function httpDate(): string {
  const second = Math.floor(Date.now() / 1000);
  if (second !== dateSecond) {
    dateSecond = second;
    dateText = new Date(second * 1000).toUTCString();
  }
  return dateText;
}
