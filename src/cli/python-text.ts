/** Numbers and text as Swift's commands, which are Python, read and print them. */

import { integerValue } from '../common/python-integer.ts';

/** An argument that is not what it should be; the message is Swift's. */
export class ValueFault extends Error {}

/** `%.2f` of Python: an exact tie goes to the even digit, where toFixed would round it up. */
export function fixed(value: number, digits = 2): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const doubledUnits = value * 2 ** (digits + 1);
  const isTie = Number.isInteger(doubledUnits) && Math.abs(doubledUnits % 2) === 1;
  if (!isTie) return value.toFixed(digits);
  const below = Math.floor(value * 10 ** digits);
  return ((below % 2 === 0 ? below : below + 1) / 10 ** digits).toFixed(digits);
}

/** Text in quotes, as in Python's messages. */
export function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const named: Record<string, string> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t', [mark]: `\\${mark}` };
  const escaped = text.replace(
    /[\x00-\x1f\x7f\\'"]/g,
    (char) => named[char] ?? (char >= ' ' && char !== '\x7f' ? char : `\\x${hexByte(char)}`),
  );
  return `${mark}${escaped}${mark}`;
}

function hexByte(char: string): string {
  return char.charCodeAt(0).toString(16).padStart(2, '0');
}

/** Reads what Python's int() takes. Throws ValueFault. */
export function readInteger(text: string): number {
  const value = integerValue(text);
  if (value === undefined) throw new ValueFault(`invalid literal for int() with base 10: ${quoted(text)}`);
  return value;
}

const FLOAT = /^\s*[+-]?(\d+(_\d+)*\.?(\d+(_\d+)*)?|\.\d+(_\d+)*)(e[+-]?\d+(_\d+)*)?\s*$/i;

/** Reads what Python's float() takes, less infinities and what is no number, which no ring can use. Throws ValueFault. */
export function readFloat(text: string): number {
  const value = FLOAT.test(text) ? Number(text.replaceAll('_', '')) : NaN;
  if (!Number.isFinite(value)) throw new ValueFault(`could not convert string to float: ${quoted(text)}`);
  return value;
}

/** A span of time as `H:MM:SS`, days in front: `1 day, 0:00:00`. */
export function durationText(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const [hours, minutes, rest] = [
    Math.floor((seconds % 86_400) / 3600),
    Math.floor((seconds % 3600) / 60),
    seconds % 60,
  ];
  const clock = `${hours}:${String(minutes).padStart(2, '0')}:${String(rest).padStart(2, '0')}`;
  return days === 0 ? clock : `${days} day${days === 1 ? '' : 's'}, ${clock}`;
}

/** Pads to a width in characters; longer text stays whole. */
export function padLeft(text: string | number, width: number): string {
  return ' '.repeat(Math.max(width - [...String(text)].length, 0)) + String(text);
}

export function padRight(text: string | number, width: number): string {
  return String(text) + ' '.repeat(Math.max(width - [...String(text)].length, 0));
}
