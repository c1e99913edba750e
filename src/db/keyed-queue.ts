/** Runs work one after another for each key, at once for a key with nothing under way. */
export class KeyedQueue {
  readonly #tails = new Map<string, Promise<unknown>>();

  run<T>(key: string, work: () => Promise<T>): Promise<T> {
    const tail = this.#tails.get(key);
    const result = tail === undefined ? work() : tail.then(work, work);
    this.#tails.set(key, result);
    const done = (): void => {
      if (this.#tails.get(key) === result) this.#tails.delete(key);
    };
    result.then(done, done);
    return result;
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#tails.size > 0) await Promise.allSettled(this.#tails.values());
  }
}
