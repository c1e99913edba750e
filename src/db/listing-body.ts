import { bytesFromNative } from '../common/text.ts';
import { pythonJsonString } from '../common/python-json.ts';
import type { ListingBody } from './store-types.ts';

/** Joins the finished entries of a listing to its body. The bytes own their memory, so that they can be handed to another thread. */
export function listingBody(head: string, entries: readonly string[], separator: string, tail: string): ListingBody {
  return { bytes: ownedBytes(head + entries.join(separator) + tail), count: entries.length };
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
