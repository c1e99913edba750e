import { isAscii, nativeFromWire, wireFromNative } from '../common/text.ts';

export type HeaderInit = Headers | Iterable<readonly [string, string]> | Record<string, string | number | undefined>;

const lowered = new Map<string, string>();
const titled = new Map<string, string>();
const CACHE_LIMIT = 2000;

/** Lower case for A-Z alone, so that the bytes of a name that is not ASCII stay as they are. */
export function lowerName(name: string): string {
  let lower = lowered.get(name);
  if (lower === undefined) {
    lower = isAscii(name) ? name.toLowerCase() : name.replace(/[A-Z]+/g, (run) => run.toLowerCase());
    if (lowered.size < CACHE_LIMIT) lowered.set(name, lower);
  }
  return lower;
}

/**
 * Swift's spelling of a header name: each letter after a non-letter is upper case, the other letters are lower case, bytes that
 * are not ASCII stay. `x-object-meta-foo3bar` → `X-Object-Meta-Foo3Bar`; `etag` → `Etag`.
 */
export function titleName(name: string): string {
  let title = titled.get(name);
  if (title === undefined) {
    title = lowerName(name).replace(
      /(^|[^a-z])([a-z])/g,
      (_, before: string, letter: string) => before + letter.toUpperCase(),
    );
    if (titled.size < CACHE_LIMIT) titled.set(name, title);
  }
  return title;
}

/**
 * Header fields: names compared ignoring ASCII case, order of first appearance kept, values in wire form (one character a byte).
 * A name that arrives twice is joined with `,`, as Swift's servers do; `set` replaces.
 */
export class Headers implements Iterable<[string, string]> {
  #fields: Map<string, string>;

  constructor(init?: HeaderInit) {
    this.#fields = new Map();
    if (init === undefined) return;
    if (init instanceof Headers) {
      this.update(init);
    } else if (Symbol.iterator in init) {
      for (const [name, value] of init as Iterable<readonly [string, string]>) this.append(name, value);
    } else {
      for (const [name, value] of Object.entries(init)) if (value !== undefined) this.set(name, value);
    }
  }

  get size(): number {
    return this.#fields.size;
  }

  get(name: string): string | undefined {
    // Most names are asked for in lower case, as they are kept.
    const value = this.#fields.get(name);
    if (value !== undefined) return value;
    const lower = lowerName(name);
    return lower === name ? undefined : this.#fields.get(lower);
  }

  /** The value decoded as UTF-8 to native text. */
  getText(name: string): string | undefined {
    const value = this.get(name);
    return value === undefined ? undefined : nativeFromWire(value);
  }

  has(name: string): boolean {
    return this.#fields.has(lowerName(name));
  }

  set(name: string, value: string | number): this {
    this.#fields.set(lowerName(name), typeof value === 'number' ? String(value) : value);
    return this;
  }

  /** Sets a value given as native text, encoded as UTF-8. */
  setText(name: string, native: string): this {
    return this.set(name, wireFromNative(native));
  }

  /** Adds a field; one that is there already gets `,` and the new value appended. */
  append(name: string, value: string): this {
    return this.appendLower(lowerName(name), value);
  }

  /** As `append`, for a name that is in lower case already. */
  appendLower(lower: string, value: string): this {
    const old = this.#fields.get(lower);
    this.#fields.set(lower, old === undefined ? value : `${old},${value}`);
    return this;
  }

  /** Sets the field only when it is not there. */
  setDefault(name: string, value: string | number): this {
    const lower = lowerName(name);
    if (!this.#fields.has(lower)) this.#fields.set(lower, String(value));
    return this;
  }

  delete(name: string): boolean {
    return this.#fields.delete(lowerName(name));
  }

  /** Sets every field of `other` here. */
  update(other: HeaderInit): this {
    const fields = this.#fields;
    (other instanceof Headers ? other : new Headers(other)).forEach((value, name) => fields.set(name, value));
    return this;
  }

  /** Calls `take` with each field, in order; names in lower case. Unlike a loop it makes no array and no other object for each. */
  forEach(take: (value: string, name: string) => void): void {
    this.#fields.forEach(take);
  }

  /** Lower-case names with their values, in order. */
  [Symbol.iterator](): IterableIterator<[string, string]> {
    return this.#fields[Symbol.iterator]();
  }

  names(): IterableIterator<string> {
    return this.#fields.keys();
  }

  /** Names in Swift's title case with their values, in order: what goes on the wire. */
  toTitled(): [string, string][] {
    const out: [string, string][] = [];
    for (const [name, value] of this.#fields) out.push([titleName(name), value]);
    return out;
  }
}
