/** The users that the section lists: `user_<account>_<user> = <key> [group] ... [storage_url]`. */

import { type Conf, quote } from '../../middleware-api.ts';

export interface User {
  key: string;
  groups: readonly string[];
  /** Storage URL as it goes to clients, with `$HOST` where the address belongs that the client used. */
  url: string;
}

/** Users by `account:user`. Throws Error naming the option that has no key or whose name is none of theirs. */
export function readUsers(conf: Conf, resellerPrefix: string): ReadonlyMap<string, User> {
  const users = new Map<string, User>();
  for (const [option, value] of Object.entries(conf)) {
    const named = nameOf(option);
    if (named === undefined) continue;
    const [key, ...groups] = value.split(/\s+/).filter((word) => word !== '');
    if (key === undefined) throw new Error(`${option} has no key set`);
    const last = groups.at(-1) ?? '';
    const url = last.includes('://') || last.includes('$HOST') ? (groups.pop() as string) : '';
    const { account, user } = named;
    users.set(`${account}:${user}`, { key, groups, url: url || `$HOST/v1/${resellerPrefix}${quote(account)}` });
  }
  return users;
}

/** Account and user of an option's name; undefined for other options. */
function nameOf(option: string): { account: string; user: string } | undefined {
  const [kind, account, user, ...rest] = option.split('_');
  if ((kind !== 'user' && kind !== 'user64') || account === undefined) return undefined;
  if (user === undefined || rest.length > 0) throw new Error(`key ${option} was provided in an invalid format`);
  if (kind === 'user') return { account, user };
  return { account: fromBase64(account, option), user: fromBase64(user, option) };
}

function fromBase64(text: string, option: string): string {
  if (!/^[A-Za-z0-9+/]+$/.test(text))
    throw new Error(`${option}: expected user64_<account>_<user> in base64 without =`);
  return Buffer.from(text, 'base64').toString('utf8');
}
