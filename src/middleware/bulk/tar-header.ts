/** Headers of tar archives: the 512-byte block of v7, ustar and GNU tar, and the records of pax. Names are native text. */

import { nativeFromWire } from '../../middleware-api.ts';

/** The archive is none, or is damaged. Its message is told to the client. */
export class TarError extends Error {
  override readonly name = 'TarError';
}

export const BLOCK_BYTES = 512;

export interface TarHeader {
  readonly name: string;
  /** Bytes of data behind the header, as it says itself. */
  readonly sizeBytes: number;
  /** `0` for a file, `5` for a directory, and so on. */
  readonly type: string;
  readonly block: Buffer;
}

/** Types whose header's size says nothing of data behind it: links, devices, folders, pipes. */
const WITHOUT_DATA = new Set(['1', '2', '3', '4', '5', '6']);

export function hasData(header: TarHeader): boolean {
  return !WITHOUT_DATA.has(header.type);
}

/** The header in a block; undefined for a block of zeros, which ends an archive. Throws TarError. */
export function parseTarHeader(block: Buffer): TarHeader | undefined {
  if (block.every((byte) => byte === 0)) return undefined;
  const stored = tarNumber(block, 148, 8);
  if (stored !== checksum(block, unsigned) && stored !== checksum(block, signed)) throw new TarError('bad checksum');
  let name = tarText(block, 0, 100);
  let type = String.fromCharCode(block[156] as number);
  if (type === '\0') type = name.endsWith('/') ? '5' : '0';
  const prefix = tarText(block, 345, 155);
  // GNU tar keeps other things there in headers of its own types.
  if (prefix !== '' && !'LKS'.includes(type) && isPosix(block)) name = `${prefix}/${name}`;
  return { name: nativeFromWire(name), sizeBytes: tarNumber(block, 124, 12), type, block };
}

/** `ustar` and NUL; GNU tar has a blank there and no prefix. */
function isPosix(block: Buffer): boolean {
  return block.toString('latin1', 257, 263) !== 'ustar ';
}

const unsigned = (byte: number): number => byte;
const signed = (byte: number): number => (byte < 128 ? byte : byte - 256);

/** Sum of the header's bytes with its own eight taken for blanks. Some old programs summed signed ones. */
function checksum(block: Buffer, valueOf: (byte: number) => number): number {
  let sum = 8 * 0x20;
  for (let at = 0; at < BLOCK_BYTES; at++) {
    if (at < 148 || at >= 156) sum += valueOf(block[at] as number);
  }
  return sum;
}

/** Text up to the first NUL; wire text. */
export function tarText(block: Buffer, start: number, length: number): string {
  const text = block.toString('latin1', start, start + length);
  const end = text.indexOf('\0');
  return end < 0 ? text : text.slice(0, end);
}

/** An octal number in text, or a binary one where the first byte says so. Throws TarError for any other. */
export function tarNumber(block: Buffer, start: number, length: number): number {
  const first = block[start];
  if (first === 0x80 || first === 0xff) {
    let value = first === 0xff ? -1 : 0;
    for (let at = start + 1; at < start + length; at++) value = value * 256 + (block[at] as number);
    if (!Number.isSafeInteger(value)) throw new TarError('invalid header');
    return value;
  }
  const text = tarText(block, start, length).trim();
  if (!/^[0-7]*$/.test(text)) throw new TarError('invalid header');
  return text === '' ? 0 : parseInt(text, 8);
}

/** Records of a pax header by key; keys and values are native text. Throws TarError. */
export function parsePaxRecords(data: Buffer): Map<string, string> {
  const records = new Map<string, string>();
  for (const [key, value] of paxRecords(data)) records.set(key, value);
  return records;
}

const MAX_LENGTH_DIGITS = 15;

/** Every record in order: `LENGTH KEY=VALUE\n`, the length in bytes and of the whole. */
export function* paxRecords(data: Buffer): Generator<[key: string, value: string]> {
  const text = data.toString('latin1');
  for (let at = 0; at < text.length && text[at] !== '\0';) {
    const blank = text.indexOf(' ', at);
    const equals = text.indexOf('=', blank);
    const digits = blank < 0 || blank - at > MAX_LENGTH_DIGITS ? '' : text.slice(at, blank);
    const end = /^\d+$/.test(digits) ? at + Number(digits) : 0;
    const isWhole = equals > blank + 1 && equals < end && end <= text.length && text[end - 1] === '\n';
    if (!isWhole) throw new TarError('invalid header');
    yield [nativeFromWire(text.slice(blank + 1, equals)), nativeFromWire(text.slice(equals + 1, end - 1))];
    at = end;
  }
}
