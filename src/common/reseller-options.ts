/**
 * Reseller prefixes: the name spaces of accounts that an auth filter speaks for, and options that stand alone (for all prefixes) or with
 * one prefix in front: `operator_roles`, `SERVICE_operator_roles`, `''operator_roles` for the empty prefix.
 */

import type { Conf } from './conf.ts';
import { splitList } from './conf-spec.ts';

const NO_PREFIX = "''";

/** Prefixes with their underscore in the order of `reseller_prefix`, each once; the empty one where none is given. Never empty. */
export function resellerPrefixes(conf: Conf): readonly string[] {
  const prefixes = splitList(conf['reseller_prefix'] ?? 'AUTH').map((name) => {
    const bare = name === NO_PREFIX ? '' : name;
    return bare === '' || bare.endsWith('_') ? bare : `${bare}_`;
  });
  return prefixes.length === 0 ? [''] : [...new Set(prefixes)];
}

/** An option's value for one prefix: the prefix's own, else the common one. One that is empty counts as missing. */
export function resellerOption(conf: Conf, prefix: string, name: string): string | undefined {
  const own = conf[`${prefix === '' ? NO_PREFIX : prefix}${name}`];
  const value = own === undefined || own === '' ? conf[name] : own;
  return value === undefined || value === '' ? undefined : value.trim();
}

/** The first prefix that an account begins with, the empty one only after all others; undefined when the account is none of theirs. */
export function resellerPrefixOf(account: string, prefixes: readonly string[]): string | undefined {
  let fallback: string | undefined;
  for (const prefix of prefixes) {
    if (prefix === '') fallback = '';
    else if (account.startsWith(prefix)) return prefix;
  }
  return fallback;
}
