/** Account ACLs: `X-Account-Access-Control` from clients, kept as the account's system metadata. */

import {
  type AccountAcl,
  type AccountInfo,
  parseAccountAcl,
  pythonJson,
  type SwiftRequest,
  type SwiftResponse,
  textResponse,
} from '../../middleware-api.ts';

const HEADER = 'x-account-access-control';
const SYSMETA = 'x-account-sysmeta-core-access-control';

const LEVELS = ['admin', 'read-write', 'read-only'] as const;

export type AccountAccess = (typeof LEVELS)[number];

/** A client's account ACL becomes system metadata, byte for byte; an answer when it is none. */
export function storeAccountAcl(req: SwiftRequest): SwiftResponse | undefined {
  const value = req.headers.get(HEADER);
  if (value === undefined) return undefined;
  const fault = accountAclFault(req.headers.getText(HEADER) ?? '');
  // The bytes as they came, one character each: so the other implementation shows them.
  if (fault !== undefined) return textResponse(400, `X-Account-Access-Control invalid: ${fault}\n\nInput: ${value}\n`);
  req.headers.delete(HEADER);
  req.headers.set(SYSMETA, value);
  return undefined;
}

/** What is wrong with an account ACL, in Swift's words; undefined for a good one. */
function accountAclFault(text: string): string | undefined {
  const acl = parseAccountAcl(text);
  if (acl === null) return `Syntax error in input (${pythonRepr(text)})`;
  for (const key of Object.keys(acl)) {
    if (!LEVELS.some((level) => level === key)) return `Key ${pythonJson(key)} not recognized`;
  }
  for (const level of LEVELS) {
    const members = acl[level];
    if (members === undefined) continue;
    if (!Array.isArray(members)) return `Value for key "${level}" must be a list`;
    if (!members.every((member) => typeof member === 'string')) return `Elements of "${level}" list must be strings`;
  }
  return undefined;
}

const ESCAPES: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' };

/** Text as Python shows it in its messages. */
function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const shown = text.replace(/[\\\x00-\x1f\x7f-\xa0\xad\ud800-\udfff]/gu, (char) => {
    const code = char.charCodeAt(0);
    const hex = code < 0x100 ? `\\x${code.toString(16).padStart(2, '0')}` : `\\u${code.toString(16)}`;
    return ESCAPES[char] ?? hex;
  });
  return quote + shown.replaceAll(quote, `\\${quote}`) + quote;
}

/** The best access that an account's ACL gives to a user of these groups. */
export function accountAccess(info: AccountInfo, groups: readonly string[]): AccountAccess | undefined {
  const acl: AccountAcl | null = parseAccountAcl(info.sysmeta['core-access-control'] ?? null);
  if (acl === null) return undefined;
  return LEVELS.find((level) => {
    const members = acl[level];
    return Array.isArray(members) && members.some((member) => groups.includes(String(member)));
  });
}
