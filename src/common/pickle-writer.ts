import { BinaryPickleWriter } from './pickle-binary-writer.ts';
import { TextPickleWriter } from './pickle-text-writer.ts';
import type { PickleValue } from './pickle-values.ts';

/** Swift writes protocol 2, and 0 for async_pending. */
export type PickleProtocol = 0 | 2;

/**
 * Pickles a value byte for byte as CPython does (memo entries included), apart from strings: one that occurs twice is always written
 * twice. Throws PickleError for what has no form, such as undefined.
 */
export function writePickle(value: PickleValue, protocol: PickleProtocol = 2): Buffer {
  const writer = protocol === 0 ? new TextPickleWriter() : new BinaryPickleWriter();
  return writer.dump(value);
}

/**
 * Protocol 2 pickle of a dict of bytes, in the spelling that Swift's metadata reader looks for. Keys and values are given as the
 * text whose UTF-8 bytes shall be stored.
 */
export function writeBytesDict(entries: Iterable<readonly [string, string | number | Uint8Array]>): Buffer {
  return new BinaryPickleWriter().dumpBytesDict(entries);
}
