/** Values that expire, in a bounded part of memory: those that were not asked for go first, the oldest before the others. */

interface Entry<Value> {
  value: Value;
  sizeBytes: number;
  expires: number;
  /** Asked for since it was stored, or last spared. */
  used: boolean;
}

const ENTRY_OVERHEAD_BYTES = 200;

export class BoundedMap<Value> {
  readonly #entries = new Map<string, Entry<Value>>();
  readonly #maxBytes: number;
  readonly #now: () => number;
  #sizeBytes = 0;

  /** `now`: seconds, of whatever clock `expires` is of. */
  constructor(maxBytes: number, now: () => number) {
    this.#maxBytes = maxBytes;
    this.#now = now;
  }

  /** Bytes that the entries are taken to need. */
  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  get(key: string): Value | undefined {
    return this.#find(key)?.value;
  }

  /** When a value expires; undefined when there is none. */
  expiryOf(key: string): number | undefined {
    return this.#find(key)?.expires;
  }

  /** `valueBytes`: roughly. A value that is larger than all there may be is not kept. */
  set(key: string, value: Value, valueBytes: number, expires: number): void {
    this.delete(key);
    const sizeBytes = ENTRY_OVERHEAD_BYTES + 2 * key.length + valueBytes;
    if (sizeBytes > this.#maxBytes) return;
    this.#entries.set(key, { value, sizeBytes, expires, used: false });
    this.#sizeBytes += sizeBytes;
    if (this.#sizeBytes > this.#maxBytes) this.#makeRoom();
  }

  delete(key: string): void {
    const entry = this.#entries.get(key);
    if (entry === undefined) return;
    this.#entries.delete(key);
    this.#sizeBytes -= entry.sizeBytes;
  }

  #find(key: string): Entry<Value> | undefined {
    const entry = this.#entries.get(key);
    if (entry === undefined) return undefined;
    if (entry.expires <= this.#now()) {
      this.delete(key);
      return undefined;
    }
    entry.used = true;
    return entry;
  }

  /** What was used is spared once, behind all others. */
  #makeRoom(): void {
    for (const [key, entry] of this.#entries) {
      if (this.#sizeBytes <= this.#maxBytes) return;
      if (entry.used) {
        entry.used = false;
        this.#entries.delete(key);
        this.#entries.set(key, entry);
      } else this.delete(key);
    }
  }
}
