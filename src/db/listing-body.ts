import { bytesFromNative } from '../common/text.ts';
import { pythonJsonString } from '../common/python-json.ts';
import type { ListingBody } from './store-types.ts';

/** An array of the finished entries, which are in ASCII. */
export function jsonListing<Entry>(entries: readonly Entry[], finish: (entry: Entry) => string): ListingBody {
  let text = '[';
  for (const entry of entries) text += text === '[' ? finish(entry) : `, ${finish(entry)}`;
  return { bytes: ownedAscii(`${text}]`), count: entries.length };
}

/** Joins the finished entries of a listing to its body. The bytes own their memory, so that they can be handed to another thread. */
export function listingBody(head: string, entries: readonly string[], separator: string, tail: string): ListingBody {
  return { bytes: ownedBytes(head + entries.join(separator) + tail), count: entries.length };
}

function ownedAscii(text: string): Uint8Array {
  const bytes = Buffer.allocUnsafeSlow(text.length);
  bytes.write(text, 'latin1');
  return bytes;
}

function ownedBytes(text: string): Uint8Array {
  return text.isWellFormed() ? new TextEncoder().encode(text) : Uint8Array.from(bytesFromNative(text));
}

/** Names one to a line. */
export function plainBody(names: readonly string[]): ListingBody {
  return listingBody('', names, '\n', names.length > 0 ? '\n' : '');
}

/** A subdir's entry in JSON. */
export function jsonSubdir(name: string): string {
  return `{"subdir": ${pythonJsonString(name)}}`;
}
