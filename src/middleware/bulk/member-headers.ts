/** Headers that an extracted object is stored with. */

import { Headers, type SwiftRequest, wireFromNative } from '../../middleware-api.ts';
import type { TarMember } from './tar-reader.ts';

/** Where tar programs keep extended attributes: GNU tar and star, and those built on libarchive. */
const ATTRIBUTE_PREFIXES = ['SCHILY.xattr.user.', 'LIBARCHIVE.xattr.user.'];

/**
 * Of the request: token, expiry and object metadata; of the member: its length, type and metadata, which win. Undefined when an attribute
 * of the member can be no header.
 */
export function memberHeaders(req: SwiftRequest, member: TarMember): Headers | undefined {
  const headers = new Headers({ 'content-length': member.sizeBytes });
  const agent = req.headers.get('user-agent') ?? '';
  headers.set('user-agent', `${agent} BulkExpand`.trim());
  for (const [name, value] of req.headers) {
    const lower = name.toLowerCase();
    if (lower === 'x-auth-token' || lower === 'x-delete-at' || lower === 'x-delete-after' || isObjectMeta(lower)) {
      headers.set(name, value);
    }
  }
  for (const [key, value] of member.pax) {
    const name = headerOfAttribute(key);
    if (name === undefined) continue;
    const wireName = wireFromNative(name);
    if (!/^[^\x00-\x20\x7f:]+$/.test(wireName) || /[\r\n\0]/.test(value)) return undefined;
    headers.set(wireName, wireFromNative(value));
  }
  return headers;
}

function isObjectMeta(lowerName: string): boolean {
  return lowerName.startsWith('x-object-meta-') && lowerName.length > 'x-object-meta-'.length;
}

function headerOfAttribute(key: string): string | undefined {
  const prefix = ATTRIBUTE_PREFIXES.find((each) => key.startsWith(each));
  if (prefix === undefined) return undefined;
  const attribute = key.slice(prefix.length);
  if (attribute === 'mime_type') return 'Content-Type';
  return attribute.startsWith('meta.') ? `X-Object-Meta-${attribute.slice('meta.'.length)}` : undefined;
}
