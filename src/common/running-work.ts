/**
 * Counts work that goes on by itself, so that who closes can wait for its end. A Set of promises would do the same, but V8 makes a Set a new
 * table every few entries that come and go, and an old table points at the next: once one of them is old, all of them live, with whatever
 * was in them, until the next full collection.
 */
export class RunningWork {
  #count = 0;
  #ended: PromiseWithResolvers<void> | undefined;

  /** `work` never rejects. */
  add(work: Promise<unknown>): void {
    this.#count += 1;
    void work.then(this.#end);
  }

  /** Resolves when nothing is under way. */
  async idle(): Promise<void> {
    while (this.#count > 0) await (this.#ended ??= Promise.withResolvers<void>()).promise;
  }

  readonly #end = (): void => {
    this.#count -= 1;
    if (this.#count > 0) return;
    this.#ended?.resolve();
    this.#ended = undefined;
  };
}
