/** Which headers of a request become metadata of an object, and which metadata become headers of an answer. */

import { type Headers, lowerName, titleName } from '../http/headers.ts';
import type { Metadata } from './storage.ts';

const DEFAULT_ALLOWED_HEADERS = [
  'content-disposition',
  'content-encoding',
  'x-delete-at',
  'x-object-manifest',
  'x-static-large-object',
  'cache-control',
  'content-language',
  'expires',
  'x-robots-tag',
];
/** Names that `allowed_headers` cannot add. */
const NEVER_ALLOWED: ReadonlySet<string> = new Set(['content-type', 'content-length', 'etag', 'deleted']);
/** What the server writes itself, whatever a replicating request names. */
const OWN_METADATA: ReadonlySet<string> = new Set(['x-timestamp', 'content-type', 'content-length', 'etag', 'name']);

/** The set of `allowed_headers`, lower case. An empty list stands for the default. */
export function allowedHeaderSet(names: readonly string[] = []): ReadonlySet<string> {
  const chosen = names.length === 0 ? DEFAULT_ALLOWED_HEADERS : names.map((name) => lowerName(name.trim()));
  return new Set(chosen.filter((name) => name !== '' && !NEVER_ALLOWED.has(name)));
}

const USER = 'x-object-meta-';
const SYSTEM = 'x-object-sysmeta-';
const TRANSIENT = 'x-object-transient-sysmeta-';

/** User metadata, sysmeta or transient sysmeta with a name behind the prefix; `name` is lower case. */
export function isObjectMetadata(name: string): boolean {
  if (!name.startsWith('x-object-')) return false;
  return isUnder(name, USER) || isUnder(name, SYSTEM) || isUnder(name, TRANSIENT);
}

export function isObjectSysmeta(name: string): boolean {
  return isUnder(name, SYSTEM);
}

function isUnder(name: string, prefix: string): boolean {
  return name.length > prefix.length && name.startsWith(prefix);
}

/** Copies what a PUT stores. `headers` may be the request's or the footers of a MIME PUT, which come later and win. */
export function storePutHeaders(
  metadata: Metadata,
  headers: Headers,
  allowed: ReadonlySet<string>,
  replicated: readonly string[],
): void {
  headers.forEach((value, name) => {
    if (isObjectMetadata(name) || allowed.has(name)) metadata.set(titleName(name), value);
  });
  for (const name of replicated) {
    const value = OWN_METADATA.has(lowerName(name)) ? undefined : headers.get(name);
    if (value !== undefined) metadata.set(titleName(name), value);
  }
}

/** Copies what a POST stores: all that a PUT does apart from sysmeta. */
export function storePostHeaders(
  metadata: Metadata,
  headers: Headers,
  allowed: ReadonlySet<string>,
  replicated: readonly string[],
): void {
  for (const [name, value] of headers) {
    if (isUnder(name, USER) || isUnder(name, TRANSIENT) || allowed.has(name)) {
      metadata.set(titleName(name), value);
    }
  }
  for (const name of replicated) {
    const value = OWN_METADATA.has(lowerName(name)) ? undefined : headers.get(name);
    if (value !== undefined && !isUnder(lowerName(name), SYSTEM)) metadata.set(titleName(name), value);
  }
}

/** Names in X-Backend-Replication-Headers. */
export function replicatedHeaderNames(headers: Headers): readonly string[] {
  const names = headers.get('x-backend-replication-headers');
  return names === undefined ? NO_NAMES : names.split(/\s+/).filter((name) => name !== '');
}

const NO_NAMES: readonly string[] = [];
