/**
 * A limit on waiting that is set for every read and hardly ever met. One timer runs on over many waits: looking at the clock when it fires
 * costs less than a timer for each. It does not keep the process alive; what is waited for does.
 */
export class Deadline {
  readonly #onMet: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** When the timer fires. */
  #firesAtMs = Infinity;
  /** When the wait in progress is over; Infinity when there is none. */
  #atMs = Infinity;

  /** `onMet` is called when a wait took too long. */
  constructor(onMet: () => void) {
    this.#onMet = onMet;
  }

  /** A wait begins. */
  begin(timeoutMs: number): void {
    this.#atMs = performance.now() + timeoutMs;
    if (this.#atMs < this.#firesAtMs) this.#arm(timeoutMs);
  }

  /** The wait is over. */
  end(): void {
    this.#atMs = Infinity;
  }

  /** There will be no more waits soon. */
  stop(): void {
    this.#atMs = this.#firesAtMs = Infinity;
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #arm(timeoutMs: number): void {
    clearTimeout(this.#timer);
    const delayMs = Math.max(1, Math.ceil(timeoutMs));
    this.#firesAtMs = performance.now() + delayMs;
    this.#timer = setTimeout(this.#fired, delayMs);
    this.#timer.unref();
  }

  readonly #fired = (): void => {
    this.#firesAtMs = Infinity;
    if (this.#atMs === Infinity) return;
    const leftMs = this.#atMs - performance.now();
    if (leftMs > 0) {
      this.#arm(leftMs);
    } else {
      this.#atMs = Infinity;
      this.#onMet();
    }
  };
}
