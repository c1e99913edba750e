import { hash } from 'node:crypto';

/**
 * The next hash of a database: the old one, 32 hex digits, XOR the MD5 of `<name>-<timestamp>`. It does not depend on the order of
 * rows, and the same step removes a row again. SQLite's triggers call it. Throws when the name is NULL.
 */
export function chexor(oldHash: unknown, name: unknown, timestamp: unknown): string {
  if (name === null) throw new Error('chexor of a row without name');
  const old = oldHash as string;
  const row = hash('md5', `${name as string}-${timestamp as string}`, 'hex');
  let out = '';
  for (let at = 0; at < 32; at += 8) {
    const word = parseInt(old.slice(at, at + 8), 16) ^ parseInt(row.slice(at, at + 8), 16);
    out += (word >>> 0).toString(16).padStart(8, '0');
  }
  return out;
}
