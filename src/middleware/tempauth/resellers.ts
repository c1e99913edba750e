/** Which accounts this filter speaks for, and the group that each prefix may ask for. */

import { type Conf, resellerOption, resellerPrefixes, resellerPrefixOf } from '../../middleware-api.ts';

export class Resellers {
  /** With their underscores, in the order of the option. */
  readonly prefixes: readonly string[];
  readonly #requiredGroups: ReadonlyMap<string, string>;

  constructor(conf: Conf) {
    this.prefixes = resellerPrefixes(conf);
    this.#requiredGroups = new Map(
      this.prefixes.map((prefix) => [prefix, resellerOption(conf, prefix, 'require_group') ?? '']),
    );
  }

  /** The one that tokens begin with. */
  get tokenPrefix(): string {
    return this.prefixes[0] as string;
  }

  /** The prefix of an account; undefined when it is none of ours. */
  prefixOf(account: string | undefined): string | undefined {
    return account === undefined || account === '' ? undefined : resellerPrefixOf(account, this.prefixes);
  }

  /** Group that a user must have, beside owning the account; '' for none. */
  requiredGroup(prefix: string): string {
    return this.#requiredGroups.get(prefix) ?? '';
  }

  /** Accounts that begin with a dot belong to the cluster, and a prefix alone is nobody's. */
  isOfCluster(account: string, prefix: string): boolean {
    return this.prefixes.includes(account) || account.charAt(prefix.length) === '.';
  }
}
