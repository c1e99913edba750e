/** HMAC signatures as clients of Swift make them: in URLs, and in forms. */

import { createHmac, timingSafeEqual } from 'node:crypto';
import { bytesFromNative } from './text.ts';

export type SignatureDigest = 'sha1' | 'sha256' | 'sha512';

/** A signature as a client sent it. */
export interface Signature {
  readonly digest: SignatureDigest;
  /** The HMAC itself: hex digits, in the case in which they came. */
  readonly hex: string;
}

/** What `allowed_digests` allows, each list in alphabetical order. */
export interface AllowedDigests {
  readonly allowed: readonly SignatureDigest[];
  /** Those of `allowed` that new clients should not use. */
  readonly deprecated: readonly SignatureDigest[];
}

const SUPPORTED: readonly SignatureDigest[] = ['sha1', 'sha256', 'sha512'];
const DEPRECATED: ReadonlySet<SignatureDigest> = new Set(['sha1']);
const DIGEST_BY_HEX_LENGTH: Readonly<Record<number, SignatureDigest>> = { 40: 'sha1', 64: 'sha256', 128: 'sha512' };

/**
 * Reads an option `allowed_digests`: names separated by blanks, in any case; '' stands for all. What is not supported or deprecated is
 * told to `warn`. Throws Error when nothing is left.
 */
export function allowedDigests(option: string, warn: (message: string) => void): AllowedDigests {
  const wanted = new Set(option.toLowerCase().split(/\s+/));
  wanted.delete('');
  const allowed = wanted.size === 0 ? SUPPORTED : SUPPORTED.filter((digest) => wanted.has(digest));
  const unknown = [...wanted].filter((word) => !(SUPPORTED as readonly string[]).includes(word));
  if (unknown.length > 0) warn(`allowed_digests names what is not supported: ${unknown.join(', ')}`);
  if (allowed.length === 0)
    throw new Error(`allowed_digests: expected ${SUPPORTED.join(' or ')}, not ${JSON.stringify(option)}`);
  const deprecated = allowed.filter((digest) => DEPRECATED.has(digest));
  if (deprecated.length > 0) {
    const how = wanted.size === 0 ? 'allowed because allowed_digests is not set' : 'allowed by allowed_digests';
    warn(`signatures of a deprecated digest are ${how}: ${deprecated.join(', ')}`);
  }
  return { allowed, deprecated };
}

/** Reads `<hex digits>`, whose number tells the digest, or `<digest>:<base64>` in either alphabet; undefined for anything else. */
export function parseSignature(text: string): Signature | undefined {
  const colon = text.indexOf(':');
  if (colon < 0) {
    const digest = DIGEST_BY_HEX_LENGTH[text.length];
    return digest !== undefined && /^[0-9A-Fa-f]+$/.test(text) ? { digest, hex: text } : undefined;
  }
  const digest = SUPPORTED.find((name) => name === text.slice(0, colon));
  const hex = hexFromBase64(text.slice(colon + 1));
  return digest === undefined || hex === undefined ? undefined : { digest, hex };
}

/** A text may use one alphabet or the other, not both. */
function hexFromBase64(text: string): string | undefined {
  const bare = text.replace(/^=+|=+$/g, '');
  if (bare.length % 4 === 1) return undefined;
  if (!/^[A-Za-z0-9+/]*$/.test(bare) && !/^[A-Za-z0-9_-]*$/.test(bare)) return undefined;
  return Buffer.from(bare, 'base64').toString('hex');
}

/** HMAC of a message, both native text, as hex digits in lower case. */
export function hmacHex(digest: SignatureDigest, key: string, message: string): string {
  return createHmac(digest, bytesFromNative(key)).update(bytesFromNative(message)).digest('hex');
}

/** True when `signature` is the HMAC of `message` with `key`. Takes as long for a near miss as for any other. */
export function isSignedBy(signature: Signature, key: string, message: string): boolean {
  const given = Buffer.from(signature.hex, 'latin1');
  const expected = Buffer.from(hmacHex(signature.digest, key, message), 'latin1');
  return given.length === expected.length && timingSafeEqual(given, expected);
}
