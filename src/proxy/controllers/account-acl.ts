import type { SwiftResponse } from '../../http/response.ts';

const STORED = 'x-account-sysmeta-core-access-control';
const SHOWN = 'x-account-access-control';

/** Shows an account's ACL, kept in system metadata, under the name by which clients set it: compact JSON with sorted keys. */
export function exposeAccountAcl(res: SwiftResponse): void {
  const stored = res.headers.get(STORED);
  if (stored === undefined) return;
  res.headers.delete(STORED);
  const acl = parseAcl(stored);
  if (acl !== undefined && Object.keys(acl).length > 0) res.headers.set(SHOWN, asciiJson(sorted(acl)));
}

function parseAcl(text: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : undefined;
  } catch {
    return undefined;
  }
}

function sorted(acl: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(acl).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** Header values are bytes: everything beyond ASCII is escaped. */
function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[^\x00-\x7e]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}
