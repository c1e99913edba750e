/** Which roles may do what, by reseller prefix. All in lower case: roles are compared ignoring case. */

import { type Conf, resellerOption, resellerPrefixes } from '../../middleware-api.ts';

export interface PrefixRules {
  /** Make a user of the account's project its owner. */
  readonly operatorRoles: ReadonlySet<string>;
  /** When there are any, an owner needs one of them by a service token too. */
  readonly serviceRoles: ReadonlySet<string>;
  /** Let a user of the account's project read. */
  readonly projectReaderRoles: ReadonlySet<string>;
}

export interface Rules {
  /** Of the accounts that are ours, with underscores. */
  readonly prefixes: readonly string[];
  readonly byPrefix: ReadonlyMap<string, PrefixRules>;
  readonly resellerAdminRole: string;
  readonly systemReaderRoles: ReadonlySet<string>;
  readonly defaultDomainId: string;
  readonly allowNamesInAcls: boolean;
}

export function readPrefixRules(conf: Conf): Pick<Rules, 'prefixes' | 'byPrefix'> {
  const prefixes = resellerPrefixes(conf);
  const rolesOf = (prefix: string, option: string, byDefault = ''): ReadonlySet<string> =>
    lowerCaseSet((resellerOption(conf, prefix, option) ?? byDefault).split(','));
  const byPrefix = new Map<string, PrefixRules>();
  for (const prefix of prefixes) {
    byPrefix.set(prefix, {
      operatorRoles: rolesOf(prefix, 'operator_roles', 'admin, swiftoperator'),
      serviceRoles: rolesOf(prefix, 'service_roles'),
      projectReaderRoles: rolesOf(prefix, 'project_reader_roles'),
    });
  }
  return { prefixes, byPrefix };
}

/** Names in lower case, blanks around them taken off, empty ones left out. */
export function lowerCaseSet(names: readonly string[]): ReadonlySet<string> {
  return new Set(names.map((name) => name.trim().toLowerCase()).filter((name) => name !== ''));
}

/** True when any of `roles` is in `wanted`. */
export function hasAnyRole(roles: readonly string[], wanted: ReadonlySet<string>): boolean {
  return wanted.size > 0 && roles.some((role) => wanted.has(role));
}
