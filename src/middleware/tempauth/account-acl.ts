/** Account ACLs: `X-Account-Access-Control` from clients, kept as the account's system metadata. */

import { type AccountAcl, type AccountInfo, formatAccountAcl, parseAccountAcl } from '../../middleware-api.ts';

export const ACCOUNT_ACL_HEADER = 'x-account-access-control';
export const ACCOUNT_ACL_SYSMETA = 'x-account-sysmeta-core-access-control';

const LEVELS: readonly string[] = ['admin', 'read-write', 'read-only'];

/** What is wrong with an account ACL, in Swift's words; undefined for a good one. */
export function accountAclFault(text: string): string | undefined {
  const acl = parseAccountAcl(text);
  if (acl === null) return `Syntax error in input (${pythonRepr(text)})`;
  for (const [level, members] of Object.entries(acl)) {
    if (!LEVELS.includes(level)) return `Key ${JSON.stringify(level)} not recognized`;
    if (!Array.isArray(members)) return `Value for key ${JSON.stringify(level)} must be a list`;
    if (!members.every((member) => typeof member === 'string')) {
      return `Elements of ${JSON.stringify(level)} list must be strings`;
    }
  }
  return undefined;
}

function pythonRepr(text: string): string {
  return text.includes("'") && !text.includes('"') ? `"${text}"` : `'${text.replaceAll("'", "\\'")}'`;
}

/** An account ACL as it is stored; '' takes it away. */
export function canonicalAccountAcl(text: string): string {
  const acl = parseAccountAcl(text);
  return text === '' || acl === null ? '' : formatAccountAcl(acl);
}

export type AccountAccess = 'admin' | 'read-write' | 'read-only';

/** The best access that an account's ACL gives to a user of these groups. */
export function accountAccess(info: AccountInfo, groups: readonly string[]): AccountAccess | undefined {
  const acl: AccountAcl | null = parseAccountAcl(info.sysmeta['core-access-control'] ?? null);
  if (acl === null) return undefined;
  for (const level of ['admin', 'read-write', 'read-only'] as const) {
    const members = acl[level];
    if (Array.isArray(members) && members.some((member) => groups.includes(String(member)))) return level;
  }
  return undefined;
}
