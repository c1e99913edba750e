/** References in values: `%(name)s`, and `%%` for a percent sign. Source: spec paste-deploy 3 and 10.2. */

import { ConfigError, type Place } from './config-error.ts';

const MAX_DEPTH = 10;

/** A value that a reference may name; a literal one is not expanded in turn. */
export interface Referable {
  readonly value: string;
  readonly literal?: boolean;
}

export interface Interpolation {
  /** Finds what a reference names, or undefined. */
  readonly lookup: (name: string) => Referable | undefined;
  /** Swift's rule: a value without `%(` is taken as it is. */
  readonly lenient: boolean;
}

/** Expands a raw value. `place` is where it stands, for errors. Throws ConfigError `interpolation-*`. */
export function interpolate(raw: string, place: Place, interpolation: Interpolation): string {
  if (!raw.includes(interpolation.lenient ? '%(' : '%')) return raw;
  return new Expansion(raw, place, interpolation.lookup).expand(raw, []);
}

class Expansion {
  readonly #raw: string;
  readonly #place: Place;
  readonly #lookup: Interpolation['lookup'];

  constructor(raw: string, place: Place, lookup: Interpolation['lookup']) {
    this.#raw = raw;
    this.#place = place;
    this.#lookup = lookup;
  }

  /** `trail`: the references followed so far. */
  expand(text: string, trail: readonly string[]): string {
    if (trail.length >= MAX_DEPTH) {
      const key = this.#place.key ?? '';
      this.#fail('interpolation-depth', `references nested too deeply: ${[key, ...trail].join(' -> ')}`);
    }
    let out = '';
    let rest = text;
    for (;;) {
      const percent = rest.indexOf('%');
      if (percent < 0) return out + rest;
      out += rest.slice(0, percent);
      rest = rest.slice(percent);
      if (rest[1] === '%') {
        out += '%';
        rest = rest.slice(2);
        continue;
      }
      const reference = /^%\(([^)]+)\)s/.exec(rest);
      if (reference === null) {
        this.#fail('interpolation-syntax', `expected %% or %(name)s at ${JSON.stringify(rest)}`);
      }
      out += this.#follow(reference[1] as string, trail);
      rest = rest.slice(reference[0].length);
    }
  }

  #follow(name: string, trail: readonly string[]): string {
    const found = this.#lookup(name);
    if (found === undefined) {
      this.#fail('interpolation-missing', `%(${name})s names no key of this section or [DEFAULT]`, name);
    }
    if (found.literal === true || !found.value.includes('%')) return found.value;
    return this.expand(found.value, [...trail, name]);
  }

  #fail(
    code: 'interpolation-depth' | 'interpolation-syntax' | 'interpolation-missing',
    text: string,
    name?: string,
  ): never {
    throw new ConfigError({
      ...this.#place,
      code,
      text: `${text} (the value is ${this.#raw})`,
      value: this.#raw,
      name,
    });
  }
}
