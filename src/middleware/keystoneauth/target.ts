/** What a request is for. */

import { resellerPrefixOf } from '../../middleware-api.ts';

/** Names in native text; undefined or '' where the path has none. */
export interface Target {
  readonly account: string | undefined;
  readonly container: string | undefined;
  readonly object: string | undefined;
}

/** undefined for a path without even a version. */
export function targetOf(path: string): Target | undefined {
  const [root, version, account, container, ...object] = path.split('/');
  if (root !== '' || version === undefined || version === '') return undefined;
  return { account, container, object: object.length === 0 ? undefined : object.join('/') };
}

/** False also for the blank name in `/v1/account//`, which asks for the account itself. */
export function hasName(name: string | undefined): boolean {
  return name !== undefined && name !== '';
}

/** True for a project's account under any of the prefixes. A token without a project has no account. */
export function isAccountOf(
  account: string | undefined,
  projectId: string | undefined,
  prefixes: readonly string[],
): boolean {
  if (account === undefined || projectId === undefined) return false;
  return prefixes.some((prefix) => account === prefix + projectId);
}

/** The prefix whose rules an account follows. */
export function prefixOf(account: string | undefined, prefixes: readonly string[]): string | undefined {
  return account === undefined || account === '' ? undefined : resellerPrefixOf(account, prefixes);
}
