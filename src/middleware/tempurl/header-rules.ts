/** Which headers are taken away: a list of names or beginnings of names, and a list of exceptions. */

import type { Headers } from '../../middleware-api.ts';

class NameList {
  readonly #names: ReadonlySet<string>;
  readonly #prefixes: readonly string[];

  constructor(words: readonly string[]) {
    const lower = words.map((word) => word.toLowerCase());
    this.#names = new Set(lower.filter((word) => !word.endsWith('*')));
    this.#prefixes = lower.filter((word) => word.endsWith('*')).map((word) => word.slice(0, -1));
  }

  has(name: string, byPrefix: boolean): boolean {
    return this.#names.has(name) || (byPrefix && this.#prefixes.some((prefix) => name.startsWith(prefix)));
  }
}

export class HeaderRules {
  readonly #remove: NameList;
  readonly #allow: NameList;
  readonly #byName: ReadonlySet<string>;

  /** Words are names, or beginnings of names with `*` behind. Headers in `byName` are only removed by their whole name. */
  constructor(remove: readonly string[], allow: readonly string[], byName: readonly string[] = []) {
    this.#remove = new NameList(remove);
    this.#allow = new NameList(allow);
    this.#byName = new Set(byName);
  }

  apply(headers: Headers): void {
    for (const name of [...headers.names()]) {
      const byPrefix = !this.#byName.has(name);
      if (this.#remove.has(name, byPrefix) && !this.#allow.has(name, byPrefix)) headers.delete(name);
    }
  }
}
