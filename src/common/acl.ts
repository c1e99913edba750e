/**
 * Access control lists. Version 1 (containers): a list separated by commas of groups and of referrer designations, `.r:*`,
 * `.r:.example.com`, `.r:-thief.com`, beside `.rlistings`. Version 2 (accounts): JSON, `{"admin": [...], "read-write": [...], "read-only": [...]}`.
 * Texts are native.
 */

import { isAscii } from './text.ts';

export class AclError extends Error {}

const REFERRER_DESIGNATORS: ReadonlySet<string> = new Set(['.r', '.ref', '.referer', '.referrer']);

/** The ACL in canonical form. Throws AclError with Swift's text. `headerName` tells a read ACL from a write ACL. */
export function cleanAcl(headerName: string, value: string): string {
  const isWrite = /-write$/i.test(headerName);
  const items: string[] = [];
  for (const raw of value.split(',')) {
    const item = raw.trim();
    if (item !== '') items.push(cleanItem(item, isWrite));
  }
  return items.join(',');
}

function cleanItem(item: string, isWrite: boolean): string {
  const colon = item.indexOf(':');
  if (colon < 0 || !item.startsWith('.')) return item;
  const designator = item.slice(0, colon).trim();
  if (!REFERRER_DESIGNATORS.has(designator))
    throw new AclError(`Unknown designator ${repr(designator)} in ACL: ${repr(item)}`);
  if (isWrite) throw new AclError(`Referrers not allowed in write ACL: ${repr(item)}`);
  let host = item.slice(colon + 1).trim();
  const negation = host.startsWith('-') ? '-' : '';
  if (negation !== '') host = host.slice(1).trim();
  if (host !== '*' && host.startsWith('*')) host = host.slice(1).trim();
  if (host === '' || host === '.')
    throw new AclError(`No host/domain value after referrer designation in ACL: ${repr(item)}`);
  return `.r:${negation}${host}`;
}

/** Text as Python shows it in its messages. */
function repr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  return quote + text.replaceAll('\\', '\\\\').replaceAll(quote, `\\${quote}`) + quote;
}

export interface ParsedAcl {
  /** Hosts and domains as they stand behind `.r:`. */
  referrers: string[];
  /** Percent-encoding undone, which lets a name have a comma. */
  groups: string[];
}

/** Splits a container ACL in canonical form. */
export function parseAcl(acl: string | null | undefined): ParsedAcl {
  const parsed: ParsedAcl = { referrers: [], groups: [] };
  if (acl == null || acl === '') return parsed;
  for (const item of acl.split(',')) {
    if (item.startsWith('.r:')) parsed.referrers.push(item.slice(3));
    else parsed.groups.push(item.includes('%') ? decoded(item) : item);
  }
  return parsed;
}

function decoded(item: string): string {
  return item.replace(/(?:%[0-9a-f]{2})+/gi, (run) => Buffer.from(run.replaceAll('%', ''), 'hex').toString('utf8'));
}

/** Whether the designations let this Referer header in; the last one that fits decides. */
export function isReferrerAllowed(referrer: string | undefined, referrers: readonly string[]): boolean {
  if (referrers.length === 0) return false;
  const host = hostOf(referrer ?? '') || 'unknown';
  let allowed = false;
  for (const designation of referrers) {
    const isDenial = designation.startsWith('-');
    const pattern = isDenial ? designation.slice(1) : designation;
    if (pattern === '*' || pattern === host || (pattern.startsWith('.') && host.endsWith(pattern))) allowed = !isDenial;
  }
  return allowed;
}

/** Host of a URL in lower case, '' when there is none. */
function hostOf(url: string): string {
  const authority = /^(?:[A-Za-z][A-Za-z0-9+.-]*:)?\/\/([^/?#]*)/.exec(url)?.[1] ?? '';
  const address = authority.slice(authority.lastIndexOf('@') + 1);
  const bracketed = /^\[([^\]]*)\]/.exec(address);
  return (bracketed?.[1] ?? address.replace(/:.*$/, '')).toLowerCase();
}

export type AccountAcl = Readonly<Record<string, unknown>>;

/** A version 2 ACL: its members, unchecked; null for text that is no JSON object; an empty one for ''. */
export function parseAccountAcl(text: string | null | undefined): AccountAcl | null {
  if (text == null) return null;
  if (text === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as AccountAcl) : null;
  } catch {
    return null;
  }
}

/** A version 2 ACL as Swift stores and shows it: ASCII, no blanks. */
export function formatAccountAcl(acl: AccountAcl): string {
  const json = JSON.stringify(acl);
  if (isAscii(json)) return json;
  return json.replace(/[\x7f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
