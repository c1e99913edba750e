/** Reseller prefixes: which accounts this filter speaks for, and the group that a prefix may ask for. */

import { type Conf } from '../../middleware-api.ts';

export interface Reseller {
  /** With its underscore, or ''. */
  prefix: string;
  /** Group that a user must have, beside owning the account; '' for none. */
  requireGroup: string;
}

/** Prefixes in the order of `reseller_prefix`; the first is that of tokens. */
export function readResellers(conf: Conf): readonly Reseller[] {
  const names = (conf['reseller_prefix'] ?? 'AUTH').split(',').map((name) => name.trim());
  return names.map((name) => {
    const bare = name === "''" ? '' : name;
    const prefix = bare === '' || bare.endsWith('_') ? bare : `${bare}_`;
    return { prefix, requireGroup: conf[`${prefix}require_group`] ?? conf['require_group'] ?? '' };
  });
}

/** The prefix that an account begins with, the longest where several do; undefined when it is none of ours. */
export function resellerOf(account: string | undefined, resellers: readonly Reseller[]): Reseller | undefined {
  if (account === undefined || account === '') return undefined;
  let best: Reseller | undefined;
  for (const reseller of resellers) {
    const isLonger = best === undefined || reseller.prefix.length > best.prefix.length;
    if (account.startsWith(reseller.prefix) && isLonger) best = reseller;
  }
  return best;
}
